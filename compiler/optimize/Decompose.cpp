// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decompose: from composite operations to elementwise operations and reductions, which fusion and
// every back end know.

#include "compiler/optimize/Decompose.h"
#include "compiler/optimize/Passes.h"

#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace ntc::optimize {

#define GEN_PASS_DEF_DECOMPOSE
#include "compiler/optimize/Passes.h.inc"

namespace {

struct Decompose : impl::DecomposeBase<Decompose> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateDecomposeSoftmaxPatterns(patterns);
    populateDecomposeBatchNormPatterns(patterns);
    populateDecomposeArgmaxPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace

} // namespace ntc::optimize
