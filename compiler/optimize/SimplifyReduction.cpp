// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions. Maxima and minima are exact. Sums are taken in another order, or a factor is applied
// after a sum instead of before, which rounds less often; factors move only in f32 and f64, since a
// narrower type may overflow in between.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// reduce(reduce(a)) -> reduce(a), axes merged
template <typename Op> LogicalResult reduceOfReduce(Op op, PatternRewriter &rewriter) {
  auto inner = op.getInput().template getDefiningOp<Op>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> kept = otherAxes(typeOf(inner.getInput()).getRank(), inner.getAxes());
  SmallVector<int64_t> axes(inner.getAxes());
  for (int64_t axis : op.getAxes()) {
    axes.push_back(kept[axis]);
  }
  llvm::sort(axes);
  rewriter.replaceOpWithNewOp<Op>(op, inner.getInput(), axes);
  return success();
}

// reduce(a) -> reshape(a), where all axes have size 1
template <typename Op> LogicalResult reduceOfUnits(Op op, PatternRewriter &rewriter) {
  if (typeOf(op.getInput()).getNumElements() != typeOf(op).getNumElements()) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
  return success();
}

// reduce(transpose(a)) -> transpose(reduce(a))
template <typename Op> LogicalResult reduceOfTranspose(Op op, PatternRewriter &rewriter) {
  auto inner = op.getInput().template getDefiningOp<TransposeOp>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> axes, permutation;
  for (int64_t axis : op.getAxes()) {
    axes.push_back(inner.getPermutation()[axis]);
  }
  llvm::sort(axes);
  SmallVector<int64_t> left = otherAxes(typeOf(inner.getInput()).getRank(), axes);
  for (int64_t axis : otherAxes(typeOf(inner).getRank(), op.getAxes())) {
    permutation.push_back(llvm::find(left, inner.getPermutation()[axis]) - left.begin());
  }
  Expr a(rewriter, op.getLoc(), inner.getInput());
  Expr reduced = a.make<Op>(a, axes);
  rewriter.replaceOp(op, Value(reduced.make<TransposeOp>(reduced, permutation)));
  return success();
}

/// How often `op` repeats its input along the dimension `axis` of its result; 1 where elements of
/// the input lie along it.
int64_t repetition(BroadcastOp op, int64_t axis) {
  auto found = llvm::find(op.getDims(), axis);
  int64_t size = typeOf(op).getDimSize(axis);
  if (found == op.getDims().end()) {
    return size;
  }
  int64_t before = typeOf(op.getInput()).getDimSize(found - op.getDims().begin());
  return before == size ? 1 : size / before;
}

/// True where the element type of `type` holds `number` exactly.
bool isExact(RankedTensorType type, int64_t number) {
  if (auto floatType = dyn_cast<FloatType>(type.getElementType())) {
    APFloat value(static_cast<double>(number));
    bool losesInfo = false;
    value.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return !losesInfo;
  }
  unsigned width = type.getElementTypeBitWidth();
  return width >= 64 || number < int64_t{1} << (width - 1);
}

// reduce(broadcast(a)) -> broadcast(reduce(a)), for sums times the number of repetitions; what the
// broadcast repeats along the reduced axes is not built at all
template <typename Op> LogicalResult reduceOfBroadcast(Op op, PatternRewriter &rewriter) {
  auto inner = op.getInput().template getDefiningOp<BroadcastOp>();
  if (!inner) {
    return failure();
  }
  int64_t count = 1;
  for (int64_t axis : op.getAxes()) {
    count *= repetition(inner, axis);
  }
  if (std::is_same_v<Op, ReduceSumOp> && !isExact(typeOf(op), count)) {
    return failure();
  }
  SmallVector<int64_t> left = otherAxes(typeOf(inner).getRank(), op.getAxes()), axes, dims;
  for (auto [i, dim] : llvm::enumerate(inner.getDims())) {
    if (llvm::is_contained(op.getAxes(), dim)) {
      axes.push_back(i);
    } else {
      dims.push_back(llvm::find(left, dim) - left.begin());
    }
  }
  Expr reduced =
      Expr(rewriter, op.getLoc(), inner.getInput()).template make<Op>(inner.getInput(), axes);
  if (std::is_same_v<Op, ReduceSumOp> && count != 1) {
    reduced = reduced * static_cast<double>(count);
  }
  rewriter.replaceOp(op, Value(broadcast(reduced, typeOf(op), dims)));
  return success();
}

// sum(-a) -> -sum(a) exact
LogicalResult sumOfNeg(ReduceSumOp op, PatternRewriter &rewriter) {
  auto neg = op.getInput().getDefiningOp<NegOp>();
  if (!neg) {
    return failure();
  }
  rewriter.replaceOp(op, Value(-sum(Expr(rewriter, op.getLoc(), neg.getInput()), op.getAxes())));
  return success();
}

/// `factor` without the dimensions `axes`, where it is the same along them: a splat, or a broadcast
/// that repeats it there.
Value reducedFactor(Expr factor, ArrayRef<int64_t> axes, RankedTensorType type) {
  if (std::optional<double> number = splatNumber(factor)) {
    return factor.make<ConstantOp>(splatOf(type, *number));
  }
  auto inner = Value(factor).getDefiningOp<BroadcastOp>();
  if (!inner ||
      llvm::any_of(axes, [&](int64_t axis) { return llvm::is_contained(inner.getDims(), axis); })) {
    return {};
  }
  SmallVector<int64_t> left = otherAxes(typeOf(inner).getRank(), axes), dims;
  for (int64_t dim : inner.getDims()) {
    dims.push_back(llvm::find(left, dim) - left.begin());
  }
  return broadcast(factor.with(inner.getInput()), type, dims);
}

// sum(a * c) -> sum(a) * c;  sum(a / c) -> sum(a) / c, c the same along the summed axes
template <typename Op> LogicalResult sumOfScaled(ReduceSumOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<Op>();
  if (!inner || !inner->hasOneUse() ||
      !(typeOf(op).getElementType().isF32() || typeOf(op).getElementType().isF64())) {
    return failure();
  }
  auto attempt = [&](Value a, Value c) {
    Expr place(rewriter, op.getLoc(), c);
    Value factor = reducedFactor(place, op.getAxes(), typeOf(op));
    if (!factor) {
      return failure();
    }
    Expr total = sum(place.with(a), op.getAxes());
    rewriter.replaceOp(op, Value(total.template make<Op>(total, factor)));
    return success();
  };
  LogicalResult right = attempt(inner.getLhs(), inner.getRhs());
  return succeeded(right) || std::is_same_v<Op, DivOp> ? right
                                                       : attempt(inner.getRhs(), inner.getLhs());
}

template <typename Op> void populateReduction(RewritePatternSet &patterns) {
  patterns.add(reduceOfReduce<Op>);
  patterns.add(reduceOfUnits<Op>);
  patterns.add(reduceOfTranspose<Op>);
  patterns.add(reduceOfBroadcast<Op>);
}

} // namespace

void populateSimplifyReductionPatterns(RewritePatternSet &patterns) {
  populateReduction<ReduceSumOp>(patterns);
  populateReduction<ReduceMaxOp>(patterns);
  populateReduction<ReduceMinOp>(patterns);
  patterns.add(sumOfNeg);
  patterns.add(sumOfScaled<MulOp>);
  patterns.add(sumOfScaled<DivOp>);
}

} // namespace ntc::optimize
