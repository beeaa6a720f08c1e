// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merges elementwise linalg operations into their consumers with upstream's fusion, under a policy
// of our own.

#include "compiler/fuse/IterationSpace.h"
#include "compiler/fuse/Passes.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace ntc::fuse {

#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/fuse/Passes.h.inc"

/// A body that computes nothing: it yields arguments or constants.
static bool onlyMoves(linalg::LinalgOp op) {
  return op->getRegion(0).front().getOperations().size() == 1;
}

/// May the producer of `operand` be merged into its owner?
static bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || producer.getNumReductionLoops() != 0) {
    return false;
  }
  if (onlyMoves(producer)) {
    return true;
  }
  if (isContraction(consumer) || winnerForm(consumer)) {
    return false;
  }
  // Where the consumer reads an element more than once (a broadcast, a window), computing it once
  // is cheaper.
  if (!consumer.getMatchingIndexingMap(operand).isPermutation()) {
    return false;
  }
  return llvm::all_equal(producer->getUsers()) || producer->hasOneUse();
}

namespace {

struct FuseElementwise : impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace ntc::fuse
