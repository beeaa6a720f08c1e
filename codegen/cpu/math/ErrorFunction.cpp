// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// erf(x) = x P(x^2) for |x| < 3/4, else 1 - exp(-x^2) Q(t) with Q = exp(x^2) erfc(x) as a
// polynomial in t = (|x| - 4) / (|x| + 4). Chebyshev fits; errors 2^-60 and 2^-62, for single
// digits 2^-35 and 2^-32.

#include "codegen/cpu/math/Functions.h"

namespace ntc::codegen::cpu {
namespace {

constexpr double kNear64[] = {
    0x1.20dd750429b6dp+0,  -0x1.812746b0379e0p-2,  0x1.ce2f21a0424c3p-4,  -0x1.b82ce31257412p-6,
    0x1.565bcd03657c0p-8,  -0x1.c02db1220cfe6p-11, 0x1.f9a2afa3a8f86p-14, -0x1.f4c5debf1228ap-17,
    0x1.b90ecd4aeec12p-20, -0x1.564f71bbc0d35p-23, 0x1.8a312cb07e6ccp-27};
constexpr double kNear32[] = {0x1.20dd75040cec4p+0,  -0x1.81274661ca5c3p-2, 0x1.ce2efea776360p-4,
                              -0x1.b827051379f15p-6, 0x1.55e3343fd3eb7p-8,  -0x1.b624c9b06ee75p-11,
                              0x1.8d384f1f8881ap-14};
constexpr double kFar64[] = {
    0x1.18932bf08e154p-3,   -0x1.094922737431ap-2,  0x1.bff01a5f90865p-3,   -0x1.506666f69e56ap-3,
    0x1.be502c3657e20p-4,   -0x1.027d5744b41d2p-4,  0x1.0066e104dca03p-5,   -0x1.a4ded41581d09p-7,
    0x1.0a17eb1f0cd40p-8,   -0x1.a2f90227deb9ap-11, -0x1.6d1489c4da0a4p-16, 0x1.4b4eb4249469ep-14,
    -0x1.7a56f76f6f389p-16, -0x1.05e38e33bc170p-19, 0x1.717e7da606603p-19,  -0x1.965d8c7c3bd9ep-21,
    -0x1.556b8041aca0fp-21, -0x1.79421351efae4p-24};
constexpr double kFar32[] = {0x1.18932bebeecdep-3,  -0x1.09492293aa59cp-2, 0x1.bff020d90442bp-3,
                             -0x1.50663f16fe2c5p-3, 0x1.be4ddce3b12d5p-4,  -0x1.028cdc62f8011p-4,
                             0x1.00761ffd76e54p-5,  -0x1.9e1ef8e79dd3ep-7, 0x1.2af80b0fdda7bp-8,
                             -0x1.888e72b09f77fp-12};

} // namespace

Num erfOf(Num x, Digits digits) {
  bool full = digits == Digits::Full;
  Num a = abs(x);
  Num z = a * a;
  Num near = a * polynomial(z, full ? mlir::ArrayRef<double>(kNear64) : kNear32);
  Num cut = select(a > 6.0, a.like(6), a); // beyond, all digits are those of 1
  Num t = (cut - 4.0) / (cut + 4.0);
  Num q = polynomial(t, full ? mlir::ArrayRef<double>(kFar64) : kFar32);
  Num far = 1.0 - expOf(-(cut * cut)) * q;
  return copySign(select(a < 0.75, near, far), x);
}

} // namespace ntc::codegen::cpu
