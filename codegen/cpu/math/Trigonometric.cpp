// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// sin and cos on [-pi/4, pi/4] by Chebyshev fits of (sin r - r) / r^3 and
// (cos r - 1 + r^2 / 2) / r^4 in r^2, exchanged and negated by the quadrant.

#include "codegen/cpu/math/Functions.h"

namespace ntc::codegen::cpu {
namespace {

constexpr double kSin64[] = {-0x1.5555555555555p-3, 0x1.1111111110bb2p-7,   -0x1.a01a019e83816p-13,
                             0x1.71de379654304p-19, -0x1.ae600aca92c64p-26, 0x1.5e0b05bff20f2p-33};
constexpr double kCos64[] = {0x1.5555555555555p-5,  -0x1.6c16c16c16967p-10,
                             0x1.a01a019f4e9b4p-16, -0x1.27e4fa17bf139p-22,
                             0x1.1eeb68cd22f56p-29, -0x1.907d8f29fe831p-37};
constexpr double kSin32[] = {-0x1.555555545df18p-3, 0x1.11110deef0ae3p-7, -0x1.a013a740c35cep-13,
                             0x1.6dbded5452c9bp-19};
constexpr double kCos32[] = {0x1.5555555502c6dp-5, -0x1.6c16bf54be1f5p-10, 0x1.a015c4462d9e2p-16,
                             -0x1.25243c2f39550p-22};

/// sin(r + low) for a small `low`.
Num sinNear0(Num r, Num low, Num z, Digits digits) {
  bool full = digits == Digits::Full;
  Num p = polynomial(z, full ? mlir::ArrayRef<double>(kSin64) : kSin32);
  if (!full) {
    return multiplyAdd(r * z, p, r);
  }
  // cos(r) * low with the first two terms of cos.
  Num slope = multiplyAdd(z, z.like(-0.5), z.like(1));
  return r + multiplyAdd(r * z, p, low * slope);
}

/// cos(r + low) for a small `low`.
Num cosNear0(Num r, Num low, Num z, Digits digits) {
  bool full = digits == Digits::Full;
  Num p = polynomial(z, full ? mlir::ArrayRef<double>(kCos64) : kCos32);
  if (!full) {
    return multiplyAdd(z * z, p, 1.0 - 0.5 * z);
  }
  Sum first = exactSumOrdered(z.like(1), -0.5 * z);
  return first.high + (multiplyAdd(z * z, p, first.low) - r * low);
}

/// The sine of x + turn * pi / 2.
Num sinTurned(Num x, uint64_t turn, Digits digits) {
  Angle angle = reduceAngle(x, digits);
  Num quadrant = angle.quadrant + angle.quadrant.integer(turn);
  Num r = angle.high, z = r * r, zero = quadrant.integer(0);
  Num sine = sinNear0(r, angle.low, z, digits), cosine = cosNear0(r, angle.low, z, digits);
  Num isSine = (quadrant & quadrant.integer(1)) == zero;
  Num isPositive = (quadrant & quadrant.integer(2)) == zero;
  Num value = select(isSine, sine, cosine);
  return select(isPositive, value, -value);
}

} // namespace

Num sinOf(Num x, Digits digits) { return select(x == 0.0, x, sinTurned(x, 0, digits)); }

Num cosOf(Num x, Digits digits) { return sinTurned(x, 1, digits); }

} // namespace ntc::codegen::cpu
