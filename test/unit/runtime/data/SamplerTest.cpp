// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Orders of epochs: every sample once, by weight, by class.
#include "runtime/data/Sampler.h"

#include "Scratch.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ntc::rt::data {
namespace {

std::vector<int64_t> rowsOf(const Sampler &sampler, uint64_t epoch) {
  std::vector<int64_t> out(static_cast<size_t>(sampler.size()));
  sampler.order(epoch)->rows(0, out);
  return out;
}

/// Any part of an order is what the whole has there.
void expectRandomAccess(const Sampler &sampler) {
  const std::vector<int64_t> whole = rowsOf(sampler, 4);
  const auto order = sampler.order(4);
  for (int64_t first : {0, 1, 37, 99}) {
    std::vector<int64_t> part(static_cast<size_t>(std::min<int64_t>(20, sampler.size() - first)));
    order->rows(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + first)) << "from " << first;
  }
}

TEST(Sampler, RandomIsAPermutationOfItsEpoch) {
  auto sampler = randomSampler(100, 3);
  std::vector<int64_t> rows = rowsOf(*sampler, 0);
  EXPECT_NE(rows, rowsOf(*sampler, 1));
  expectRandomAccess(*sampler);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, rowsOf(*sequentialSampler(100), 0));
}

TEST(Sampler, WeightedDrawsByWeight) {
  const std::array<double, 4> weights = {1, 0, 5, 2};
  auto sampler = weightedSampler(weights, 8000, 1);
  ASSERT_TRUE(sampler) << sampler.status().message();
  const std::vector<int64_t> rows = rowsOf(**sampler, 0);
  const std::array<int, 4> expected = {1000, 0, 5000, 2000};
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(std::ranges::count(rows, i), expected[static_cast<size_t>(i)], 200);
  }
  EXPECT_EQ(std::ranges::count(rows, 1), 0);
  EXPECT_NE(rows, rowsOf(**sampler, 1));
  expectRandomAccess(**sampler);
}

TEST(Sampler, WeightedRefusesWeightsThatAreNone) {
  auto message = [](std::vector<double> weights) {
    return weightedSampler(weights, 1, 0).status().message();
  };
  EXPECT_TRUE(has(message({1, -1}), "the weight of sample 1"));
  EXPECT_TRUE(has(message({1, NAN}), "the weight of sample 1"));
  EXPECT_TRUE(has(message({0, 0}), "a sum above 0"));
  EXPECT_TRUE(has(message({}), "a sum above 0"));
}

TEST(Sampler, StratifiedKeepsTheSharesOfClassesEverywhere) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < 200; ++i) {
    labels.push_back(i < 150 ? 0 : i < 190 ? 1 : 2);
  }
  auto sampler = stratifiedSampler(labels, 6);
  std::vector<int64_t> rows = rowsOf(*sampler, 0);
  for (size_t begin = 0; begin + 40 <= rows.size(); begin += 40) {
    std::array<int, 3> counts{};
    for (size_t i = begin; i < begin + 40; ++i) {
      ++counts[static_cast<size_t>(labels[static_cast<size_t>(rows[i])])];
    }
    EXPECT_NEAR(counts[0], 30, 1);
    EXPECT_NEAR(counts[1], 8, 1);
    EXPECT_NEAR(counts[2], 2, 1);
  }
  EXPECT_NE(rows, rowsOf(*sampler, 1));
  expectRandomAccess(*sampler);
  std::ranges::sort(rows);
  EXPECT_EQ(rows, rowsOf(*sequentialSampler(200), 0));
}

} // namespace
} // namespace ntc::rt::data
