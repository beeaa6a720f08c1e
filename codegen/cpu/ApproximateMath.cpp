// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions as polynomials, so that vectors need no calls.

#include "codegen/cpu/Passes.h"

#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace ntc::codegen::cpu {

#define GEN_PASS_DEF_APPROXIMATEMATH
#include "codegen/cpu/Passes.h.inc"

namespace {

struct ApproximateMath : impl::ApproximateMathBase<ApproximateMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // Not sin and cos, whose approximations reduce the argument in one step and lose digits near
    // multiples of pi.
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name != math::SinOp::getOperationName() && name != math::CosOp::getOperationName();
    });
    // Conversions that only some processors have as instructions, and libm not at all.
    arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace ntc::codegen::cpu
