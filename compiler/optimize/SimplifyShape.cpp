// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that move elements. All rewrites are exact: every element keeps its bits.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// transpose(transpose(a)) -> transpose(a), permutations composed
LogicalResult transposeOfTranspose(TransposeOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<TransposeOp>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> composed;
  for (int64_t from : op.getPermutation()) {
    composed.push_back(inner.getPermutation()[from]);
  }
  rewriter.replaceOpWithNewOp<TransposeOp>(op, inner.getInput(), composed);
  return success();
}

// transpose(a) -> reshape(a), where only dimensions of size 1 change places
LogicalResult transposeOfUnits(TransposeOp op, PatternRewriter &rewriter) {
  int64_t last = -1;
  for (int64_t from : op.getPermutation()) {
    if (typeOf(op.getInput()).getDimSize(from) == 1) {
      continue;
    }
    if (from < last) {
      return failure();
    }
    last = from;
  }
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
  return success();
}

// slice(slice(a)) -> slice(a), offsets and strides composed
LogicalResult sliceOfSlice(SliceOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<SliceOp>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> starts, limits, strides;
  for (int64_t d = 0; d < typeOf(op).getRank(); ++d) {
    starts.push_back(inner.getStarts()[d] + op.getStarts()[d] * inner.getStrides()[d]);
    strides.push_back(inner.getStrides()[d] * op.getStrides()[d]);
    limits.push_back(starts[d] + (typeOf(op).getDimSize(d) - 1) * strides[d] + 1);
  }
  rewriter.replaceOpWithNewOp<SliceOp>(op, inner.getInput(), starts, limits, strides);
  return success();
}

// slice(pad(a)) -> a, where the slice takes exactly the elements of a
LogicalResult sliceOfPad(SliceOp op, PatternRewriter &rewriter) {
  auto pad = op.getInput().getDefiningOp<PadOp>();
  if (!pad || pad.getInput().getType() != op.getType()) {
    return failure();
  }
  for (int64_t d = 0; d < typeOf(op).getRank(); ++d) {
    bool stridesMatch =
        typeOf(op).getDimSize(d) == 1 || op.getStrides()[d] == pad.getInterior()[d] + 1;
    if (op.getStarts()[d] != pad.getLow()[d] || !stridesMatch) {
      return failure();
    }
  }
  rewriter.replaceOp(op, pad.getInput());
  return success();
}

// slice(concat(a, b, ...)) -> slice(b), where the slice lies within b
LogicalResult sliceOfConcat(SliceOp op, PatternRewriter &rewriter) {
  auto concat = op.getInput().getDefiningOp<ConcatOp>();
  if (!concat) {
    return failure();
  }
  int64_t axis = concat.getAxis(), begin = 0;
  for (Value input : concat.getInputs()) {
    int64_t end = begin + typeOf(input).getDimSize(axis);
    if (op.getStarts()[axis] >= begin && op.getLimits()[axis] <= end) {
      SmallVector<int64_t> starts(op.getStarts()), limits(op.getLimits());
      starts[axis] -= begin;
      limits[axis] -= begin;
      rewriter.replaceOpWithNewOp<SliceOp>(op, input, starts, limits, op.getStrides());
      return success();
    }
    begin = end;
  }
  return failure();
}

} // namespace

void populateSimplifyShapePatterns(RewritePatternSet &patterns) {
  patterns.add(transposeOfTranspose);
  patterns.add(transposeOfUnits);
  patterns.add(sliceOfSlice);
  patterns.add(sliceOfPad);
  patterns.add(sliceOfConcat);
}

} // namespace ntc::optimize
