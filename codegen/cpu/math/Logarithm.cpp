// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// log and log(1 + x). x = 2^k (1 + f), and log(1 + f) = f - t(f) with t = f^2 / 2 - f^3 / 3 + …:
// in f32 a polynomial, in f64 by s = f / (2 + f) and log(1 + f) = 2 atanh(s). k ln 2 + f is
// summed exactly, so that one rounding decides.

#include "codegen/cpu/math/Functions.h"

#include <limits>

namespace ntc::codegen::cpu {
namespace {

/// (log(1 + f) - f + f^2 / 2) / f^3 for |f| <= 1/3 and a little; error 2^-25.
constexpr double kCubic32[] = {0x1.555556p-2,  -0x1.ffffb6p-3, 0x1.999954p-3,
                               -0x1.557838p-3, 0x1.24b290p-3,  -0x1.f7579cp-4,
                               0x1.bf1a08p-4,  -0x1.fcd61ap-4, 0x1.d01f96p-4};
/// (2 atanh(s) - 2 s) / s^3 as a polynomial in s^2 for |s| <= 0.1716; error 2^-51.
constexpr double kAtanh64[] = {0x1.5555555555558p-1, 0x1.9999999995273p-2, 0x1.2492492dfd86cp-2,
                               0x1.c71c62d5e53e0p-3, 0x1.7462b91b8df65p-3, 0x1.39fdcceb4bb45p-3,
                               0x1.2b5f68a50d903p-3};

/// f - log(1 + f).
Num tailOf(Num f) {
  if (!f.isWide()) {
    return f * f * (0.5 - f * polynomial(f, kCubic32));
  }
  Num s = f / (f + 2.0), z = s * s, half = 0.5 * f * f;
  return half - s * (half + z * polynomial(z, kAtanh64));
}

/// k ln 2 + f - tail + low.
Num sumUp(Num k, Num f, Num low) {
  double ln2High = f.isWide() ? 0x1.62e42fee00000p-1 : 0x1.62e400p-1;
  double ln2Low = f.isWide() ? 0x1.a39ef35793c76p-33 : 0x1.7f7d1cp-20;
  Sum sum = exactSumOrdered(k * ln2High, f);
  Num rest = multiplyAdd(k, k.like(ln2Low), low - tailOf(f));
  return sum.high + (sum.low + rest);
}

/// `result` for positive finite x, else what the logarithm is there.
Num withSpecials(Num x, Num result) {
  double infinity = std::numeric_limits<double>::infinity();
  result = select(x == infinity, x, result);
  result = select(x == 0.0, x.like(-infinity), result);
  return select(x < 0.0, x.like(std::numeric_limits<double>::quiet_NaN()),
                select(isNan(x), x, result));
}

} // namespace

Decomposed decompose(Num x) {
  // Subnormals are scaled first.
  double tiny = x.isWide() ? 0x1p-1022 : 0x1p-126, up = x.isWide() ? 0x1p54 : 0x1p25;
  Num isTiny = x < tiny;
  Num bits = select(isTiny, x * up, x).bits();
  // 1 + f lies between sqrt(1/2) or 2/3 and twice that: adding the distance to 1 carries into the
  // exponent from there on.
  uint64_t low = x.isWide() ? 0x3fe6a09e00000000 : 0x3f2aaaab;
  uint64_t one = x.isWide() ? 0x3ff0000000000000 : 0x3f800000;
  Num moved = bits + bits.integer(one - low);
  Num biased = moved >> x.fractionBits();
  Num fraction = (moved & bits.integer((uint64_t(1) << x.fractionBits()) - 1)) + bits.integer(low);
  Num exponent = toReal(biased, x) - static_cast<double>(x.bias());
  exponent = exponent - select(isTiny, x.like(x.isWide() ? 54 : 25), x.like(0));
  return {exponent, fraction.real() - 1.0};
}

Num logOf(Num x) {
  Decomposed parts = decompose(x);
  return withSpecials(x, sumUp(parts.exponent, parts.fraction, x.like(0)));
}

Num log1pOf(Num x) {
  Sum sum = exactSum(x.like(1), x);
  Decomposed parts = decompose(sum.high);
  // Near 0 the fraction is x itself; elsewhere what the sum lost is added to the first order.
  Num isNear = parts.exponent == 0.0;
  Num fraction = select(isNear, x, parts.fraction);
  Num lost = select(isNear, x.like(0), sum.low / sum.high);
  Num result = withSpecials(sum.high, sumUp(parts.exponent, fraction, lost));
  return select(x == 0.0, x, result);
}

} // namespace ntc::codegen::cpu
