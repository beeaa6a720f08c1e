// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Activations. Those that `nn` has not are compositions whose derivatives are PyTorch's at kinks
// and finite everywhere: the argument of an exponential is clamped by a selection before it can
// overflow.
#include "frontend/import/OpTable.h"

#include <cmath>

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

template <typename OpTy> void emitUnary(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.unary<OpTy>(x));
  }
}

Value isPositive(Emitter &e, Value x) { return e.compare(Predicate::gt, x, e.splatLike(0, x)); }

/// exp(x) - 1 for x <= 0, 0 for x > 0; derivative exp(x) at 0 from the left side.
Value negativeExpm1(Emitter &e, Value x, double inner = 1) {
  Value negative = e.select(isPositive(e, x), e.splatLike(0, x), x);
  return e.sub(e.unary<ExpOp>(e.scale(negative, inner)), e.splatLike(1, x));
}

/// x > 0 ? x : slope * x.
void emitLeakyRelu(NodeContext &c) {
  Value x = c.floating(0);
  double alpha = c.floatAttribute("alpha", 0.01);
  if (!c.bad()) {
    c.out(c.e.select(isPositive(c.e, x), x, c.e.scale(x, alpha)));
  }
}

void emitPRelu(NodeContext &c) {
  SmallVector<Value> values = {c.floating(0), c.floating(1)};
  if (c.bad()) {
    return;
  }
  Value x = values[0];
  if (broadcastShapes(Emitter::shapeOf(x), Emitter::shapeOf(values[1])) !=
      SmallVector<int64_t>(Emitter::shapeOf(x))) {
    c.invalid("slope of shape " + shapeText(Emitter::shapeOf(values[1])) +
              " does not broadcast to " + shapeText(Emitter::shapeOf(x)));
    return;
  }
  Value slope = c.e.broadcastTo(values[1], Emitter::shapeOf(x));
  c.out(c.e.select(isPositive(c.e, x), x, c.e.mul(slope, x)));
}

/// x > 0 ? x : alpha (exp(x) - 1).
void emitElu(NodeContext &c) {
  Value x = c.floating(0);
  double alpha = c.floatAttribute("alpha", 1);
  if (!c.bad()) {
    c.out(c.e.select(isPositive(c.e, x), x, c.e.scale(negativeExpm1(c.e, x), alpha)));
  }
}

/// max(0, x) + min(0, alpha (exp(x / alpha) - 1)).
void emitCelu(NodeContext &c) {
  Value x = c.floating(0);
  double alpha = c.floatAttribute("alpha", 1);
  if (alpha == 0) {
    c.invalid("alpha must not be 0");
  }
  if (!c.bad()) {
    c.out(c.e.select(isPositive(c.e, x), x, c.e.scale(negativeExpm1(c.e, x, 1 / alpha), alpha)));
  }
}

void emitSelu(NodeContext &c) {
  Value x = c.floating(0);
  double alpha = c.floatAttribute("alpha", 1.6732632423543772848);
  double gamma = c.floatAttribute("gamma", 1.0507009873554804934);
  if (!c.bad()) {
    c.out(c.e.scale(c.e.select(isPositive(c.e, x), x, c.e.scale(negativeExpm1(c.e, x), alpha)),
                    gamma));
  }
}

/// max(x, 0) + log(1 + exp(-|x|)): no overflow; with halves at the ties its derivative is the
/// sigmoid at 0 too.
Value softplus(Emitter &e, Value x) {
  Value tail = e.unary<Log1pOp>(e.unary<ExpOp>(e.unary<NegOp>(e.unary<AbsOp>(x))));
  return e.add(e.binary<MaximumOp>(x, e.splatLike(0, x)), tail);
}

void emitSoftplus(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(softplus(c.e, x));
  }
}

void emitSoftsign(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.div(x, c.e.add(c.e.splatLike(1, x), c.e.unary<AbsOp>(x))));
  }
}

void emitMish(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.mul(x, c.e.unary<TanhOp>(softplus(c.e, x))));
  }
}

/// alpha x + beta, limited to [0, 1]; derivative 0 at the limits, as in PyTorch.
Value hardSigmoid(Emitter &e, Value x, double alpha, double beta) {
  Value line = e.add(e.scale(x, alpha), e.splatLike(beta, x));
  Value zero = e.splatLike(0, x), one = e.splatLike(1, x);
  return e.select(e.compare(Predicate::le, line, zero), zero,
                  e.select(e.compare(Predicate::ge, line, one), one, line));
}

void emitHardSigmoid(NodeContext &c) {
  Value x = c.floating(0);
  double alpha = c.floatAttribute("alpha", 0.2), beta = c.floatAttribute("beta", 0.5);
  if (!c.bad()) {
    c.out(hardSigmoid(c.e, x, alpha, beta));
  }
}

void emitHardSwish(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.mul(x, hardSigmoid(c.e, x, 1.0 / 6, 0.5)));
  }
}

/// erf: x / 2 (1 + erf(x / sqrt 2)); tanh: x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
void emitGelu(NodeContext &c) {
  Value x = c.floating(0);
  std::string form = c.stringAttribute("approximate", "none");
  if (form != "none" && form != "tanh") {
    c.invalid("expected approximate to be 'none' or 'tanh', found '" + form + "'");
  }
  if (c.bad()) {
    return;
  }
  Emitter &e = c.e;
  Value inner;
  if (form == "none") {
    inner = e.unary<ErfOp>(e.scale(x, M_SQRT1_2));
  } else {
    Value cubic = e.scale(e.mul(e.mul(x, x), x), 0.044715);
    inner = e.unary<TanhOp>(e.scale(e.add(x, cubic), std::sqrt(2 / M_PI)));
  }
  c.out(e.mul(e.scale(x, 0.5), e.add(e.splatLike(1, x), inner)));
}

template <typename OpTy> void emitSoftmax(NodeContext &c) {
  Value x = c.floating(0);
  int64_t given = c.intAttribute("axis", -1);
  if (c.bad()) {
    return;
  }
  int64_t axis = c.axis(given, Emitter::typeOf(x).getRank());
  if (!c.bad()) {
    c.out(c.e.make<OpTy>(x.getType(), x, c.e.integer("axis", axis)));
  }
}

} // namespace

void addActivationOps(OpTable &table) {
  table["Relu"] = {emitUnary<ReluOp>};
  table["Sigmoid"] = {emitUnary<SigmoidOp>};
  table["Tanh"] = {emitUnary<TanhOp>};
  table["LeakyRelu"] = {emitLeakyRelu};
  table["PRelu"] = {emitPRelu};
  table["Elu"] = {emitElu};
  table["Celu"] = {emitCelu};
  table["Selu"] = {emitSelu};
  table["Softplus"] = {emitSoftplus};
  table["Softsign"] = {emitSoftsign};
  table["Mish"] = {emitMish, 18};
  table["HardSigmoid"] = {emitHardSigmoid};
  table["HardSwish"] = {emitHardSwish, 14};
  table["Gelu"] = {emitGelu, 20};
  table["Softmax"] = {emitSoftmax<SoftmaxOp>};
  table["LogSoftmax"] = {emitSoftmax<LogSoftmaxOp>};
}

} // namespace ntc::importer
