// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes at the borders between units.
#include "runtime/base/Units.h"

#include <gtest/gtest.h>

namespace ntc::rt {
namespace {

TEST(Units, BytesHaveThreeDigitsAndAUnit) {
  EXPECT_EQ(bytesText(0), "0 B");
  EXPECT_EQ(bytesText(999), "999 B");
  EXPECT_EQ(bytesText(1000), "1.00 kB");
  EXPECT_EQ(bytesText(999'994), "999.99 kB");
  EXPECT_EQ(bytesText(999'999), "1.00 MB");
  EXPECT_EQ(bytesText(1'234'567'890), "1.23 GB");
  EXPECT_EQ(bytesText(UINT64_MAX), "18446744.07 TB");
}

TEST(Units, CountsStayWholeWhileTheyAreSmall) {
  EXPECT_EQ(countText(0), "0");
  EXPECT_EQ(countText(9'999), "9999");
  EXPECT_EQ(countText(10'000), "10.00 k");
  EXPECT_EQ(countText(1'199'882), "1.20 M");
  EXPECT_EQ(countText(999'999'999), "1.00 G");
}

} // namespace
} // namespace ntc::rt
