// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of elementwise operations. At kinks the choice is PyTorch's: relu'(0) = 0, |x|'(0) =
// 0, and halves to both operands where a maximum or minimum is tied. Comparisons and boolean
// operations have no rule: their results are not floating point, so no derivative ever reaches
// them.

#include "compiler/autodiff/Rules.h"

#include <numbers>

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

constexpr double kTwoOverSqrtPi = 2 * std::numbers::inv_sqrtpi;

/// dy where `a` wins against `b`, half of it on a tie, 0 where it `loses`; dy where either is NaN,
/// which then is the result.
Expr toWinner(Predicate loses, Expr a, Expr b, Expr dy) {
  Expr notLost = select(compare(Predicate::eq, a, b), dy * 0.5, dy);
  return select(compare(loses, a, b), dy.constant(0), notLost);
}

} // namespace

void attachElementwiseRules(MLIRContext &context) {
  unary<NegOp>(context, [](Expr x, Expr y, Expr dy) { return -dy; });
  unary<AbsOp>(context, [](Expr x, Expr y, Expr dy) { return dy * sign(x); });
  zero<SignOp>(context);
  unary<ExpOp>(context, [](Expr x, Expr y, Expr dy) { return dy * y; });
  unary<LogOp>(context, [](Expr x, Expr y, Expr dy) { return dy / x; });
  unary<Log1pOp>(context, [](Expr x, Expr y, Expr dy) { return dy / (1 + x); });
  unary<SqrtOp>(context, [](Expr x, Expr y, Expr dy) { return dy / (2 * y); });
  unary<RsqrtOp>(context, [](Expr x, Expr y, Expr dy) { return dy * (y * y * y) * -0.5; });
  unary<ReciprocalOp>(context, [](Expr x, Expr y, Expr dy) { return -(dy * (y * y)); });
  unary<TanhOp>(context, [](Expr x, Expr y, Expr dy) { return dy * (1 - y * y); });
  unary<SigmoidOp>(context, [](Expr x, Expr y, Expr dy) { return dy * (y * (1 - y)); });
  unary<ErfOp>(context,
               [](Expr x, Expr y, Expr dy) { return dy * (kTwoOverSqrtPi * exp(-(x * x))); });
  unary<SinOp>(context, [](Expr x, Expr y, Expr dy) { return dy * cos(x); });
  unary<CosOp>(context, [](Expr x, Expr y, Expr dy) { return -(dy * sin(x)); });
  zero<FloorOp>(context);
  unary<ReluOp>(context, [](Expr x, Expr y, Expr dy) {
    return select(compare(Predicate::gt, y, 0), dy, dy.constant(0));
  });

  binary<AddOp>(
      context,                                            //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy; }, //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy; });
  binary<SubOp>(
      context,                                            //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy; }, //
      [](Expr a, Expr b, Expr y, Expr dy) { return -dy; });
  binary<MulOp>(
      context,                                                //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy * b; }, //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy * a; });
  binary<DivOp>(
      context,                                                //
      [](Expr a, Expr b, Expr y, Expr dy) { return dy / b; }, //
      [](Expr a, Expr b, Expr y, Expr dy) { return -(dy * y / b); });
  binary<PowOp>(
      context,
      [](Expr a, Expr b, Expr y, Expr dy) {
        Expr slope = dy * (b * pow(a, b - 1));
        return select(compare(Predicate::eq, b, 0), dy.constant(0), slope);
      },
      [](Expr a, Expr b, Expr y, Expr dy) {
        // 0^b is constant for b >= 0, where the formula would multiply 0 by ln(0).
        Expr flat = a.make<AndOp>(compare(Predicate::eq, a, 0), compare(Predicate::ge, b, 0));
        return select(flat, dy.constant(0), dy * (y * log(a)));
      });
  binary<MaximumOp>(
      context, [](Expr a, Expr b, Expr y, Expr dy) { return toWinner(Predicate::lt, a, b, dy); },
      [](Expr a, Expr b, Expr y, Expr dy) { return toWinner(Predicate::lt, b, a, dy); });
  binary<MinimumOp>(
      context, [](Expr a, Expr b, Expr y, Expr dy) { return toWinner(Predicate::gt, a, b, dy); },
      [](Expr a, Expr b, Expr y, Expr dy) { return toWinner(Predicate::gt, b, a, dy); });

  rule<SelectOp>(context, [](SelectOp op, Expr dy, Cotangents &d) {
    Expr chosen = d.at(op.getCondition());
    d.add(op.getOnTrue(), [&] { return select(chosen, dy, dy.constant(0)); });
    d.add(op.getOnFalse(), [&] { return select(chosen, dy.constant(0), dy); });
  });
  rule<CastOp>(context, [](CastOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return cast(dy, d.at(op.getInput()).type().getElementType()); });
  });
}

} // namespace ntc::autodiff
