// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Algebra of elementwise arithmetic. Each rewrite states how it treats values: "exact" keeps every
// finite result (the sign of zero aside), "rounds once" replaces two roundings by one. Operands
// that are constants stand on the right of commutative operations, where the greedy driver puts
// them.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

#include <cmath>

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

Expr at(PatternRewriter &rewriter, Operation *op, Value value) {
  return {rewriter, op->getLoc(), value};
}

bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

/// True where `number` is a finite, normal value of the float type of `like`, as nearly every
/// useful constant is.
bool isNormal(Value like, double number) {
  auto type = dyn_cast<FloatType>(getElementTypeOrSelf(like));
  if (!type || !std::isfinite(number)) {
    return false;
  }
  APFloat value(number);
  bool losesInfo = false;
  value.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.isNormal();
}

/// True where 1 / `number` is exact and so is multiplication by it.
bool isPowerOfTwo(double number) {
  int exponent = 0;
  return std::isfinite(number) && std::fabs(std::frexp(number, &exponent)) == 0.5;
}

// a + (-b) -> a - b;  (-a) + b -> b - a exact
LogicalResult addOfNeg(AddOp op, PatternRewriter &rewriter) {
  if (auto neg = op.getRhs().getDefiningOp<NegOp>()) {
    rewriter.replaceOpWithNewOp<SubOp>(op, op.getLhs(), neg.getInput());
    return success();
  }
  if (auto neg = op.getLhs().getDefiningOp<NegOp>()) {
    rewriter.replaceOpWithNewOp<SubOp>(op, op.getRhs(), neg.getInput());
    return success();
  }
  return failure();
}

// a - (-b) -> a + b;  0 - a -> -a;  a - a -> 0 exact
LogicalResult simplifySub(SubOp op, PatternRewriter &rewriter) {
  if (auto neg = op.getRhs().getDefiningOp<NegOp>()) {
    rewriter.replaceOpWithNewOp<AddOp>(op, op.getLhs(), neg.getInput());
    return success();
  }
  if (isSplat(op.getLhs(), 0)) {
    rewriter.replaceOpWithNewOp<NegOp>(op, op.getRhs());
    return success();
  }
  if (op.getLhs() == op.getRhs()) {
    rewriter.replaceOp(op, Value(at(rewriter, op, op.getLhs()).constant(0)));
    return success();
  }
  return failure();
}

// -(a - b) -> b - a;  -(a * c) -> a * (-c);  -(a / c) -> a / (-c), c constant exact
LogicalResult simplifyNeg(NegOp op, PatternRewriter &rewriter) {
  Operation *inner = op.getInput().getDefiningOp();
  if (!inner || !inner->hasOneUse()) {
    return failure();
  }
  if (auto sub = dyn_cast<SubOp>(inner)) {
    rewriter.replaceOpWithNewOp<SubOp>(op, sub.getRhs(), sub.getLhs());
    return success();
  }
  if (!isa<MulOp, DivOp>(inner) || !isFloat(op)) {
    return failure();
  }
  std::optional<double> c = splatNumber(inner->getOperand(1));
  if (!c) {
    return failure();
  }
  Expr a = at(rewriter, op, inner->getOperand(0));
  rewriter.replaceOp(op, Value(isa<MulOp>(inner) ? a * -*c : a / -*c));
  return success();
}

// a * 0 -> 0;  a * (-1) -> -a exact
LogicalResult mulByNumber(MulOp op, PatternRewriter &rewriter) {
  if (isSplat(op.getRhs(), 0)) {
    rewriter.replaceOp(op, op.getRhs());
    return success();
  }
  if (isSplat(op.getRhs(), -1)) {
    rewriter.replaceOpWithNewOp<NegOp>(op, op.getLhs());
    return success();
  }
  return failure();
}

// (-a) * (-b) -> a * b;  (-a) * c -> a * (-c), c constant;  (-a) * b -> -(a * b) exact
LogicalResult mulOfNeg(MulOp op, PatternRewriter &rewriter) {
  auto lhs = op.getLhs().getDefiningOp<NegOp>(), rhs = op.getRhs().getDefiningOp<NegOp>();
  if (!lhs && !rhs) {
    return failure();
  }
  Expr a = at(rewriter, op, lhs ? lhs.getInput() : op.getLhs());
  Expr b = at(rewriter, op, rhs ? rhs.getInput() : op.getRhs());
  std::optional<double> c = splatNumber(b);
  if (lhs && rhs) {
    rewriter.replaceOp(op, Value(a * b));
  } else if (c && isFloat(op)) {
    rewriter.replaceOp(op, Value(a * -*c));
  } else {
    rewriter.replaceOp(op, Value(-(a * b)));
  }
  return success();
}

