// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Words of Philox as dyadic fractions with 23 bits.

#include "test/conformance/Formulas.h"

#include "runtime/base/Philox.h"

#include <array>
#include <cmath>

namespace ntc::conformance {
namespace {

constexpr uint64_t kWeightsSeed = 1, kBatchSeed = 2, kPatternSeed = 3;
constexpr uint32_t kClasses = 10;
constexpr std::array<double, 5> kSlopes = {1.0, -2.0, 0.5, 0.25, 3.0};

/// A multiple of 2^-23 in [0, 1).
double uniform(uint64_t seed, uint64_t step, uint32_t op, uint64_t element) {
  return static_cast<double>(rt::randomWord(seed, step, op, element) >> 9) * 0x1p-23;
}

/// The exponent of twice the power of two at or below 1 / sqrt(fanIn).
int weightExponent(int64_t fanIn) {
  int half = 0;
  while ((int64_t{1} << (2 * half)) < fanIn) {
    ++half;
  }
  return 1 - half;
}

} // namespace

std::vector<float> initialValues(std::string_view name, std::span<const int64_t> shape,
                                 uint32_t index) {
  int64_t count = 1;
  for (int64_t size : shape) {
    count *= size;
  }
  if (name.ends_with("running_mean") || name.ends_with("running_var")) {
    return std::vector<float>(static_cast<size_t>(count), name.ends_with("running_var") ? 1 : 0);
  }
  double center = 0.0;
  int exponent = -3;
  if (shape.size() > 1) {
    exponent = weightExponent(count / shape[0]);
  } else if (name.starts_with("bn") && name.ends_with("weight")) {
    center = 1.0;
    exponent = 0;
  }
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) {
    double u = uniform(kWeightsSeed, 0, index, static_cast<uint64_t>(i));
    values.push_back(static_cast<float>(center + std::ldexp(u - 0.5, exponent)));
  }
  return values;
}

Samples classification(uint64_t step, int64_t batch, int64_t size) {
  Samples samples;
  for (int64_t i = 0; i < batch; ++i) {
    uint32_t word = rt::randomWord(kBatchSeed, step, 1, static_cast<uint64_t>(i));
    uint32_t pattern = word % kClasses;
    bool arbitrary = (word >> 8) % 8 == 0;
    samples.labels.push_back(arbitrary ? (word >> 16) % kClasses : pattern);
    for (int64_t j = 0; j < size; ++j) {
      double noise = uniform(kBatchSeed, step, 0, static_cast<uint64_t>(i * size + j));
      double shown = uniform(kPatternSeed, 0, pattern, static_cast<uint64_t>(j));
      samples.x.push_back(static_cast<float>(0.5 * noise + 0.5 * shown));
    }
  }
  return samples;
}

Samples regression(uint64_t step, int64_t batch) {
  Samples samples;
  for (int64_t i = 0; i < batch; ++i) {
    double y = 0.25 * (uniform(kBatchSeed, step, 1, static_cast<uint64_t>(i)) - 0.5);
    for (size_t j = 0; j < kSlopes.size(); ++j) {
      uint64_t element = static_cast<uint64_t>(i) * kSlopes.size() + j;
      double x = 4.0 * (uniform(kBatchSeed, step, 0, element) - 0.5);
      samples.x.push_back(static_cast<float>(x));
      y += kSlopes[j] * x;
    }
    samples.targets.push_back(static_cast<float>(y));
  }
  return samples;
}

} // namespace ntc::conformance
