// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random numbers that belong to one use for one sample in one epoch: the same whatever thread asks
// and whatever was drawn before. Philox blocks keyed by (seed, epoch, sample, use).
#pragma once

#include "runtime/base/Permutation.h"
#include "runtime/base/Philox.h"

#include <cmath>
#include <numbers>

namespace ntc::rt::data {

/// A stream of numbers. Cheap to make; not thread-safe.
class Draws {
public:
  /// `use` tells the transforms of a list apart.
  Draws(uint64_t seed, uint64_t epoch, uint64_t sample, uint32_t use)
      : use_(use), sample_(static_cast<uint32_t>(sample)) {
    // Seed, epoch and the sample's upper half have 160 bits together; one block mixes them to a
    // key.
    auto words = philox4x32({static_cast<uint32_t>(sample >> 32), streamOf("transform"),
                             static_cast<uint32_t>(epoch), static_cast<uint32_t>(epoch >> 32)},
                            {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
    key_ = {words[0], words[1]};
    salt_ = words[2];
  }

  /// 32 random bits.
  uint32_t word() {
    if (left_ == 0) {
      block_ = philox4x32({counter_++, use_, sample_, salt_}, key_);
      left_ = 4;
    }
    return block_[--left_];
  }
  /// Uniform in [0, 1), a multiple of 2^-32.
  double uniform() { return word() * 0x1p-32; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// A whole number in [0, count), each equally likely up to count / 2^32. Requires 0 < count <
  /// 2^31.
  int64_t below(int64_t count) {
    return static_cast<int64_t>((uint64_t{word()} * static_cast<uint64_t>(count)) >> 32);
  }
  /// True with probability `probability`.
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (Box and Muller, 1958).
  double normal() {
    double radius = std::sqrt(-2.0 * std::log((word() + 0.5) * 0x1p-32));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }
  /// Gamma of shape `shape` and scale 1 (Marsaglia and Tsang, "A simple method for generating gamma
  /// variables", 2000; shapes below 1 by their section 6).
  double gamma(double shape) {
    if (shape < 1.0) {
      double power = std::pow((word() + 0.5) * 0x1p-32, 1.0 / shape);
      return gamma(shape + 1.0) * power;
    }
    const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
    while (true) {
      double x = normal(), v = 1.0 + c * x;
      if (v <= 0.0) {
        continue;
      }
      v = v * v * v;
      if (std::log((word() + 0.5) * 0x1p-32) < 0.5 * x * x + d - d * v + d * std::log(v)) {
        return d * v;
      }
    }
  }
  /// Beta of two equal parameters above 0.
  double beta(double alpha) {
    double a = gamma(alpha), b = gamma(alpha);
    return a + b > 0.0 ? a / (a + b) : (chance(0.5) ? 1.0 : 0.0);
  }

private:
  std::array<uint32_t, 2> key_{};
  std::array<uint32_t, 4> block_{};
  uint32_t counter_ = 0, use_ = 0, sample_ = 0, salt_ = 0;
  unsigned left_ = 0;
};

} // namespace ntc::rt::data
