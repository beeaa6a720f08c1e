// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of bytes against sums written as they are defined, over all small shapes.
#include "runtime/data/image/ByteSums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ntc::rt::data {
namespace {

std::vector<uint8_t> bytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> out(count);
  // Extremes often: they are where sums overflow.
  std::ranges::generate(out, [&] {
    const uint32_t draw = random() % 8;
    return static_cast<uint8_t>(draw == 0 ? 0 : draw < 3 ? 255 : random());
  });
  return out;
}

/// Weights of `count` inputs that sum to 1, as resizing has them.
std::vector<double> weights(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<double> out(count);
  double sum = 0.0;
  for (double &weight : out) {
    weight = static_cast<double>(random() % 1000 + 1);
    sum += weight;
  }
  std::ranges::for_each(out, [sum](double &weight) { weight /= sum; });
  return out;
}

uint8_t sumOf(std::span<const uint8_t> from, std::span<const double> weights) {
  int64_t sum = 1 << 21;
  for (size_t k = 0; k < weights.size(); ++k) {
    sum += from[k] * static_cast<int64_t>(weights[k] * (1 << 22) + 0.5);
  }
  return static_cast<uint8_t>(std::clamp<int64_t>(sum >> 22, 0, 255));
}

TEST(ByteSums, AlongARow) {
  for (int64_t inputs = 1; inputs < 70; ++inputs) {
    const std::vector<uint8_t> row = bytes(static_cast<size_t>(inputs), 7);
    for (int64_t count = 1; count <= std::min<int64_t>(inputs, 40); ++count) {
      std::vector<int64_t> first, counts;
      std::vector<double> all;
      const std::vector<double> some = weights(static_cast<size_t>(count), 3);
      for (int64_t i = 0; i + count <= inputs; ++i) {
        first.push_back(i);
        counts.push_back(count);
        all.insert(all.end(), some.begin(), some.end());
      }
      const FixedWeights fixed = FixedWeights::of(all, first, counts, inputs);
      if (fixed.width == 0) {
        EXPECT_LT(inputs, (count + 7) / 8 * 8);
        continue;
      }
      std::vector<uint8_t> out(first.size());
      sumAlong(row.data(), fixed, out.data());
      for (size_t i = 0; i < out.size(); ++i) {
        ASSERT_EQ(out[i], sumOf(std::span(row).subspan(i), some)) << inputs << " " << count;
      }
    }
  }
}

TEST(ByteSums, AcrossRows) {
  for (int64_t width = 1; width < 40; ++width) {
    for (size_t count = 1; count < 12; ++count) {
      const std::vector<uint8_t> rows = bytes(count * static_cast<size_t>(width), 5);
      const std::vector<double> some = weights(count, 11);
      const std::vector<int64_t> first = {0}, counts = {static_cast<int64_t>(count)};
      const FixedWeights fixed = FixedWeights::of(some, first, counts, INT64_MAX);
      std::vector<uint8_t> out(static_cast<size_t>(width));
      sumAcross(rows.data(), width, std::span(fixed.high).first(count),
                std::span(fixed.low).first(count), width, out.data());
      for (size_t x = 0; x < out.size(); ++x) {
        std::vector<uint8_t> column;
        for (size_t k = 0; k < count; ++k) {
          column.push_back(rows[k * static_cast<size_t>(width) + x]);
        }
        ASSERT_EQ(out[x], sumOf(column, some)) << width << " " << count << " " << x;
      }
    }
  }
}

TEST(ByteSums, OfWhiteAreWhite) {
  const std::vector<uint8_t> white(600, 255);
  for (size_t count : {1, 2, 15, 64, 599}) {
    const std::vector<double> some = weights(count, 1);
    const std::vector<int64_t> first = {0}, counts = {static_cast<int64_t>(count)};
    const FixedWeights fixed = FixedWeights::of(some, first, counts, 600);
    uint8_t out = 0;
    sumAlong(white.data(), fixed, &out);
    EXPECT_EQ(out, sumOf(white, some)) << count;
    EXPECT_GE(out, 254) << count;
  }
}

TEST(ByteSums, SplitPixels) {
  for (int64_t count = 0; count < 70; ++count) {
    const auto size = static_cast<size_t>(count);
    const std::vector<uint8_t> pixels = bytes(3 * size, 2);
    std::vector<uint8_t> planes[3];
    for (auto &plane : planes) {
      plane.resize(size + 1, 77); // one more, which stays
    }
    splitPixels(pixels.data(), count, planes[0].data(), planes[1].data(), planes[2].data());
    for (size_t i = 0; i < 3 * size; ++i) {
      ASSERT_EQ(planes[i % 3][i / 3], pixels[i]) << count << " " << i;
    }
    for (const auto &plane : planes) {
      ASSERT_EQ(plane[size], 77);
    }
  }
}

} // namespace
} // namespace ntc::rt::data
