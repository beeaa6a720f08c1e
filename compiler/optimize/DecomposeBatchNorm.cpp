// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batch normalization in terms of sums over the batch. The variance is the mean of squared
// distances from the mean, not the difference of two large numbers. The distances and the
// reciprocal deviation are the very operations that the derivative rule builds, so that removal of
// common subexpressions shares them with the backward pass.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Decompose.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// %y, %mean, %variance = nn.batch_norm %x, %scale, %bias {epsilon}          N elements per channel
// ->  %mean = sum(%x) / N,  %centered = %x - %mean,  %variance = sum(%centered^2) / N
//     %y = %centered * (%scale * rsqrt(%variance + epsilon)) + %bias
LogicalResult decomposeBatchNorm(BatchNormOp op, PatternRewriter &rewriter) {
  Expr x(rewriter, op.getLoc(), op.getInput());
  SmallVector<int64_t> axes = otherAxes(x.type().getRank(), 1);
  double count =
      static_cast<double>(x.type().getNumElements()) / static_cast<double>(x.type().getDimSize(1));
  auto perElement = [&](Expr channels) { return spread(channels, x.type(), axes); };

  Expr mean = sum(x, axes) / count;
  Expr centered = x - perElement(mean);
  Expr variance = sum(centered * centered, axes) / count;
  Expr factor = x.with(op.getScale()) * rsqrt(variance + op.getEpsilon().convertToDouble());
  Expr y = centered * perElement(factor) + perElement(x.with(op.getBias()));
  rewriter.replaceOp(op, ValueRange{y, mean, variance});
  return success();
}

} // namespace

void populateDecomposeBatchNormPatterns(RewritePatternSet &patterns) {
  patterns.add(decomposeBatchNorm);
}

} // namespace ntc::optimize
