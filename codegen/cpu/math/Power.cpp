// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// x^y = exp(y log |x|) in f64. For full digits the logarithm and the product are sums of two
// numbers: the exponent reaches 700, so 10 bits more than a result has are needed. With
// s = f / (2 + f), log(1 + f) = 2 s (1 + z / 3 + z^2 (1/5 + z / 7 + …)), z = s^2.

#include "codegen/cpu/math/Functions.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

namespace ntc::codegen::cpu {
namespace {

/// (atanh(s) / s - 1 - z / 3) / z^2 as a polynomial in z <= 0.0295; error 2^-59.
constexpr double kTail[] = {0x1.999999999999ap-3, 0x1.2492492492522p-3, 0x1.c71c71c6ea5acp-4,
                            0x1.745d177ad436ap-4, 0x1.3b1395b82701ep-4, 0x1.1118cd67251c5p-4,
                            0x1.df7ba1f4809c3p-5, 0x1.e03a7acf07f85p-5};
constexpr double kThirdHigh = 0x1.5555555555555p-2, kThirdLow = 0x1.5555555555555p-56;
constexpr double kLn2High = 0x1.62e42fef00000p-1, kLn2Middle = 0x1.473de6af00000p-34,
                 kLn2Low = 0x1.3c7673007e5edp-69;

Sum product(Sum x, Sum y) {
  Num high = x.high * y.high;
  Num low = productError(x.high, y.high, high) + (x.high * y.low + x.low * y.high);
  return exactSumOrdered(high, low);
}

/// The logarithm of a positive finite number with about 66 bits.
Sum longLog(Num x) {
  Decomposed parts = decompose(x);
  Num f = parts.fraction;
  Sum divisor = exactSumOrdered(f.like(2), f);
  Num quotient = f / divisor.high, back = quotient * divisor.high;
  Num rest = (f - back) - productError(quotient, divisor.high, back) - quotient * divisor.low;
  Sum s = exactSumOrdered(quotient, rest / divisor.high);
  Sum z = product(s, s);
  Sum third = product(z, {f.like(kThirdHigh), f.like(kThirdLow)});
  third.low = third.low + z.high * z.high * polynomial(z.high, kTail);
  Sum correction = product(s, exactSumOrdered(third.high, third.low));
  // 2 s (1 + …) + k ln 2, from the largest to the smallest.
  Num k = parts.exponent;
  Sum a = exactSumOrdered(k * kLn2High, 2.0 * s.high);
  Sum c = exactSum(k * kLn2Middle, 2.0 * correction.high);
  Sum ac = exactSum(a.high, c.high);
  Num small = (a.low + ac.low) + (c.low + 2.0 * (s.low + correction.low) + k * kLn2Low);
  return exactSumOrdered(ac.high, small);
}

Num floorOf64(Num x) { return {*x.m, mlir::math::FloorOp::create(x.m->b, x.m->loc, x.value)}; }

} // namespace

Num floorOf(Num x) {
  // Numbers from 2^fractionBits() on are integers.
  double limit = x.isWide() ? 0x1p52 : 0x1p23;
  Num magic = x.like(limit), a = abs(x);
  Num nearest = copySign((a + magic) - magic, x);
  Num below = select(x < nearest, nearest - 1.0, nearest);
  // -0 stays, and so does NaN.
  return select(a < limit, copySign(below, x), x);
}

Num powOf(Num x, Num y, Digits digits) {
  double infinity = std::numeric_limits<double>::infinity();
  Num a = abs(x);
  // Beyond 2^66 every power of a number other than 1 is 0 or infinite; the products below must not
  // overflow.
  Num exponent = select(abs(y) > 0x1p66, copySign(y.like(0x1p66), y), y);
  Num result = x;
  if (digits == Digits::Full) {
    Sum logarithm = longLog(a);
    Num high = exponent * logarithm.high;
    Num low = productError(exponent, logarithm.high, high) + exponent * logarithm.low;
    Sum sum = exactSumOrdered(high, low);
    result = expOfSum(sum.high, sum.low);
  } else {
    result = expOf(exponent * logOf(a));
  }
  Num zero = x.like(0), one = x.like(1), isUp = zero < y;
  result = select(a == 0.0, select(isUp, zero, x.like(infinity)), result);
  result = select(a == infinity, select(isUp, x.like(infinity), zero), result);
  // A negative base: the sign follows from the parity of an integer; no other exponent has a value.
  Num isInteger = floorOf64(y) == y;
  Num isOdd = isInteger & !(floorOf64(0.5 * y) == 0.5 * y);
  Num hasSign = (x < 0.0) | (x == 0.0);
  result = select(hasSign & isOdd, copySign(result, x), result);
  Num isFinite = a < infinity;
  Num nan = x.like(std::numeric_limits<double>::quiet_NaN());
  Num noValue = (x < 0.0) & isFinite & !isInteger & (abs(y) < infinity);
  result = select(noValue, nan, result);
  result = select(isNan(x), x, select(isNan(y), y, result));
  return select((y == 0.0) | (x == 1.0), one, result);
}

} // namespace ntc::codegen::cpu
