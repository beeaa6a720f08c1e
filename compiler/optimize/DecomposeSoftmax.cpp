// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax and its logarithm in terms of exponentials and sums. The maximum along the axis is
// subtracted first, so that no exponential exceeds 1 and at least one is 1: neither overflow nor a
// logarithm of 0 can occur for finite inputs.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Decompose.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

/// `x` minus its maximum along `axis`.
Expr shifted(Expr x, int64_t axis) { return x - spread(max(x, axis), x.type(), axis); }

// %y = nn.softmax %x {axis}
// ->  %e = exp(%x - max(%x)),  %y = %e / sum(%e)
LogicalResult decomposeSoftmax(SoftmaxOp op, PatternRewriter &rewriter) {
  int64_t axis = op.getAxis();
  Expr e = exp(shifted({rewriter, op.getLoc(), op.getInput()}, axis));
  rewriter.replaceOp(op, Value(e / spread(sum(e, axis), e.type(), axis)));
  return success();
}

// %y = nn.log_softmax %x {axis}
// ->  %z = %x - max(%x),  %y = %z - log(sum(exp(%z)))
LogicalResult decomposeLogSoftmax(LogSoftmaxOp op, PatternRewriter &rewriter) {
  int64_t axis = op.getAxis();
  Expr z = shifted({rewriter, op.getLoc(), op.getInput()}, axis);
  rewriter.replaceOp(op, Value(z - spread(log(sum(exp(z), axis)), z.type(), axis)));
  return success();
}

} // namespace

void populateDecomposeSoftmaxPatterns(RewritePatternSet &patterns) {
  patterns.add(decomposeSoftmax);
  patterns.add(decomposeLogSoftmax);
}

} // namespace ntc::optimize
