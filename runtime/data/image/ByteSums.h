// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inner loops of resizing and decoding bytes: weighted sums in fixed point, and interleaved
// pixels to planes. On x86-64 they are vectors; elsewhere plain loops. Both give the same bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ntc::rt::data {

/// Weights of sums, each of `width` consecutive inputs of which the last may have weight 0, in
/// fixed point with 22 bits: w = 2048 high + low with 0 <= low < 2048 and 0 <= w <= 2^22, so that
/// both parts are 16-bit numbers, whose products with bytes processors add pairwise.
struct FixedWeights {
  int64_t width = 0;              ///< a multiple of 8
  std::vector<int64_t> first;     ///< of the inputs of each sum
  std::vector<int16_t> high, low; ///< (sums, width)

  /// From weights (sums, given), of which sum i has `count[i]`, beginning at input first[i]; each
  /// is in [0, 1]. Every sum then lies within `inputs` inputs, which are at least `width`; nothing
  /// where they are fewer.
  static FixedWeights of(std::span<const double> weights, std::span<const int64_t> first,
                         std::span<const int64_t> count, int64_t inputs);
};

/// to[i] = clamp((2^21 + sum over k of from[first[i] + k] weight[i][k]) / 2^22): one row, along it.
void sumAlong(const uint8_t *from, const FixedWeights &weights, uint8_t *to);

/// to[x] = clamp((2^21 + sum over k of from[k * stride + x] weight[k]) / 2^22) for x below `width`,
/// k below `count`: `count` rows into one. `high` and `low` as in FixedWeights.
void sumAcross(const uint8_t *from, int64_t stride, std::span<const int16_t> high,
               std::span<const int16_t> low, int64_t width, uint8_t *to);

/// Pixels r g b r g b … to three planes.
void splitPixels(const uint8_t *pixels, int64_t count, uint8_t *r, uint8_t *g, uint8_t *b);

} // namespace ntc::rt::data
