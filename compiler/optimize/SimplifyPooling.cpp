// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradients of maximum pooling: what can be done to the few elements of the pooled gradient is not
// done to the many of the input's. The mask is exact, the sum is taken in another order.

#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// select(x <> c, max_pool_dx(dy, winner), 0), winner of a pooling y of x
//   -> max_pool_dx(select(y <> c, dy, 0), winner)
// A gradient goes to elements that equal the maximum of their window, and it is zero elsewhere.
LogicalResult maskOfMaxPoolDx(SelectOp op, PatternRewriter &rewriter) {
  auto mask = op.getCondition().getDefiningOp<CompareOp>();
  auto dx = op.getOnTrue().getDefiningOp<MaxPoolDxOp>();
  auto pool = dx ? dx.getWinner().getDefiningOp<MaxPoolOp>() : MaxPoolOp();
  std::optional<double> bound = mask ? splatNumber(mask.getRhs()) : std::nullopt;
  if (!pool || !bound || mask.getLhs() != pool.getInput() || !isSplat(op.getOnFalse(), 0.0) ||
      !dx->hasOneUse()) {
    return failure();
  }
  auto constant = [&](double number) -> Value {
    auto type = typeOf(pool.getOutput());
    auto element = rewriter.getFloatAttr(type.getElementType(), number);
    return ConstantOp::create(rewriter, op.getLoc(), type, DenseElementsAttr::get(type, element));
  };
  auto flags = typeOf(pool.getOutput()).clone(rewriter.getI1Type());
  Value wins = CompareOp::create(rewriter, op.getLoc(), flags, mask.getPredicate(),
                                 pool.getOutput(), constant(*bound));
  Value masked = SelectOp::create(rewriter, op.getLoc(), dx.getDoutput().getType(), wins,
                                  dx.getDoutput(), constant(0.0));
  auto moved = cast<MaxPoolDxOp>(rewriter.clone(*dx));
  moved.getDoutputMutable().assign(masked);
  rewriter.replaceOp(op, moved.getDinput());
  return success();
}

// reduce_sum(max_pool_dx(dy, winner)) over all positions -> reduce_sum(dy); without padding every
// window has a winner.
LogicalResult sumOfMaxPoolDx(ReduceSumOp op, PatternRewriter &rewriter) {
  auto dx = op.getInput().getDefiningOp<MaxPoolDxOp>();
  auto isZero = [](int64_t pad) { return pad == 0; };
  if (!dx || !llvm::all_of(dx.getPadsLow(), isZero) || !llvm::all_of(dx.getPadsHigh(), isZero)) {
    return failure();
  }
  for (int64_t d = 2; d < typeOf(dx.getDinput()).getRank(); ++d) {
    if (!llvm::is_contained(op.getAxes(), d)) {
      return failure();
    }
  }
  rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(dx.getDoutput()); });
  return success();
}

} // namespace

void populateSimplifyPoolingPatterns(RewritePatternSet &patterns) {
  patterns.add(maskOfMaxPoolDx);
  patterns.add(sumOfMaxPoolDx);
}

} // namespace ntc::optimize
