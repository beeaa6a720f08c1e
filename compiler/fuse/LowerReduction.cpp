// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions as linalg.generic with reduction iterators.

#include "compiler/fuse/LowerToLinalg.h"

#include <limits>

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

/// The loops of a reduction over `axes` are the kept dimensions, then the axes: the map from loops
/// to the input.
static AffineMap inputMap(MLIRContext *context, int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> results(rank);
  unsigned kept = 0, reduced = rank - axes.size();
  for (int64_t d = 0; d < rank; ++d) {
    results[d] = getAffineDimExpr(llvm::is_contained(axes, d) ? reduced++ : kept++, context);
  }
  return AffineMap::get(rank, 0, results, context);
}

template <typename Op>
static SmallVector<Value> lowerReduce(OpBuilder &b, Op op, double init, Payload payload) {
  auto type = typeOf(op.getInput());
  SmallVector<int64_t> extents;
  for (int64_t axis : op.getAxes()) {
    extents.push_back(type.getDimSize(axis));
  }
  return {reduction(b, op.getLoc(), typeOf(op.getOutput()), init, extents, op.getInput(),
                    inputMap(b.getContext(), type.getRank(), op.getAxes()), payload)};
}

template <typename Float, typename Integer>
static Value combine(OpBuilder &b, Location loc, ValueRange x) {
  if (isa<FloatType>(x[0].getType())) {
    return Float::create(b, loc, x[1], x[0]);
  }
  return Integer::create(b, loc, x[1], x[0]);
}

/// The larger or smaller of two; of booleans, true is the larger.
template <typename Float, typename Integer, typename Boolean>
static Value combineExtreme(OpBuilder &b, Location loc, ValueRange x) {
  if (x[0].getType().isInteger(1)) {
    return Boolean::create(b, loc, x[1], x[0]);
  }
  return combine<Float, Integer>(b, loc, x);
}

static SmallVector<Value> lowerSum(OpBuilder &b, nn::ReduceSumOp op) {
  return lowerReduce(b, op, 0.0, combine<arith::AddFOp, arith::AddIOp>);
}

/// The identity of a maximum (sign = -1) or minimum (sign = 1) over `type`.
static double extreme(Type type, double sign) {
  if (isa<FloatType>(type)) {
    return sign * std::numeric_limits<double>::infinity();
  }
  if (type.isInteger(1)) {
    return sign < 0 ? 0 : 1;
  }
  double bound = std::ldexp(1.0, type.getIntOrFloatBitWidth() - 1);
  return sign < 0 ? -bound : bound == 0x1p63 ? bound : bound - 1;
}

static SmallVector<Value> lowerMax(OpBuilder &b, nn::ReduceMaxOp op) {
  return lowerReduce(b, op, extreme(typeOf(op.getInput()).getElementType(), -1),
                     combineExtreme<arith::MaximumFOp, arith::MaxSIOp, arith::OrIOp>);
}

static SmallVector<Value> lowerMin(OpBuilder &b, nn::ReduceMinOp op) {
  return lowerReduce(b, op, extreme(typeOf(op.getInput()).getElementType(), 1),
                     combineExtreme<arith::MinimumFOp, arith::MinSIOp, arith::AndIOp>);
}

void populateReductionLowering(RewritePatternSet &patterns) {
  addLowering<nn::ReduceSumOp>(patterns, lowerSum);
  addLowering<nn::ReduceMaxOp>(patterns, lowerMax);
  addLowering<nn::ReduceMinOp>(patterns, lowerMin);
}

} // namespace ntc::fuse
