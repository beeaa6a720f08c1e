// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A stream of random numbers that depends on (seed, trial) only, so that a search that was stopped
// suggests what it would have suggested.
#pragma once

#include "runtime/base/Philox.h"

#include <cmath>
#include <numbers>

namespace ntc::rt::search {

class Random {
public:
  Random(uint64_t seed, uint64_t trial) : seed_(seed), trial_(trial) {}

  /// In [0, 1), 48 bits.
  double uniform() {
    const auto words =
        philox4x32({next_++, 0, static_cast<uint32_t>(trial_), static_cast<uint32_t>(trial_ >> 32)},
                   {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    return (static_cast<double>(words[0] >> 8) + static_cast<double>(words[1] >> 8) * 0x1p-24) *
           0x1p-24;
  }
  /// Standard normal, by Box and Muller.
  double normal() {
    const double radius = std::sqrt(-2 * std::log1p(-uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

private:
  uint64_t seed_, trial_;
  uint32_t next_ = 0;
};

} // namespace ntc::rt::search
