// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that move elements: index maps of linalg.generic where every result element has one
// source, slices of a destination otherwise.

#include "compiler/fuse/LowerToLinalg.h"

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

static Value copyElement(OpBuilder &, Location, ValueRange x) { return x[0]; }

/// The result's element at an index is the input's element at `exprs` of that index.
static SmallVector<Value> move(OpBuilder &b, Location loc, Value input, RankedTensorType result,
                               ArrayRef<AffineExpr> exprs) {
  return {elementwise(b, loc, result, input,
                      AffineMap::get(result.getRank(), 0, exprs, b.getContext()), copyElement)};
}

static SmallVector<Value> lowerConstant(OpBuilder &b, nn::ConstantOp op) {
  return {arith::ConstantOp::create(b, op.getLoc(), cast<TypedAttr>(op.getValue()))};
}

static SmallVector<Value> lowerTranspose(OpBuilder &b, nn::TransposeOp op) {
  SmallVector<AffineExpr> exprs(op.getPermutation().size());
  for (auto [result, input] : llvm::enumerate(op.getPermutation())) {
    exprs[input] = b.getAffineDimExpr(result);
  }
  return move(b, op.getLoc(), op.getInput(), typeOf(op.getOutput()), exprs);
}

static SmallVector<Value> lowerBroadcast(OpBuilder &b, nn::BroadcastOp op) {
  auto input = typeOf(op.getInput()), result = typeOf(op.getOutput());
  SmallVector<AffineExpr> exprs;
  for (auto [d, target] : llvm::enumerate(op.getDims())) {
    bool repeated = input.getDimSize(d) == 1 && result.getDimSize(target) != 1;
    exprs.push_back(repeated ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(target));
  }
  return move(b, op.getLoc(), op.getInput(), result, exprs);
}

/// A leading part of a dimension is indexed by the loop itself, which linalg takes for the whole
/// dimension: such slices are extractions.
static SmallVector<Value> lowerSlice(OpBuilder &b, nn::SliceOp op) {
  auto input = typeOf(op.getInput()), result = typeOf(op.getOutput());
  for (int64_t d = 0; d < result.getRank(); ++d) {
    if (op.getStarts()[d] == 0 && op.getStrides()[d] == 1 &&
        input.getDimSize(d) != result.getDimSize(d)) {
      return {
          tensor::ExtractSliceOp::create(b, op.getLoc(), result, op.getInput(),
                                         getAsIndexOpFoldResult(b.getContext(), op.getStarts()),
                                         getAsIndexOpFoldResult(b.getContext(), result.getShape()),
                                         getAsIndexOpFoldResult(b.getContext(), op.getStrides()))};
    }
  }
  SmallVector<AffineExpr> exprs;
  for (auto [d, start, stride] : llvm::enumerate(op.getStarts(), op.getStrides())) {
    exprs.push_back(b.getAffineDimExpr(d) * stride + start);
  }
  return move(b, op.getLoc(), op.getInput(), typeOf(op.getOutput()), exprs);
}

static SmallVector<Value> lowerPad(OpBuilder &b, nn::PadOp op) {
  return {padded(b, op.getLoc(), op.getInput(), op.getLow(), op.getHigh(), op.getInterior(),
                 op.getValue().convertToDouble())};
}

static SmallVector<Value> lowerConcat(OpBuilder &b, nn::ConcatOp op) {
  auto result = typeOf(op.getOutput());
  Value target =
      tensor::EmptyOp::create(b, op.getLoc(), result.getShape(), result.getElementType());
  SmallVector<int64_t> offsets(result.getRank(), 0), steps(result.getRank(), 1);
  for (Value input : op.getInputs()) {
    auto shape = typeOf(input).getShape();
    target = tensor::InsertSliceOp::create(b, op.getLoc(), input, target,
                                           getAsIndexOpFoldResult(b.getContext(), offsets),
                                           getAsIndexOpFoldResult(b.getContext(), shape),
                                           getAsIndexOpFoldResult(b.getContext(), steps));
    offsets[op.getAxis()] += shape[op.getAxis()];
  }
  return {target};
}

static SmallVector<Value> lowerOneHot(OpBuilder &b, nn::OneHotOp op) {
  auto result = typeOf(op.getOutput());
  int64_t axis = op.getAxis();
  SmallVector<AffineExpr> exprs;
  for (int64_t d = 0; d < result.getRank(); ++d) {
    if (d != axis) {
      exprs.push_back(b.getAffineDimExpr(d));
    }
  }
  AffineMap map = AffineMap::get(result.getRank(), 0, exprs, b.getContext());
  return {elementwise(
      b, op.getLoc(), result, op.getIndices(), map,
      [&](OpBuilder &body, Location loc, ValueRange x) -> Value {
        Value here = arith::IndexCastOp::create(body, loc, x[0].getType(),
                                                linalg::IndexOp::create(body, loc, axis));
        Value hot = arith::CmpIOp::create(body, loc, arith::CmpIPredicate::eq, x[0], here);
        Type element = result.getElementType();
        return arith::SelectOp::create(body, loc, hot, scalar(body, loc, element, 1),
                                       scalar(body, loc, element, 0));
      })};
}

void populateShapeLowering(RewritePatternSet &patterns) {
  addLowering<nn::ConstantOp>(patterns, lowerConstant);
  addLowering<nn::TransposeOp>(patterns, lowerTranspose);
  addLowering<nn::BroadcastOp>(patterns, lowerBroadcast);
  addLowering<nn::SliceOp>(patterns, lowerSlice);
  addLowering<nn::PadOp>(patterns, lowerPad);
  addLowering<nn::ConcatOp>(patterns, lowerConcat);
  addLowering<nn::OneHotOp>(patterns, lowerOneHot);
}

} // namespace ntc::fuse
