// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes from hostile files: every overflow is seen.
#include "runtime/base/CheckedMath.h"

#include <gtest/gtest.h>
#include <vector>

namespace ntc::rt {
namespace {

constexpr uint64_t kMax = ~uint64_t{0};
using Shape = std::vector<int64_t>;

TEST(CheckedMath, overflowGivesNothing) {
  EXPECT_EQ(checkedAdd(kMax, 0), kMax);
  EXPECT_EQ(checkedAdd(kMax, 1), std::nullopt);
  EXPECT_EQ(checkedMul(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
  EXPECT_EQ(checkedMul(kMax, 1), kMax);
}

TEST(CheckedMath, elementCountsOfHostileShapes) {
  EXPECT_EQ(elementCount({}), 1u);
  EXPECT_EQ(elementCount(Shape{2, 3, 4}), 24u);
  EXPECT_EQ(elementCount(Shape{-1}), std::nullopt);
  EXPECT_EQ(elementCount(Shape{INT64_MIN, 2}), std::nullopt);
  EXPECT_EQ(elementCount(Shape{INT64_MAX, 2}), std::nullopt);
  EXPECT_EQ(elementCount(Shape{INT64_MAX, INT64_MAX, 0}), 0u);
  EXPECT_EQ(byteSize(Shape{INT64_MAX}, 8), std::nullopt);
  EXPECT_EQ(byteSize(Shape{5}, 8), 40u);
}

TEST(CheckedMath, rangesAtTheEdge) {
  EXPECT_TRUE(fitsIn(0, 10, 10));
  EXPECT_TRUE(fitsIn(10, 0, 10));
  EXPECT_FALSE(fitsIn(11, 0, 10));
  EXPECT_FALSE(fitsIn(1, 10, 10));
  EXPECT_FALSE(fitsIn(kMax, kMax, 10));
  EXPECT_FALSE(fitsIn(1, kMax, 10));
}

} // namespace
} // namespace ntc::rt
