// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Selections, comparisons and conversions between element types. All rewrites are exact, but for a
// mask's product, which is 0 instead of NaN where the other factor is not finite.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// select(not(p), a, b) -> select(p, b, a)
LogicalResult selectOfNot(SelectOp op, PatternRewriter &rewriter) {
  auto negated = op.getCondition().getDefiningOp<NotOp>();
  if (!negated) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<SelectOp>(op, negated.getInput(), op.getOnFalse(), op.getOnTrue());
  return success();
}

// select(p, select(p, a, b), c) -> select(p, a, c);  select(p, a, select(p, b, c)) -> select(p, a,
// c)
LogicalResult selectOfSelect(SelectOp op, PatternRewriter &rewriter) {
  auto sameCondition = [&](Value value) -> SelectOp {
    auto inner = value.getDefiningOp<SelectOp>();
    return inner && inner.getCondition() == op.getCondition() ? inner : SelectOp();
  };
  SelectOp onTrue = sameCondition(op.getOnTrue()), onFalse = sameCondition(op.getOnFalse());
  if (!onTrue && !onFalse) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<SelectOp>(op, op.getCondition(),
                                        onTrue ? onTrue.getOnTrue() : op.getOnTrue(),
                                        onFalse ? onFalse.getOnFalse() : op.getOnFalse());
  return success();
}

// cast(p) * a -> select(p, a, 0), p boolean
LogicalResult mulByMask(MulOp op, PatternRewriter &rewriter) {
  auto mask = [](Value value) -> Value {
    auto cast = value.getDefiningOp<CastOp>();
    return cast && getElementTypeOrSelf(cast.getInput()).isInteger(1) ? cast.getInput() : Value();
  };
  Value lhs = mask(op.getLhs()), rhs = mask(op.getRhs());
  if (!lhs && !rhs) {
    return failure();
  }
  Expr other(rewriter, op.getLoc(), lhs ? op.getRhs() : op.getLhs());
  rewriter.replaceOp(op, Value(select(other.with(lhs ? lhs : rhs), other, other.constant(0))));
  return success();
}

// not(a == b) -> a != b and the reverse; orders stay, whose complement differs on NaN
LogicalResult notOfCompare(NotOp op, PatternRewriter &rewriter) {
  auto compare = op.getInput().getDefiningOp<CompareOp>();
  if (!compare ||
      (compare.getPredicate() != Predicate::eq && compare.getPredicate() != Predicate::ne)) {
    return failure();
  }
  Predicate opposite = compare.getPredicate() == Predicate::eq ? Predicate::ne : Predicate::eq;
  rewriter.replaceOpWithNewOp<CompareOp>(op, opposite, compare.getLhs(), compare.getRhs());
  return success();
}

/// True where every value of `narrow` is a value of `wide`.
bool embeds(Type narrow, Type wide) {
  if (isa<FloatType>(narrow) && isa<FloatType>(wide)) {
    auto &from = cast<FloatType>(narrow).getFloatSemantics(),
         &to = cast<FloatType>(wide).getFloatSemantics();
    return APFloat::isRepresentableBy(from, to);
  }
  return narrow.isInteger(1) || (isa<IntegerType>(narrow) && isa<IntegerType>(wide) &&
                                 narrow.getIntOrFloatBitWidth() <= wide.getIntOrFloatBitWidth());
}

// cast(cast(a) to wide) -> cast(a) or a, where wide holds every value of a's type
LogicalResult castOfCast(CastOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<CastOp>();
  if (!inner || !embeds(getElementTypeOrSelf(inner.getInput()), getElementTypeOrSelf(inner))) {
    return failure();
  }
  Expr a(rewriter, op.getLoc(), inner.getInput());
  rewriter.replaceOp(op, Value(autodiff::cast(a, getElementTypeOrSelf(op))));
  return success();
}

} // namespace

void populateSimplifySelectPatterns(RewritePatternSet &patterns) {
  patterns.add(selectOfNot);
  patterns.add(selectOfSelect);
  patterns.add(mulByMask);
  patterns.add(notOfCompare);
  patterns.add(castOfCast);
}

} // namespace ntc::optimize
