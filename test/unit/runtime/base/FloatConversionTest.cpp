// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Half precision: every value both ways, and rounding against a search for the nearest value in
// double.
#include "runtime/base/FloatConversion.h"

#include <gtest/gtest.h>
#include <random>

namespace ntc::rt {
namespace {

TEST(FloatConversion, everyHalfSurvivesTheWayToFloatAndBack) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    auto half = static_cast<uint16_t>(bits);
    if (std::isnan(f16ToFloat(half))) {
      ASSERT_TRUE((half & 0x7c00) == 0x7c00 && (half & 0x3ff) != 0);
      ASSERT_TRUE(std::isnan(f16ToFloat(floatToF16(f16ToFloat(half)))));
    } else {
      ASSERT_EQ(floatToF16(f16ToFloat(half)), half);
    }
    if (!std::isnan(bf16ToFloat(half))) {
      ASSERT_EQ(floatToBf16(bf16ToFloat(half)), half);
    } else {
      ASSERT_TRUE(std::isnan(bf16ToFloat(floatToBf16(bf16ToFloat(half)))));
    }
  }
}

TEST(FloatConversion, knownValues) {
  EXPECT_EQ(f16ToFloat(0x3c00), 1.0f);
  EXPECT_EQ(f16ToFloat(0xc000), -2.0f);
  EXPECT_EQ(f16ToFloat(0x7bff), 65504.0f);
  EXPECT_EQ(f16ToFloat(0x0001), 0x1p-24f);
  EXPECT_EQ(f16ToFloat(0x0400), 0x1p-14f);
  EXPECT_EQ(floatToF16(65519.0f), 0x7bff);
  EXPECT_EQ(floatToF16(65520.0f), 0x7c00);
  EXPECT_EQ(floatToF16(-1e30f), 0xfc00);
  EXPECT_EQ(floatToF16(0x1p-25f), 0x0000); // tie: to even
  EXPECT_EQ(floatToF16(0x1.8p-25f), 0x0001);
  EXPECT_EQ(bf16ToFloat(0x3f80), 1.0f);
}

/// For values between two neighbours of the format, the nearer one (ties: even) must be chosen.
template <typename To, typename From> void checkRounding(To toHalf, From toFloat, uint16_t last) {
  std::mt19937 random(1);
  for (int i = 0; i < 200000; ++i) {
    auto low = static_cast<uint16_t>(random() % last);
    double a = toFloat(low), b = toFloat(static_cast<uint16_t>(low + 1));
    auto value = static_cast<float>(a + (b - a) * (random() % 17 / 16.0));
    double toA = value - a, toB = b - value;
    uint16_t expected = toA < toB || (toA == toB && low % 2 == 0) ? low : low + 1;
    ASSERT_EQ(toHalf(value), expected) << value;
    ASSERT_EQ(toHalf(-value), expected | 0x8000) << -value;
  }
}

TEST(FloatConversion, roundsToNearestTiesToEven) {
  checkRounding(floatToF16, f16ToFloat, 0x7bff);
  checkRounding(floatToBf16, bf16ToFloat, 0x7f7f);
}

} // namespace
} // namespace ntc::rt