// (a * c) * d -> a * (c * d), c and d constant                                            rounds
// once, if c * d is normal
LogicalResult mulOfScaled(MulOp op, PatternRewriter &rewriter) {
  auto inner = op.getLhs().getDefiningOp<MulOp>();
  std::optional<double> d = splatNumber(op.getRhs());
  std::optional<double> c = inner ? splatNumber(inner.getRhs()) : std::nullopt;
  if (!c || !d || !isNormal(op, *c * *d)) {
    return failure();
  }
  rewriter.replaceOp(op, Value(at(rewriter, op, inner.getLhs()) * (*c * *d)));
  return success();
}

// a / c -> a * (1 / c), c a power of two;  0 / c -> 0, c a constant but 0;  1 / b -> reciprocal(b)
// exact a / sqrt(b) stays: its two roundings are the definition.
LogicalResult simplifyDiv(DivOp op, PatternRewriter &rewriter) {
  if (!isFloat(op)) {
    return failure();
  }
  std::optional<double> c = splatNumber(op.getRhs());
  if (c && isPowerOfTwo(*c) && isNormal(op, 1 / *c)) {
    rewriter.replaceOp(op, Value(at(rewriter, op, op.getLhs()) * (1 / *c)));
    return success();
  }
  if (isSplat(op.getLhs(), 0) && c && *c != 0) {
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
  if (isSplat(op.getLhs(), 1)) {
    rewriter.replaceOpWithNewOp<ReciprocalOp>(op, op.getRhs());
    return success();
  }
  return failure();
}

// (-a) / b -> -(a / b);  a / (-b) -> -(a / b) exact
LogicalResult divOfNeg(DivOp op, PatternRewriter &rewriter) {
  auto lhs = op.getLhs().getDefiningOp<NegOp>(), rhs = op.getRhs().getDefiningOp<NegOp>();
  if (!isFloat(op) || (!lhs && !rhs)) {
    return failure();
  }
  Expr quotient = at(rewriter, op, lhs ? lhs.getInput() : op.getLhs()) /
                  at(rewriter, op, rhs ? rhs.getInput() : op.getRhs());
  rewriter.replaceOp(op, Value(lhs && rhs ? quotient : -quotient));
  return success();
}

// a^0 -> 1;  a^2 -> a * a;  a^-1 -> reciprocal(a);  a^0.5 -> sqrt(a);  a^-0.5 -> rsqrt(a)     at
// most as many roundings
LogicalResult powByNumber(PowOp op, PatternRewriter &rewriter) {
  std::optional<double> b = splatNumber(op.getRhs());
  Expr a = at(rewriter, op, op.getLhs());
  if (!b) {
    return failure();
  }
  if (*b == 0) {
    rewriter.replaceOp(op, Value(a.constant(1)));
  } else if (*b == 2) {
    rewriter.replaceOp(op, Value(a * a));
  } else if (*b == -1) {
    rewriter.replaceOpWithNewOp<ReciprocalOp>(op, a);
  } else if (*b == 0.5) {
    rewriter.replaceOpWithNewOp<SqrtOp>(op, a);
  } else if (*b == -0.5) {
    rewriter.replaceOpWithNewOp<RsqrtOp>(op, a);
  } else {
    return failure();
  }
  return success();
}

// reciprocal(sqrt(a)) -> rsqrt(a) rounds once
LogicalResult reciprocalOfSqrt(ReciprocalOp op, PatternRewriter &rewriter) {
  auto sqrt = op.getInput().getDefiningOp<SqrtOp>();
  if (!sqrt) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<RsqrtOp>(op, sqrt.getInput());
  return success();
}

// |(-a)| -> |a|;  ||a|| -> |a| exact
LogicalResult simplifyAbs(AbsOp op, PatternRewriter &rewriter) {
  Operation *inner = op.getInput().getDefiningOp();
  if (!isa_and_nonnull<AbsOp, NegOp>(inner)) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<AbsOp>(op, inner->getOperand(0));
  return success();
}

// maximum(a, 0) -> relu(a);  maximum(a, a) -> a;  minimum(a, a) -> a exact
template <typename Op> LogicalResult simplifyExtremum(Op op, PatternRewriter &rewriter) {
  if (op.getLhs() == op.getRhs()) {
    rewriter.replaceOp(op, op.getLhs());
    return success();
  }
  if (std::is_same_v<Op, MaximumOp> && isFloat(op) && isSplat(op.getRhs(), 0)) {
    rewriter.replaceOpWithNewOp<ReluOp>(op, op.getLhs());
    return success();
  }
  return failure();
}

} // namespace

void populateSimplifyArithmeticPatterns(RewritePatternSet &patterns) {
  patterns.add(addOfNeg);
  patterns.add(simplifySub);
  patterns.add(simplifyNeg);
  patterns.add(mulByNumber);
  patterns.add(mulOfNeg);
  patterns.add(mulOfScaled);
  patterns.add(simplifyDiv);
  patterns.add(divOfNeg);
  patterns.add(powByNumber);
  patterns.add(reciprocalOfSqrt);
  patterns.add(simplifyAbs);
  patterns.add(simplifyExtremum<MaximumOp>);
  patterns.add(simplifyExtremum<MinimumOp>);
}

} // namespace ntc::optimize
