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

/// Into how many runs of samples a sum over the batch and more is cut: a divisor of the batch size.
/// 1 where the tensor is small, or its result large enough to divide the work by.
static int64_t runsOf(nn::ReduceSumOp op) {
  constexpr int64_t kMost = 16, kLarge = 64 * 1024, kFewResults = 256;
  auto type = typeOf(op.getInput());
  if (op.getAxes().size() < 2 || op.getAxes().front() != 0 || type.getNumElements() < kLarge ||
      typeOf(op.getOutput()).getNumElements() > kFewResults) {
    return 1;
  }
  int64_t runs = std::min(kMost, type.getDimSize(0));
  while (type.getDimSize(0) % runs != 0) {
    --runs;
  }
  return runs;
}

/// A large sum over the batch and more: a partial sum per run of samples, and the sum of these, so
/// that groups of work read whole samples.
static SmallVector<Value> lowerSumInRuns(OpBuilder &b, nn::ReduceSumOp op, int64_t runs) {
  auto type = typeOf(op.getInput()), result = typeOf(op.getOutput());
  int64_t rank = type.getRank(), samples = type.getDimSize(0) / runs;
  unsigned kept = 1, reduced = 1 + result.getRank();
  SmallVector<AffineExpr> exprs;
  SmallVector<int64_t> extents, shape(result.getShape());
  shape.insert(shape.begin(), runs);
  for (int64_t d = 0; d < rank; ++d) {
    bool sums = llvm::is_contained(op.getAxes(), d);
    AffineExpr loop = b.getAffineDimExpr(sums ? reduced++ : kept++);
    exprs.push_back(d == 0 ? b.getAffineDimExpr(0) * samples + loop : loop);
    if (sums) {
      extents.push_back(d == 0 ? samples : type.getDimSize(d));
    }
  }
  Value partial = reduction(b, op.getLoc(), result.clone(shape), 0.0, extents, op.getInput(),
                            AffineMap::get(rank + 1, 0, exprs, b.getContext()),
                            combine<arith::AddFOp, arith::AddIOp>);
  return {addPartialSums(b, op.getLoc(), partial)};
}

static SmallVector<Value> lowerSum(OpBuilder &b, nn::ReduceSumOp op) {
  if (int64_t runs = runsOf(op);
      runs > 1 && isa<FloatType>(typeOf(op.getInput()).getElementType())) {
    return lowerSumInRuns(b, op, runs);
  }
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
