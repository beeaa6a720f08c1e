// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the CPU back end.
#ifndef NTC_CODEGEN_CPU_PASSES
#define NTC_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def ApproximateMath : Pass<"ntc-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Writes f32 vectors' exp, log, tanh, erf, … as polynomials";
  let description = [{
    Applies upstream's polynomial approximations, which work on f32, and leaves f64, sin, cos and pow to libm. Changes
    precision: results differ from correctly rounded ones by a few units in the last place.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif
