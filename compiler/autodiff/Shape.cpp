// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of operations that move elements: each is linear, its derivative is its transpose.
// Constants, one-hot encodings and random numbers have no rule: none of their operands is floating
// point, so no derivative ever reaches them.

#include "compiler/autodiff/Rules.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

/// dx of y = broadcast(x): dy summed over the dimensions that repeat x.
Expr unbroadcast(BroadcastOp op, Expr x, Expr dy) {
  SmallVector<int64_t> kept;
  for (auto [i, dim] : llvm::enumerate(op.getDims())) {
    if (x.type().getDimSize(i) == dy.type().getDimSize(dim)) {
      kept.push_back(dim);
    }
  }
  return reshape(sum(dy, otherAxes(dy.type().getRank(), kept)), x.type());
}

/// dx of y = slice(x): dy padded with zeros to the shape of x.
Expr unslice(SliceOp op, Expr x, Expr dy) {
  SmallVector<int64_t> high, interior;
  for (int64_t d = 0; d < x.type().getRank(); ++d) {
    int64_t last = op.getStarts()[d] + (dy.type().getDimSize(d) - 1) * op.getStrides()[d];
    high.push_back(x.type().getDimSize(d) - last - 1);
    interior.push_back(op.getStrides()[d] - 1);
  }
  return dy.make<PadOp>(dy, op.getStarts(), high, interior, APFloat(0.0));
}

/// dx of y = pad(x): the elements of dy where those of x went.
Expr unpad(PadOp op, Expr x, Expr dy) {
  SmallVector<int64_t> limits, strides;
  for (int64_t d = 0; d < x.type().getRank(); ++d) {
    strides.push_back(op.getInterior()[d] + 1);
    limits.push_back(op.getLow()[d] + (x.type().getDimSize(d) - 1) * strides[d] + 1);
  }
  return dy.make<SliceOp>(dy, op.getLow(), limits, strides);
}

/// Adds to each operand of a concatenation its part of dy.
void unconcat(ConcatOp op, Expr dy, Cotangents &d) {
  SmallVector<int64_t> starts(dy.type().getRank(), 0), limits(dy.type().getShape());
  SmallVector<int64_t> strides(dy.type().getRank(), 1);
  int64_t axis = op.getAxis(), begin = 0;
  for (Value input : op.getInputs()) {
    starts[axis] = begin;
    begin += d.at(input).type().getDimSize(axis);
    limits[axis] = begin;
    d.add(input, [&] { return dy.make<SliceOp>(dy, starts, limits, strides); });
  }
}

} // namespace

void attachShapeRules(MLIRContext &context) {
  rule<ReshapeOp>(context, [](ReshapeOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return reshape(dy, d.at(op.getInput()).type()); });
  });
  rule<TransposeOp>(context, [](TransposeOp op, Expr dy, Cotangents &d) {
    SmallVector<int64_t> inverse(op.getPermutation().size());
    for (auto [i, from] : llvm::enumerate(op.getPermutation())) {
      inverse[from] = i;
    }
    d.add(op.getInput(), [&] { return dy.make<TransposeOp>(dy, inverse); });
  });
  rule<BroadcastOp>(context, [](BroadcastOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return unbroadcast(op, d.at(op.getInput()), dy); });
  });
  rule<SliceOp>(context, [](SliceOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return unslice(op, d.at(op.getInput()), dy); });
  });
  rule<PadOp>(context, [](PadOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return unpad(op, d.at(op.getInput()), dy); });
  });
  rule<ConcatOp>(context, [](ConcatOp op, Expr dy, Cotangents &d) { unconcat(op, dy, d); });
}

} // namespace ntc::autodiff
