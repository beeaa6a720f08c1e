// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions as polynomials, for scalars and vectors of f32 and f64. Every function takes
// all floats: NaN gives NaN, infinities and zeros give what C's functions give. The errors that
// were measured are listed in docs/numerics.md.
//
// f32 is computed in f32 where a formula reaches one unit in the last place with it, else in f64
// with polynomials that are as long as f32 needs (`Digits::Single`).
#pragma once

#include "codegen/cpu/math/Num.h"

namespace ntc::codegen::cpu {

/// How many digits of an f64 result are asked for.
enum class Digits { Full, Single };

Num expOf(Num x);
Num tanhOf(Num x);
/// 1 / (1 + exp(-x)).
Num sigmoidOf(Num x);
Num logOf(Num x);
/// log(1 + x).
Num log1pOf(Num x);
/// f64 only.
Num erfOf(Num x, Digits digits);
Num sinOf(Num x, Digits digits);
Num cosOf(Num x, Digits digits);
Num powOf(Num x, Num y, Digits digits);
/// The greatest integer that is not above x, without an instruction for it.
Num floorOf(Num x);

// What functions share.

/// exp(high + low) for f64 |low| much smaller than |high|; overflows to infinity and 0.
Num expOfSum(Num high, Num low);

/// x = 2^exponent * (1 + fraction), fraction between -1/3 and 0.42; for x > 0.
struct Decomposed {
  Num exponent; ///< as a float
  Num fraction;
};
Decomposed decompose(Num x);

/// x = quadrant * pi / 2 + high + low, |high| at most pi / 4 and a little; x finite, f64. `low` is
/// 0 for single digits.
struct Angle {
  Num quadrant; ///< an integer, modulo 4 in its two low bits
  Num high, low;
};
Angle reduceAngle(Num x, Digits digits);

} // namespace ntc::codegen::cpu
