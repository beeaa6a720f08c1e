// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the lowerings of the categories of nn operations to linalg share.
#pragma once

#include "dialects/nn/Nn.h"
#include "dialects/nn/Windows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace ntc::fuse {

using mlir::AffineExpr;
using mlir::AffineMap;
using mlir::ArrayRef;
using mlir::Location;
using mlir::OpBuilder;
using mlir::RankedTensorType;
using mlir::SmallVector;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// Builds the scalar body of a linalg.generic from its block arguments (inputs, then outputs);
/// returns what it yields.
using Payload = llvm::function_ref<Value(OpBuilder &, Location, ValueRange)>;

inline RankedTensorType typeOf(Value value) {
  return mlir::cast<RankedTensorType>(value.getType());
}

/// A scalar constant of a float or integer `type`.
Value scalar(OpBuilder &b, Location loc, Type type, double value);

/// The beginning of a reduction into `type`: tensor.empty and linalg.fill.
Value filled(OpBuilder &b, Location loc, RankedTensorType type, double value);

/// An elementwise operation over the result's index space: operand i is read through `maps[i]`.
Value elementwise(OpBuilder &b, Location loc, RankedTensorType result, ValueRange inputs,
                  ArrayRef<AffineMap> maps, Payload payload);

/// The same with identity maps: all inputs have the result's shape.
Value elementwise(OpBuilder &b, Location loc, RankedTensorType result, ValueRange inputs,
                  Payload payload);

/// A reduction: loops are the result's dimensions followed by `reduced`.size() reduction dimensions
/// of those extents; input i is read through `maps[i]`. The payload's last argument is the
/// accumulator, which begins as `init`.
Value reduction(OpBuilder &b, Location loc, RankedTensorType result, double init,
                ArrayRef<int64_t> reduced, ValueRange inputs, ArrayRef<AffineMap> maps,
                Payload payload);

/// `input` with constant elements before, after and between its own, as nn.pad. Returns `input`
/// itself where nothing is added.
Value padded(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
             ArrayRef<int64_t> interior, double value);

/// The same of the spatial dimensions of (B, C, spatial...), with zeros.
Value padSpatial(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low,
                 ArrayRef<int64_t> high, ArrayRef<int64_t> interior);

/// The body of a sum of products: x[2] + x[0] * x[1], in the type of x[2].
Value multiplyAdd(OpBuilder &b, Location loc, ValueRange x);

/// What `operand` was before it was widened from bf16: widening is part of the sum then, and what
/// is padded and copied on the way has half the bytes.
Value narrowOperand(Value operand);

/// How the gradient by the input of windowed operations reads the gradient of its output: input
/// element y receives from window i at offset u where i * stride = y + padLow - u * dilation. With
/// the output gradient spread by the strides and padded by `low`, the element to read is y - u *
/// dilation + `shift`; positions that no window has read padding.
struct TransposedWindows {
  SmallVector<int64_t> low, high, interior, shift;
  ArrayRef<int64_t> dilations;
  TransposedWindows(const ir::nn::Windows &windows, ArrayRef<int64_t> inputSizes,
                    ArrayRef<int64_t> windowCounts);
  SmallVector<AffineExpr> coordinates(ArrayRef<AffineExpr> position,
                                      ArrayRef<AffineExpr> offset) const;
};

/// Do the windows lie side by side and cover an input of `sizes` exactly with `counts` windows?
bool windowsTileInput(const ir::nn::Windows &windows, ArrayRef<int64_t> sizes,
                      ArrayRef<int64_t> counts);

/// Into how many runs of samples the sum of a weight's gradient is cut, each with a partial sum of
/// its own, so that groups of work read every sample once: a divisor of the batch size that depends
/// on sizes only. 1 where the partial sums would be large against the tensors that are summed.
int64_t partialSums(RankedTensorType dweight, RankedTensorType input, RankedTensorType doutput);

/// The sum over the first dimension, in order.
Value addPartialSums(OpBuilder &b, Location loc, Value partial);

/// In a linalg body: `value` where `winner` (i32) is the row-major index of the offset in the
/// window that `offsetLoops` are at, else 0.
Value winnersShare(OpBuilder &b, Location loc, Value value, Value winner,
                   ArrayRef<unsigned> offsetLoops, ArrayRef<int64_t> kernel);

/// Lowerings by category; each adds one pattern per operation.
void populateElementwiseLowering(mlir::RewritePatternSet &patterns);
void populateReductionLowering(mlir::RewritePatternSet &patterns);
void populateContractionLowering(mlir::RewritePatternSet &patterns);
void populatePoolingLowering(mlir::RewritePatternSet &patterns);
void populateShapeLowering(mlir::RewritePatternSet &patterns);
void populateRandomLowering(mlir::RewritePatternSet &patterns);

/// A pattern from a function: `Op` is replaced by the values that `build` returns.
template <typename Op> struct Lowering : mlir::OpRewritePattern<Op> {
  using Build = SmallVector<Value> (*)(OpBuilder &, Op);
  Lowering(mlir::MLIRContext *context, Build build)
      : mlir::OpRewritePattern<Op>(context), build(build) {}
  mlir::LogicalResult matchAndRewrite(Op op, mlir::PatternRewriter &rewriter) const override {
    rewriter.replaceOp(op, build(rewriter, op));
    return mlir::success();
  }
  Build build;
};

template <typename Op>
void addLowering(mlir::RewritePatternSet &patterns, typename Lowering<Op>::Build build) {
  patterns.add<Lowering<Op>>(patterns.getContext(), build);
}

} // namespace ntc::fuse
