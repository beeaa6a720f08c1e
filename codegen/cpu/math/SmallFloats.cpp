// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// bf16 and f16 by integer operations.

#include "codegen/cpu/math/SmallFloats.h"

namespace ntc::codegen::cpu {

Num bfloat16ToFloat(Num bits) { return (resize(bits, 32) << 16).real(); }

Num halfToFloat(Num bits) {
  Num wide = resize(bits, 32);
  Num sign = (wide >> 15) << 31, rest = (wide & wide.integer(0x7fff)) << 13;
  // Exponents move from bias 15 to 127. Below 2^-14 the digits of a number just above 2^-14 are the
  // result's; from 2^16 on all are infinite or NaN.
  Num base = rest.integer(113u << 23);
  Num subnormal = ((rest + base).real() - base.real()).bits();
  Num normal = rest + rest.integer(112u << 23);
  Num result = select(rest < rest.integer(1u << 23), subnormal, normal);
  result = select(rest < rest.integer(31u << 23), result, rest | rest.integer(0x7f800000u));
  return (result | sign).real();
}

Num floatToBfloat16(Num x) {
  Num bits = x.bits();
  Num upper = bits >> 16;
  Num rounded = (bits + bits.integer(0x7fff) + (upper & bits.integer(1))) >> 16;
  return resize(select(isNan(x), upper | bits.integer(0x40), rounded), 16);
}

Num floatToHalf(Num x) {
  Num bits = x.bits(), sign = (bits >> 31) << 15, a = bits & bits.integer(0x7fffffff);
  // Below 2^-14 a sum with 1/2 rounds to multiples of 2^-24, the least subnormal number.
  Num subnormal = (a.real() + 0.5).bits() - a.integer(0x3f000000);
  Num normal = (a + a.integer(0xfff) + ((a >> 13) & a.integer(1)) - a.integer(112u << 23)) >> 13;
  Num result = select(a < a.integer(113u << 23), subnormal, normal);
  result = select(a < a.integer(0x477ff000), result, a.integer(0x7c00)); // from 65520 on
  result = select(isNan(x), ((a >> 13) & a.integer(0x3ff)) | a.integer(0x7e00), result);
  return resize(result | sign, 16);
}

Num narrowToOdd(Num x) {
  Num nearest = narrow(x), back = widen(nearest), bits = nearest.bits();
  Num one = bits.integer(1), zero = bits.integer(0);
  Num cut = bits - select(abs(x) < abs(back), one, zero);
  Num isExact = (back == x) | isNan(x);
  return select(isExact, bits, cut | one).real();
}

} // namespace ntc::codegen::cpu
