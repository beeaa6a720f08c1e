// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the CPU back end.
#ifndef NTC_CODEGEN_CPU_PASSES
#define NTC_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def ApproximateMath : Pass<"ntc-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Writes exp, log, tanh, erf, sin, pow, … and small floats as operations that need no library";
  let description = [{
    Elementary functions of f32 and f64, scalars and vectors, become polynomials and integer operations; afterwards `math`
    holds only operations that are instructions (absolute value, square root, copysign, fused multiply-add and floor, the
    last two only where the target has them). Operations on floats of 16 bits are computed in f32 and rounded; conversions
    of bf16, and of f16 without `has-half`, become integer operations. Changes precision: errors are measured in
    docs/numerics.md. NaN, infinities, zeros and subnormals give what C's functions give.
  }];
  let options = [
    Option<"hasFma", "has-fma", "bool", /*default=*/"true", "Fused multiply-add is an instruction">,
    Option<"hasFloor", "has-floor", "bool", /*default=*/"true", "Rounding down is an instruction">,
    Option<"hasHalf", "has-half", "bool", /*default=*/"true", "Conversions between f16 and f32 are instructions">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

#endif
