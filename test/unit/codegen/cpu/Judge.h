// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference interpreter's verdict over compiled results: expected values in double precision
// and how far a correct program in the program's own types may be from them.
#pragma once

#include "test/unit/codegen/cpu/CpuProgram.h"

namespace ntc::codegen::cpu::test {

/// What the interpreter computes in double, and a bound for each result.
struct Verdict {
  Tensors expected;
  /// Per result the greatest allowed distance of an element, before the element's own ulps.
  std::vector<double> bounds;
};

/// Evaluates `computation` and derives its bounds; see the source for how.
Verdict judge(const Computation &computation);

/// Where `actual` is too far from the verdict: name, result, element, values; empty if nowhere. NaN
/// must meet NaN, integers and booleans must be equal. `worst`, if given, becomes the greatest
/// quotient of distance and bound.
std::string difference(const Computation &computation, const Verdict &verdict,
                       const Tensors &actual, double *worst = nullptr);

/// True if both hold the same bits.
bool sameBits(const Tensors &a, const Tensors &b);

} // namespace ntc::codegen::cpu::test
