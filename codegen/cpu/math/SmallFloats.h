// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between f32 and the floats of 16 bits, by integer operations: what not every
// processor has as instructions and no library of the artifact provides. bf16 is always converted
// so, since the instructions that exist flush subnormals.
#pragma once

#include "codegen/cpu/math/Num.h"

namespace ntc::codegen::cpu {

/// From bits of 16 to f32, exactly; NaN stays NaN.
Num bfloat16ToFloat(Num bits);
Num halfToFloat(Num bits);
/// From f32 to bits of 16, to the nearest, ties to even; NaN becomes a quiet NaN.
Num floatToBfloat16(Num x);
Num floatToHalf(Num x);
/// f64 as f32 such that a second rounding to fewer digits gives what one rounding would: cut, with
/// the last digit 1 if anything was lost.
Num narrowToOdd(Num x);

} // namespace ntc::codegen::cpu
