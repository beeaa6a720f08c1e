// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operators without parameters: arithmetic, comparison, logic, conversion.
#include "frontend/import/EntryBuilder.h"
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

void emitNeg(NodeContext &c) {
  if (Value x = c.in(0)) {
    c.out(c.e.unary<NegOp>(x));
  }
}

void emitCeil(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.unary<NegOp>(c.e.unary<FloorOp>(c.e.unary<NegOp>(x))));
  }
}

void emitNot(NodeContext &c) {
  Value x = c.in(0);
  if (x && !Emitter::elementOf(x).isInteger(1)) {
    c.invalid("expected a boolean input, found " + typeText(x.getType()));
  }
  if (!c.bad()) {
    c.out(c.e.unary<NotOp>(x));
  }
}

/// Inputs 0 and 1, of one element type, broadcast together.
std::optional<std::pair<Value, Value>> operandPair(NodeContext &c) {
  SmallVector<Value> values = {c.in(0), c.in(1)};
  if (c.bad()) {
    return std::nullopt;
  }
  if (Emitter::elementOf(values[0]) != Emitter::elementOf(values[1])) {
    c.invalid("expected operands of one element type, found " + typeText(values[0].getType()) +
              " and " + typeText(values[1].getType()));
    return std::nullopt;
  }
  if (!c.broadcastTogether(values)) {
    return std::nullopt;
  }
  return std::pair(values[0], values[1]);
}

template <typename OpTy> void emitBinary(NodeContext &c) {
  if (auto operands = operandPair(c)) {
    if (Emitter::elementOf(operands->first).isInteger(1)) {
      c.invalid("expected numbers, found " + typeText(operands->first.getType()));
      return;
    }
    c.out(c.e.binary<OpTy>(operands->first, operands->second));
  }
}

template <typename OpTy> void emitLogic(NodeContext &c) {
  if (auto operands = operandPair(c)) {
    if (!Emitter::elementOf(operands->first).isInteger(1)) {
      c.invalid("expected booleans, found " + typeText(operands->first.getType()));
      return;
    }
    c.out(c.e.binary<OpTy>(operands->first, operands->second));
  }
}

void emitXor(NodeContext &c) {
  if (auto operands = operandPair(c)) {
    c.out(c.e.compare(Predicate::ne, operands->first, operands->second));
  }
}

template <Predicate predicate> void emitCompare(NodeContext &c) {
  if (auto operands = operandPair(c)) {
    c.out(c.e.compare(predicate, operands->first, operands->second));
  }
}

/// Sum, Max, Min, Mean of any number of operands, from left to right.
template <typename OpTy, bool isMean = false> void emitVariadic(NodeContext &c) {
  SmallVector<Value> values = c.all();
  if (c.bad()) {
    return;
  }
  for (Value value : values) {
    if (Emitter::elementOf(value) != Emitter::elementOf(values[0])) {
      c.invalid("expected operands of one element type, found " + typeText(values[0].getType()) +
                " and " + typeText(value.getType()));
      return;
    }
  }
  if (!c.broadcastTogether(values)) {
    return;
  }
  Value result = values[0];
  for (Value value : llvm::drop_begin(values)) {
    result = c.e.binary<OpTy>(result, value);
  }
  c.out(isMean ? c.e.div(result, c.e.splatLike(static_cast<double>(values.size()), result))
               : result);
}

/// x^2, x^0.5 and the like have cheaper forms than the general power.
Value emitConstantPower(Emitter &e, Value x, double exponent) {
  if (exponent == 1) {
    return x;
  }
  if (exponent == 2) {
    return e.mul(x, x);
  }
  if (exponent == 3) {
    return e.mul(e.mul(x, x), x);
  }
  if (exponent == 0.5) {
    return e.unary<SqrtOp>(x);
  }
  if (exponent == -1) {
    return e.unary<ReciprocalOp>(x);
  }
  return exponent == -0.5 ? e.unary<RsqrtOp>(x) : Value();
}

void emitPow(NodeContext &c) {
  Value base = c.floating(0), exponent = c.in(1);
  if (c.bad()) {
    return;
  }
  auto constant = c.inputs[1].constant ? scalarOf(c.inputs[1].constant) : std::nullopt;
  if (constant && Emitter::typeOf(exponent).getRank() <= Emitter::typeOf(base).getRank()) {
    if (Value result = emitConstantPower(c.e, base, *constant)) {
      c.out(result);
      return;
    }
  }
  SmallVector<Value> values = {base, c.e.cast(exponent, Emitter::elementOf(base))};
  if (c.broadcastTogether(values)) {
    c.out(c.e.binary<PowOp>(values[0], values[1]));
  }
}

