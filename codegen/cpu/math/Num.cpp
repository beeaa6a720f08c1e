// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on numbers under construction.

#include "codegen/cpu/math/Num.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;

namespace ntc::codegen::cpu {
namespace {

/// `type` with other elements.
Type withElement(Type type, Type element) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? Type(shaped.clone(element)) : element;
}

Num constant(Num like, Type type, TypedAttr element) {
  if (auto shaped = dyn_cast<ShapedType>(type)) {
    element = DenseElementsAttr::get(shaped, Attribute(element));
  }
  return {*like.m, arith::ConstantOp::create(like.m->b, like.m->loc, element)};
}

template <typename Op, typename... Args> Num make(Num x, Args... args) {
  return {*x.m, Op::create(x.m->b, x.m->loc, args...)};
}

template <typename Float, typename Integer> Num either(Num x, Num y) {
  return x.isFloat() ? make<Float>(x, x.value, y.value) : make<Integer>(x, x.value, y.value);
}

Num compare(Num x, Num y, arith::CmpFPredicate floats, arith::CmpIPredicate integers) {
  return x.isFloat() ? make<arith::CmpFOp>(x, floats, x.value, y.value)
                     : make<arith::CmpIOp>(x, integers, x.value, y.value);
}

/// Three halves of the power of two whose last digit is 1: a sum with it is rounded to an integer.
double rounder(Num x) { return std::ldexp(1.5, x.fractionBits()); }

/// The upper half of the digits of x.
Num upperHalf(Num x) {
  Num scaled = x * (std::ldexp(1.0, (x.fractionBits() + 2) / 2) + 1.0);
  return scaled - (scaled - x);
}

} // namespace

bool Num::isWide() const { return getElementTypeOrSelf(value).getIntOrFloatBitWidth() == 64; }

bool Num::isFloat() const { return isa<FloatType>(getElementTypeOrSelf(value)); }

Num Num::like(double number) const {
  Type type = value.getType();
  return constant(*this, type, m->b.getFloatAttr(getElementTypeOrSelf(type), number));
}

Num Num::integer(uint64_t number) const {
  unsigned width = getElementTypeOrSelf(value).getIntOrFloatBitWidth();
  Type element = m->b.getIntegerType(width);
  return constant(*this, withElement(value.getType(), element),
                  m->b.getIntegerAttr(element, APInt(64, number).trunc(width)));
}

Num Num::bits() const {
  Type element = m->b.getIntegerType(isWide() ? 64 : 32);
  return make<arith::BitcastOp>(*this, withElement(value.getType(), element), value);
}

Num Num::real() const {
  Type element = isWide() ? Type(m->b.getF64Type()) : Type(m->b.getF32Type());
  return make<arith::BitcastOp>(*this, withElement(value.getType(), element), value);
}

Num operator+(Num x, Num y) { return either<arith::AddFOp, arith::AddIOp>(x, y); }
Num operator-(Num x, Num y) { return either<arith::SubFOp, arith::SubIOp>(x, y); }
Num operator*(Num x, Num y) { return either<arith::MulFOp, arith::MulIOp>(x, y); }
Num operator/(Num x, Num y) { return make<arith::DivFOp>(x, x.value, y.value); }
Num operator-(Num x) { return make<arith::NegFOp>(x, x.value); }
Num operator+(Num x, double y) { return x + x.like(y); }
Num operator-(Num x, double y) { return x - x.like(y); }
Num operator*(Num x, double y) { return x * x.like(y); }
Num operator*(double x, Num y) { return y * x; }
Num operator-(double x, Num y) { return y.like(x) - y; }
Num operator+(double x, Num y) { return y + x; }
Num operator/(double x, Num y) { return y.like(x) / y; }

Num sqrt(Num x) { return {*x.m, math::SqrtOp::create(x.m->b, x.m->loc, x.value)}; }

