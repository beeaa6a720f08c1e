// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How far numbers that were drawn may lie from the distribution that they should have. Every bound
// is passed by chance once in a thousand: seeds are fixed, so a test that passes goes on passing.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace ntc::rt::data {

/// The greatest distance between the share of `values` up to x and cdf(x) (Kolmogorov and Smirnov).
template <typename Cdf> double distanceOf(std::vector<double> values, const Cdf &cdf) {
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  double worst = 0.0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double expected = cdf(values[i]);
    worst = std::max({worst, std::abs(expected - static_cast<double>(i) / count),
                      std::abs(expected - static_cast<double>(i + 1) / count)});
  }
  return worst;
}

/// The distance that a thousandth of samples of `count` passes: sqrt(ln(2 / 0.001) / 2) = 1.949
/// over the root of the count.
inline double distanceBound(double count) { return 1.949 / std::sqrt(count); }
/// The same between two samples.
inline double distanceBound(double count, double other) {
  return distanceBound(count * other / (count + other));
}

/// Pearson's sum of (found - expected)² / expected over the bound that a thousandth of samples
/// passes (Wilson and Hilferty's cube: 3.09 deviations of the normal distribution). At most 1 is
/// as it should be.
inline double chiSquareShare(std::span<const int64_t> counts, std::span<const double> shares) {
  double total = 0.0, sum = 0.0;
  for (int64_t count : counts) {
    total += static_cast<double>(count);
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = total * shares[i];
    sum += std::pow(static_cast<double>(counts[i]) - expected, 2) / expected;
  }
  const double k = static_cast<double>(counts.size()) - 1.0, part = 2.0 / (9.0 * k);
  return sum / (k * std::pow(1.0 - part + 3.0902 * std::sqrt(part), 3));
}

/// The i-th of numbers that fill [0, 1) evenly: what a number lost when it was cut to a whole one.
inline double fraction(uint64_t i) {
  const double at = (static_cast<double>(i) + 0.5) * 0.61803398874989484820;
  return at - std::floor(at);
}

/// The distribution function of the uniform one from low to high.
inline auto uniformCdf(double low, double high) {
  return [=](double x) { return std::clamp((x - low) / (high - low), 0.0, 1.0); };
}

inline void expectUniform(const std::vector<double> &values, double low, double high,
                          const char *what) {
  EXPECT_LE(distanceOf(values, uniformCdf(low, high)),
            distanceBound(static_cast<double>(values.size())))
      << what;
}

} // namespace ntc::rt::data
