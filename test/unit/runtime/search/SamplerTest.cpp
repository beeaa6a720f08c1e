// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grids are complete, random points stay in their ranges and are repeatable.
#include "runtime/search/Sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ntc::rt::search {
namespace {

Space everyKind() {
  return {
      {.name = "lr", .low = 1e-4, .high = 1e-1, .isLog = true, .gridPoints = 4},
      {.name = "decay", .low = 0, .high = 0.5, .gridPoints = 3},
      {.name = "hidden", .kind = Kind::Integer, .low = 16, .high = 64, .step = 16},
      {.name = "width", .kind = Kind::Integer, .low = 1, .high = 1000, .isLog = true, .step = 1},
      {.name = "optimizer", .kind = Kind::Choice, .choices = {"sgd", "adam"}}};
}

TEST(Sampler, GridsHaveEveryCombinationOnceAndEnd) {
  Space space = everyKind();
  space.erase(space.begin() + 3); // a thousand values
  ASSERT_EQ(gridSize(space), 4 * 3 * 4 * 2);
  const auto sampler = makeSampler(Method::Grid, space, 0, true);
  std::set<Point> seen;
  for (int64_t n = 0; n < 96; ++n) {
    const auto point = sampler->suggest(n, {});
    ASSERT_TRUE(point);
    seen.insert(*point);
  }
  EXPECT_EQ(seen.size(), 96U);
  EXPECT_FALSE(sampler->suggest(96, {}));
  EXPECT_EQ(*sampler->suggest(0, {}), (Point{1e-4, 0, 16, 0}));
  EXPECT_EQ(*sampler->suggest(95, {}), (Point{1e-1, 0.5, 64, 1}));
  EXPECT_NEAR((*sampler->suggest(24, {}))[0], 1e-3, 1e-15);
}

TEST(Sampler, RandomPointsFillTheirRangesAndDependOnSeedAndTrialOnly) {
  const Space space = everyKind();
  const auto sampler = makeSampler(Method::Random, space, 7, true);
  const auto again = makeSampler(Method::Random, space, 7, false);
  const auto other = makeSampler(Method::Random, space, 8, true);
  int below = 0;
  std::set<double> hidden;
  double least = 1e9, greatest = 0;
  for (int64_t n = 0; n < 2000; ++n) {
    const Point point = *sampler->suggest(n, {});
    EXPECT_EQ(point, *again->suggest(n, {}));
    EXPECT_NE(point, *other->suggest(n, {}));
    for (size_t d = 0; d < space.size(); ++d) {
      if (space[d].kind != Kind::Choice) {
        EXPECT_GE(point[d], space[d].low);
        EXPECT_LE(point[d], space[d].high);
      }
    }
    below += point[0] < 3.16227766e-3 ? 1 : 0; // half of the logarithmic range
    hidden.insert(point[2]);
    least = std::min(least, point[3]);
    greatest = std::max(greatest, point[3]);
  }
  EXPECT_NEAR(below, 1000, 100); // 4.5 deviations of a fair coin
  EXPECT_EQ(hidden, (std::set<double>{16, 32, 48, 64}));
  EXPECT_EQ(least, 1);
  EXPECT_GT(greatest, 900);
}

} // namespace
} // namespace ntc::rt::search