Num operator<(Num x, Num y) {
  return compare(x, y, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt);
}
Num operator<(Num x, double y) { return x < x.like(y); }
Num operator>(Num x, double y) { return x.like(y) < x; }
Num operator==(Num x, Num y) {
  return compare(x, y, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq);
}
Num operator==(Num x, double y) { return x == x.like(y); }
Num isNan(Num x) { return compare(x, x, arith::CmpFPredicate::UNO, arith::CmpIPredicate::ne); }

Num operator&(Num x, Num y) { return make<arith::AndIOp>(x, x.value, y.value); }
Num operator|(Num x, Num y) { return make<arith::OrIOp>(x, x.value, y.value); }
Num operator^(Num x, Num y) { return make<arith::XOrIOp>(x, x.value, y.value); }
Num operator!(Num x) { return x ^ x.integer(1); }
Num operator<<(Num x, Num count) { return make<arith::ShLIOp>(x, x.value, count.value); }
Num operator>>(Num x, Num count) { return make<arith::ShRUIOp>(x, x.value, count.value); }
Num operator<<(Num x, int count) { return x << x.integer(count); }
Num operator>>(Num x, int count) { return x >> x.integer(count); }

Num select(Num condition, Num x, Num y) {
  return make<arith::SelectOp>(x, condition.value, x.value, y.value);
}

Num abs(Num x) { return make<math::AbsFOp>(x, x.value); }

Num copySign(Num x, Num sign) { return make<math::CopySignOp>(x, x.value, sign.value); }

Num multiplyAdd(Num x, Num y, Num z) {
  return x.m->hasFma ? make<math::FmaOp>(x, x.value, y.value, z.value) : x * y + z;
}

Num polynomial(Num x, ArrayRef<double> coefficients) {
  Num sum = x.like(coefficients.back());
  for (double coefficient : llvm::reverse(coefficients.drop_back())) {
    sum = multiplyAdd(sum, x, x.like(coefficient));
  }
  return sum;
}

Num productError(Num x, Num y, Num product) {
  if (x.m->hasFma) {
    return multiplyAdd(x, y, -product);
  }
  Num xHigh = upperHalf(x), yHigh = upperHalf(y);
  Num xLow = x - xHigh, yLow = y - yHigh;
  return ((xHigh * yHigh - product) + xHigh * yLow + xLow * yHigh) + xLow * yLow;
}

Sum exactSum(Num x, Num y) {
  Num sum = x + y, fromY = sum - x;
  return {sum, (x - (sum - fromY)) + (y - fromY)};
}

Sum exactSumOrdered(Num x, Num y) {
  Num sum = x + y;
  return {sum, y - (sum - x)};
}

Rounded roundToInteger(Num x) {
  Num magic = x.like(rounder(x)), shifted = x + magic;
  return {shifted - magic, shifted.bits() - magic.bits()};
}

Num toReal(Num integer, Num like) {
  Num magic = like.like(rounder(like));
  return (integer + magic.bits()).real() - magic;
}

Num scale(Num x, Num k) {
  // Two factors 2^(k/2), since one alone may overflow or be 0.
  Num biased = k + k.integer(2 * x.bias());
  Num first = biased >> 1, second = biased - first;
  return x * (first << x.fractionBits()).real() * (second << x.fractionBits()).real();
}

Num widen(Num x) {
  return make<arith::ExtFOp>(x, withElement(x.value.getType(), x.m->b.getF64Type()), x.value);
}

Num narrow(Num x) {
  return make<arith::TruncFOp>(x, withElement(x.value.getType(), x.m->b.getF32Type()), x.value);
}

Num resize(Num integer, unsigned width) {
  unsigned now = getElementTypeOrSelf(integer.value).getIntOrFloatBitWidth();
  Type type = withElement(integer.value.getType(), integer.m->b.getIntegerType(width));
  return now < width ? make<arith::ExtUIOp>(integer, type, integer.value)
                     : make<arith::TruncIOp>(integer, type, integer.value);
}

} // namespace ntc::codegen::cpu
