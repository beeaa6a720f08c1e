// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The claim on which the interpreter's f32 rests: evaluated in double and rounded once, the basic
// operations give float's own results, bit for bit.

#include "codegen/reference/Arithmetic.h"
#include "runtime/base/Philox.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

using namespace mlir;
using namespace ntc::reference;

namespace {

/// The bits of a float; all NaN are one.
uint32_t bitsOf(float value) {
  return std::isnan(value) ? 0x7FC00000u : std::bit_cast<uint32_t>(value);
}

TEST(ArithmeticTest, BasicOperationsInDoubleRoundToFloatsOwnResults) {
  MLIRContext context;
  Rounder round(Builder(&context).getF32Type(), Options());
  auto rounded = [&](double value) { return bitsOf(static_cast<float>(round(value))); };
  for (uint64_t i = 0; i < 200000; ++i) {
    // Arbitrary bits: normal and subnormal numbers, infinities, NaN; every third pair is close in
    // exponent.
    uint32_t left = ntc::rt::randomWord(1, 0, 0, i), right = ntc::rt::randomWord(1, 1, 0, i);
    right = i % 3 == 0 ? (left & 0xFF800000u) ^ (right & 0x807FFFFFu) : right;
    float a = std::bit_cast<float>(left), b = std::bit_cast<float>(right);
    double x = a, y = b;
    ASSERT_EQ(rounded(x + y), bitsOf(a + b)) << a << " + " << b << " at " << i;
    ASSERT_EQ(rounded(x - y), bitsOf(a - b)) << a << " - " << b << " at " << i;
    ASSERT_EQ(rounded(x * y), bitsOf(a * b)) << a << " * " << b << " at " << i;
    ASSERT_EQ(rounded(x / y), bitsOf(a / b)) << a << " / " << b << " at " << i;
    ASSERT_EQ(rounded(std::sqrt(x)), bitsOf(std::sqrt(a))) << "sqrt " << a << " at " << i;
  }
}

TEST(ArithmeticTest, ConversionToIntegersKeepsToTheirRange) {
  MLIRContext context;
  Builder builder(&context);
  Options options;
  auto toI32 = [&](double value) {
    return convert({value, 0}, builder.getF64Type(), builder.getI32Type(), options).integer;
  };
  EXPECT_EQ(toI32(-2147483648.9), -2147483648);
  EXPECT_EQ(toI32(2147483647.9), 2147483647);
  EXPECT_EQ(toI32(1e300), 2147483647);
  EXPECT_EQ(toI32(-INFINITY), -2147483648);
  EXPECT_EQ(toI32(NAN), 0);
  EXPECT_EQ(convert({1e300, 0}, builder.getF64Type(), builder.getI64Type(), options).integer,
            std::numeric_limits<int64_t>::max());
}

TEST(ArithmeticTest, IntegersHaveASignedAndAnUnsignedView) {
  MLIRContext context;
  Builder builder(&context);
  EXPECT_EQ(wrapInteger(200, builder.getI8Type()), -56);
  EXPECT_EQ(asUnsigned(-56, builder.getI8Type()), 200u);
  EXPECT_EQ(wrapInteger(3, builder.getI1Type()), 1);
  EXPECT_EQ(asSigned(1, builder.getI1Type()), -1);
  EXPECT_EQ(asUnsigned(-1, builder.getI64Type()), ~uint64_t{0});
}

} // namespace