void emitWhere(NodeContext &c) {
  SmallVector<Value> values = {c.in(0), c.in(1), c.in(2)};
  if (c.bad()) {
    return;
  }
  if (!Emitter::elementOf(values[0]).isInteger(1) ||
      Emitter::elementOf(values[1]) != Emitter::elementOf(values[2])) {
    c.invalid("expected a boolean condition and two operands of one element type, found " +
              typeText(values[0].getType()) + ", " + typeText(values[1].getType()) + " and " +
              typeText(values[2].getType()));
    return;
  }
  if (c.broadcastTogether(values)) {
    c.out(c.e.select(values[0], values[1], values[2]));
  }
}

void castTo(NodeContext &c, Value x, Type element) { c.out(c.e.cast(x, element)); }

void emitCast(NodeContext &c) {
  Value x = c.in(0);
  int64_t to = c.intAttribute("to", 0);
  c.intAttribute("saturate", 1); // of 8-bit floats only, which are not supported
  c.stringAttribute("round_mode", "up");
  Type element =
      elementTypeOf(static_cast<int32_t>(to), c.entry.model.options.f64, &c.entry.model.context);
  if (!element) {
    c.unsupported("a conversion to data type " + Twine(to) + " is not supported");
  }
  if (!c.bad()) {
    castTo(c, x, element);
  }
}

void emitCastLike(NodeContext &c) {
  Value x = c.in(0);
  c.intAttribute("saturate", 1);
  c.stringAttribute("round_mode", "up");
  if (!c.has(1)) {
    c.invalid("expected two inputs");
  }
  if (!c.bad()) {
    castTo(c, x, c.inputs[1].type().getElementType());
  }
}

/// Bounds are inclusive: the gradient passes at them, as in PyTorch, which a maximum would halve.
void emitClip(NodeContext &c) {
  Value x = c.in(0);
  if (c.bad()) {
    return;
  }
  Value result = x;
  for (auto [i, predicate] : {std::pair(1, Predicate::lt), std::pair(2, Predicate::gt)}) {
    if (!c.has(i)) {
      continue;
    }
    Value bound = c.in(i);
    if (Emitter::typeOf(bound).getNumElements() != 1 ||
        Emitter::elementOf(bound) != Emitter::elementOf(x)) {
      c.invalid("expected a scalar bound of the input's element type, found " +
                typeText(bound.getType()));
      return;
    }
    bound = c.e.broadcastTo(c.e.reshape(bound, {}), Emitter::shapeOf(x));
    result = c.e.select(c.e.compare(predicate, result, bound), bound, result);
  }
  c.out(result);
}

void emitIsNaN(NodeContext &c) {
  if (Value x = c.floating(0)) {
    c.out(c.e.compare(Predicate::ne, x, x));
  }
}

} // namespace

void addElementwiseOps(OpTable &table) {
  table["Abs"] = {emitUnary<AbsOp>};
  table["Sign"] = {emitUnary<SignOp>};
  table["Exp"] = {emitUnary<ExpOp>};
  table["Log"] = {emitUnary<LogOp>};
  table["Sqrt"] = {emitUnary<SqrtOp>};
  table["Reciprocal"] = {emitUnary<ReciprocalOp>};
  table["Erf"] = {emitUnary<ErfOp>};
  table["Sin"] = {emitUnary<SinOp>};
  table["Cos"] = {emitUnary<CosOp>};
  table["Floor"] = {emitUnary<FloorOp>};
  table["Ceil"] = {emitCeil};
  table["Neg"] = {emitNeg};
  table["Not"] = {emitNot};
  table["Add"] = {emitBinary<AddOp>};
  table["Sub"] = {emitBinary<SubOp>};
  table["Mul"] = {emitBinary<MulOp>};
  table["Div"] = {emitBinary<DivOp>};
  table["Pow"] = {emitPow};
  table["And"] = {emitLogic<AndOp>};
  table["Or"] = {emitLogic<OrOp>};
  table["Xor"] = {emitXor};
  table["Equal"] = {emitCompare<Predicate::eq>};
  table["Less"] = {emitCompare<Predicate::lt>};
  table["LessOrEqual"] = {emitCompare<Predicate::le>};
  table["Greater"] = {emitCompare<Predicate::gt>};
  table["GreaterOrEqual"] = {emitCompare<Predicate::ge>};
  table["Sum"] = {emitVariadic<AddOp>};
  table["Max"] = {emitVariadic<MaximumOp>};
  table["Min"] = {emitVariadic<MinimumOp>};
  table["Mean"] = {emitVariadic<AddOp, true>};
  table["Where"] = {emitWhere};
  table["Cast"] = {emitCast};
  table["CastLike"] = {emitCastLike, 15};
  table["Clip"] = {emitClip};
  table["IsNaN"] = {emitIsNaN};
}

} // namespace ntc::importer
