// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Orders of samples: bijections, stable across versions, and without visible preference.
#include "runtime/base/Permutation.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

namespace ntc::rt {
namespace {

std::vector<uint64_t> all(uint64_t size, uint64_t seed, uint64_t epoch) {
  Permutation permutation(size, seed, streamOf("test"), epoch);
  std::vector<uint64_t> order;
  for (uint64_t i = 0; i < size; ++i) {
    order.push_back(permutation(i));
  }
  return order;
}

TEST(Permutation, everySizeIsABijection) {
  for (uint64_t size : {0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 255, 256, 257, 1000, 60000}) {
    auto order = all(size, 42, 1);
    std::sort(order.begin(), order.end());
    for (uint64_t i = 0; i < size; ++i) {
      ASSERT_EQ(order[i], i) << "size " << size;
    }
  }
}

TEST(Permutation, hugeSizesStayInRange) {
  for (uint64_t size : {(uint64_t{1} << 40) + 1, ~uint64_t{0}}) {
    Permutation permutation(size, 1, 2, 3);
    for (uint64_t i = 0; i < 1000; ++i) {
      ASSERT_LT(permutation(size - 1 - i), size);
    }
  }
}

/// Blocks of every length and alignment, and sizes around powers of two, where most images walk.
TEST(Permutation, manyAtOnceAreTheSameAsOneByOne) {
  for (uint64_t size : {0, 1, 2, 3, 64, 65, 127, 128, 129, 1000, 1025}) {
    auto order = all(size, 42, 1);
    Permutation permutation(size, 42, streamOf("test"), 1);
    for (uint64_t first = 0; first <= size; first += 1 + first / 7) {
      for (uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{63}, uint64_t{64}, uint64_t{65},
                             uint64_t{200}, size - first}) {
        count = std::min(count, size - first);
        std::vector<uint64_t> some(count);
        permutation.samples(first, some);
        ASSERT_TRUE(std::equal(some.begin(), some.end(), order.begin() + first))
            << "size " << size << ", from " << first << ", " << count << " samples";
      }
    }
  }
}

TEST(Permutation, theDefinitionDoesNotChange) {
  // Recorded from the definition in Permutation.h: a change would reorder every user's epochs.
  EXPECT_EQ(all(10, 1, 0), (std::vector<uint64_t>{8, 0, 3, 6, 2, 9, 7, 1, 5, 4}));
  // The first thousand samples of larger sets, summed as digits.
  for (auto [size, recorded] : std::initializer_list<std::pair<uint64_t, uint64_t>>{
           {1000, 0x1b5a4bef24673018u},
           {1025, 0xe69e060e9dae2df6u},
           {60000, 0x1e9ad875f4e84433u},
           {(uint64_t{1} << 40) + 1, 0x1d1c3d32c58bd97au}}) {
    std::vector<uint64_t> first(1000);
    Permutation(size, 7, streamOf("test"), 3).samples(0, first);
    uint64_t sum = 0;
    for (uint64_t sample : first) {
      sum = sum * 0x9e3779b97f4a7c15u + sample;
    }
    EXPECT_EQ(sum, recorded) << "size " << size;
  }
}

TEST(Permutation, keysSeparateOrders) {
  auto base = all(1000, 1, 0);
  EXPECT_EQ(base, all(1000, 1, 0));
  EXPECT_NE(base, all(1000, 2, 0));
  EXPECT_NE(base, all(1000, 1, 1));
  EXPECT_NE(base, all(1000, uint64_t{1} | uint64_t{1} << 32, 0));
  EXPECT_NE(Permutation(1000, 1, streamOf("split"), 0)(0) * 1000 +
                Permutation(1000, 1, streamOf("split"), 0)(1),
            base[0] * 1000 + base[1]);
}

/// Counts how often sample v is at position p over many epochs and compares with uniform.
TEST(Permutation, everySampleIsEverywhereEquallyOften) {
  for (uint64_t size : {2, 3, 5, 10, 33}) {
    constexpr int epochs = 20000;
    std::vector<int> count(size * size);
    for (int epoch = 0; epoch < epochs; ++epoch) {
      auto order = all(size, 9, static_cast<uint64_t>(epoch));
      for (uint64_t p = 0; p < size; ++p) {
        ++count[p * size + order[p]];
      }
    }
    double expected = static_cast<double>(epochs) / static_cast<double>(size), chi = 0;
    for (int c : count) {
      chi += (c - expected) * (c - expected) / expected;
    }
    // Chi-squared with (n-1)^2 degrees of freedom: mean d, deviation sqrt(2d); six deviations
    // above.
    double freedom = static_cast<double>((size - 1) * (size - 1));
    EXPECT_LT(chi, freedom + 6 * std::sqrt(2 * freedom) + 6) << "size " << size;
  }
}

/// All n! orders of four samples occur about equally often.
TEST(Permutation, smallSetsReachEveryOrder) {
  constexpr int epochs = 24000;
  std::vector<int> count(256);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    auto order = all(4, 5, static_cast<uint64_t>(epoch));
    ++count[order[0] + 4 * order[1] + 16 * order[2] + 64 * order[3]];
  }
  int reached = 0;
  double chi = 0;
  for (int c : count) {
    reached += c > 0;
    chi += c > 0 ? (c - 1000.0) * (c - 1000.0) / 1000.0 : 0.0;
  }
  EXPECT_EQ(reached, 24);
  EXPECT_LT(chi, 23 + 6 * std::sqrt(46.0));
}

} // namespace
} // namespace ntc::rt
