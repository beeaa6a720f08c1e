// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Merges elementwise linalg operations into their consumers with upstream's fusion, under a policy
// of our own.

#include "compiler/fuse/DispatchNames.h"
#include "compiler/fuse/IterationSpace.h"
#include "compiler/fuse/Passes.h"
#include "compiler/fuse/WinnerForm.h"
#include "dialects/LocalRewrites.h"
#include "dialects/train/Train.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace ntc::fuse {

#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "compiler/fuse/Passes.h.inc"

/// A body that computes nothing: it yields arguments or constants, or an argument widened, which
/// costs less than to store and load the wide numbers.
static bool onlyMoves(linalg::LinalgOp op) {
  Block &body = op->getRegion(0).front();
  return body.getOperations().size() == 1 ||
         (body.getOperations().size() == 2 && isa<arith::ExtFOp>(body.front()));
}

/// Does `op` round a state to bf16? A contraction does that better itself while it copies what it
/// reads: the rounded numbers need no memory.
static bool roundsState(linalg::GenericOp op) {
  Block &body = op.getRegion().front();
  return body.getOperations().size() == 2 && isa<arith::TruncFOp>(body.front()) &&
         getElementTypeOrSelf(op.getResult(0)).isBF16() &&
         op.getInputs()[0].getDefiningOp<ir::train::ReadOp>();
}

/// Does the consumer read an element of `operand` at most once? Else (a broadcast, a window)
/// computing it once is cheaper.
static bool readsOnce(linalg::GenericOp consumer, OpOperand *operand) {
  auto type = cast<RankedTensorType>(operand->get().getType());
  return consumer.getMatchingIndexingMap(operand).isPermutation() ||
         describeNest(consumer).points() <= type.getNumElements();
}

/// Is `producer` a formula of one or two steps on one tensor of its size (others are smaller), and
/// do all who read it take it in? Then everybody reads that tensor instead, and it needs no memory.
static bool isRecomputed(linalg::GenericOp producer) {
  constexpr int64_t kMostSteps = 2;
  auto result = cast<RankedTensorType>(producer.getResult(0).getType());
  Block &body = producer.getRegion().front();
  bool cheap = static_cast<int64_t>(body.getOperations().size()) <= kMostSteps + 1 &&
               llvm::all_of(body.without_terminator(), [](Operation &op) {
                 return isa<arith::AddFOp, arith::SubFOp, arith::MulFOp>(op);
               });
  int64_t large = llvm::count_if(producer.getInputs(), [&](Value input) {
    return cast<RankedTensorType>(input.getType()).getNumElements() >= result.getNumElements();
  });
  return cheap && large == 1 && producer->getNumResults() == 1 &&
         llvm::all_of(producer->getUses(), [](OpOperand &use) {
           auto consumer = dyn_cast<linalg::GenericOp>(use.getOwner());
           return consumer && !isContraction(consumer) && !winnerForm(consumer) &&
                  readsOnce(consumer, &use);
         });
}

/// Why the producer of `operand` is not merged into its owner; empty if it is.
static StringRef whyNotFused(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || producer.getNumReductionLoops() != 0) {
    return "not an elementwise operation and its consumer";
  }
  if (onlyMoves(producer) || (isContraction(consumer) && roundsState(producer))) {
    return "";
  }
  if (isContraction(consumer) || winnerForm(consumer)) {
    return "it computes, and its consumer must stay a sum of products";
  }
  if (!readsOnce(consumer, operand)) {
    return "its consumer reads an element more than once";
  }
  bool alone = llvm::all_equal(producer->getUsers()) || producer->hasOneUse();
  return alone || isRecomputed(producer) ? "" : "it has other consumers";
}

static bool shouldFuse(OpOperand *operand) {
  constexpr auto opts = remark::RemarkOpts::name("fuse").category("fuse-elementwise");
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  StringRef whyNot = whyNotFused(operand);
  if (!producer || !producer->getContext()->getRemarkEngine()) {
    return whyNot.empty(); // names of layers are made for listeners only
  }
  if (whyNot.empty()) {
    remark::passed(producer.getLoc(), opts)
        << remark::add("computed inside {0}", layerName(operand->getOwner()->getLoc()));
  } else if (producer.getNumReductionLoops() == 0) {
    remark::missed(producer.getLoc(), opts) << remark::add(
        "not computed inside {0}: {1}", layerName(operand->getOwner()->getLoc()), whyNot);
  }
  return whyNot.empty();
}

namespace {

struct FuseElementwise : impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), localRewritesOnly()))) {
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace ntc::fuse
