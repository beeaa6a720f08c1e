// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// exp, tanh and the logistic function. x = k ln 2 + r with |r| <= ln 2 / 2 and
// exp(x) = 2^k (1 + r + r^2 P(r)). Cody and Waite's two-part ln 2 keeps r exact: the first part has
// so few digits that k times it is exact. P is a Chebyshev fit of (exp(r) - 1 - r) / r^2, relative
// error 2^-56 in f64, 2^-32 in f32.

#include "codegen/cpu/math/Functions.h"

namespace ntc::codegen::cpu {
namespace {

constexpr double kLog2E = 0x1.71547652b82fep+0;
constexpr double kTail64[] = {0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d63p-5,
                              0x1.11111111109b3p-7,  0x1.6c16c1788bd90p-10, 0x1.a01a01a7c41d5p-13,
                              0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19, 0x1.289185613a3d6p-22,
                              0x1.af38a9b0ec855p-26};
constexpr double kTail32[] = {0x1.000000p-1, 0x1.555556p-3,  0x1.5554eap-5,
                              0x1.1110e0p-7, 0x1.6d4324p-10, 0x1.a124f2p-13};

/// x = k ln 2 + r, and exp(r) - 1 = r + rest.
struct Reduced {
  Num k, r, rest;
};

Reduced reduce(Num x, Num low) {
  double ln2High = x.isWide() ? 0x1.62e42fee00000p-1 : 0x1.62e400p-1;
  double ln2Low = x.isWide() ? 0x1.a39ef35793c76p-33 : 0x1.7f7d1cp-20;
  Rounded k = roundToInteger(x * kLog2E);
  Num r = multiplyAdd(k.real, x.like(-ln2High), x);
  r = multiplyAdd(k.real, x.like(-ln2Low), r) + low;
  Num tail = polynomial(r, x.isWide() ? mlir::ArrayRef<double>(kTail64) : kTail32);
  return {k.integer, r, r * r * tail};
}

Reduced reduce(Num x) { return reduce(x, x.like(0)); }

/// x cut to where exp(x) is neither 0 nor infinite, and a little further; NaN stays.
Num clampExponent(Num x) {
  double low = x.isWide() ? -746 : -104, high = x.isWide() ? 710 : 89;
  Num notBelow = select(x < low, x.like(low), x);
  return select(x > high, x.like(high), notBelow);
}

} // namespace

Num expOf(Num x) {
  Reduced reduced = reduce(clampExponent(x));
  return scale(1.0 + (reduced.r + reduced.rest), reduced.k);
}

Num expOfSum(Num high, Num low) {
  Num inside = clampExponent(high);
  Reduced reduced = reduce(inside, select(inside == high, low, low.like(0)));
  return scale(1.0 + (reduced.r + reduced.rest), reduced.k);
}

/// 1 / (high + low) as a sum of two numbers.
static Sum inverseOf(Sum x) {
  Num inverse = x.high.like(1) / x.high, product = inverse * x.high;
  Num error = (1.0 - product) - productError(inverse, x.high, product);
  return {inverse, inverse * (error - inverse * x.low)};
}

/// x * y rounded once, nearly.
static Num roundedProduct(Sum x, Sum y) {
  return multiplyAdd(x.high, y.high, multiplyAdd(x.high, y.low, x.low * y.high));
}

// tanh(a) = e / (e + 2) with e = exp(2a) - 1 = 2^k tail + (2^k - 1), which loses nothing near 0.
// Sums of two numbers keep the roundings from adding up.
Num tanhOf(Num x) {
  double end = x.isWide() ? 20 : 10; // beyond, all digits are those of 1
  Num a = abs(x);
  Reduced reduced = reduce(2.0 * select(a > end, a.like(end), a));
  Num power = ((reduced.k + reduced.k.integer(x.bias())) << x.fractionBits()).real();
  Sum tail = exactSumOrdered(reduced.r, reduced.rest);
  Sum e = exactSumOrdered(power - 1.0, power * tail.high);
  e.low = multiplyAdd(power, tail.low, e.low);
  Sum divisor = exactSum(x.like(2), e.high);
  return copySign(roundedProduct(e, inverseOf({divisor.high, divisor.low + e.low})), x);
}

// For e = exp(-|x|) the result is 1 / (1 + e) or, for negative x, e / (1 + e).
Num sigmoidOf(Num x) {
  Reduced reduced = reduce(clampExponent(-abs(x)));
  Sum e = exactSumOrdered(x.like(1), reduced.r + reduced.rest);
  e = {scale(e.high, reduced.k), scale(e.low, reduced.k)};
  Sum divisor = exactSumOrdered(x.like(1), e.high);
  Sum inverse = inverseOf({divisor.high, divisor.low + e.low});
  Num isNegative = x < 0.0;
  Sum top{select(isNegative, e.high, x.like(1)), select(isNegative, e.low, x.like(0))};
  return roundedProduct(top, inverse);
}

} // namespace ntc::codegen::cpu
