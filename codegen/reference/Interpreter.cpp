// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State and entry points. The body of an entry is evaluated as any block; `train.read` and
// `train.assign` alone look at the state.

#include "codegen/reference/Interpreter.h"
#include "runtime/base/NormalDraw.h"
#include "runtime/base/Philox.h"

#include <cmath>

using namespace mlir;

namespace ntc::reference {

using ir::train::AssignOp;
using ir::train::EntryOp;
using ir::train::GradientOp;
using ir::train::ReadOp;
using ir::train::ReturnOp;
using ir::train::StateOp;

/// u * (high - low) + low: the factor, the product and the sum are numbers of the element type, one
/// rounding each.
static Tensor uniform(Type type, ir::train::UniformAttr attribute, uint64_t seed,
                      const Options &options) {
  Tensor result(type);
  Rounder round(result.getElementType(), options);
  double low = round(attribute.getLow().getValueAsDouble());
  double width = round(round(attribute.getHigh().getValueAsDouble()) - low);
  auto op = static_cast<uint32_t>(attribute.getOp());
  for (int64_t e = 0; e < result.getNumElements(); ++e) {
    double u = round(rt::randomUniform(seed, /*step=*/0, op, static_cast<uint64_t>(e)));
    result.real(e) = round(round(u * width) + low);
  }
  return result;
}

/// Numbers of an element type, kept as double: every operation is rounded.
struct RoundedArithmetic {
  Rounder round;
  double constant(double value) { return round(value); }
  double add(double a, double b) { return round(a + b); }
  double sub(double a, double b) { return round(a - b); }
  double mul(double a, double b) { return round(a * b); }
  double div(double a, double b) { return round(a / b); }
  double sqrt(double a) { return round(std::sqrt(a)); }
  double ifLess(double a, double b, double yes, double no) { return a < b ? yes : no; }
};

/// z * deviation + mean: the product and the sum are rounded.
static Tensor normal(Type type, ir::train::NormalAttr attribute, uint64_t seed,
                     const Options &options) {
  Tensor result(type);
  RoundedArithmetic a{Rounder(result.getElementType(), options)};
  double mean = a.constant(attribute.getMean().getValueAsDouble());
  double deviation = a.constant(attribute.getDeviation().getValueAsDouble());
  auto op = static_cast<uint32_t>(attribute.getOp());
  for (int64_t e = 0; e < result.getNumElements(); ++e) {
    auto element = static_cast<uint64_t>(e);
    double u = a.constant(rt::randomUniform(seed, /*step=*/0, op, element));
    double v = a.constant(rt::randomUniform(seed, /*step=*/1, op, element));
    result.real(e) = a.add(a.mul(rt::standardNormal(a, u, v), deviation), mean);
  }
  return result;
}

FailureOr<Tensor> Interpreter::initialValue(StateOp state, uint64_t seed) const {
  Attribute init = state.getInit();
  Tensor value(state.getType());
  if (auto fill = dyn_cast<ir::train::FillAttr>(init)) {
    value.fill(convert({fill.getValue().getValueAsDouble(), 0}, Float64Type::get(init.getContext()),
                       value.getElementType(), options));
    return value;
  }
  auto uniformly = dyn_cast<ir::train::UniformAttr>(init);
  auto normally = dyn_cast<ir::train::NormalAttr>(init);
  if ((uniformly || normally) && !value.isReal()) {
    return state.emitOpError("has no floating-point elements to be drawn by ")
           << (uniformly ? "#train.uniform" : "#train.normal");
  }
  if (uniformly) {
    return uniform(state.getType(), uniformly, seed, options);
  }
  if (normally) {
    return normal(state.getType(), normally, seed, options);
  }
  if (auto elements = dyn_cast<ElementsAttr>(init)) {
    if (std::optional<Tensor> read = Tensor::fromAttribute(elements)) {
      return std::move(*read);
    }
    return state.emitOpError("has a value that the reference interpreter cannot read");
  }
  if (const Tensor *given = get(state.getSymName())) {
    return *given;
  }
  return state.emitOpError("is imported from a file and was given no value");
}

LogicalResult Interpreter::init(uint64_t seed) {
  for (StateOp state : program.getBody().getOps<StateOp>()) {
    FailureOr<Tensor> value = initialValue(state, seed);
    if (failed(value)) {
      return failure();
    }
    states[state.getSymName()] = std::move(*value);
  }
  return success();
}

const Tensor *Interpreter::get(StringRef state) const {
  auto found = states.find(state);
  return found == states.end() ? nullptr : &found->second;
}

LogicalResult Interpreter::set(StringRef name, Tensor value) {
  auto state = dyn_cast_or_null<StateOp>(SymbolTable::lookupSymbolIn(program, name));
  if (!state) {
    return program.emitOpError("has no state named ") << name;
  }
  if (state.getType() != value.getType()) {
    return state.emitOpError("has type ")
           << state.getType() << ", the given value " << value.getType();
  }
  states[name] = std::move(value);
  return success();
}

SmallVector<StringRef> Interpreter::stateNames() const {
  SmallVector<StringRef> names;
  for (StateOp state : const_cast<ir::train::ProgramOp &>(program).getBody().getOps<StateOp>()) {
    names.push_back(state.getSymName());
  }
  return names;
}

FailureOr<Results> Interpreter::run(StringRef name, ArrayRef<Tensor> args) {
  auto entry = dyn_cast_or_null<EntryOp>(SymbolTable::lookupSymbolIn(program, name));
  if (!entry) {
    return program.emitOpError("has no entry named ") << name;
  }
  llvm::StringMap<Tensor> assigned;
  auto handler = [&](Operation *op, Frame &frame) -> std::optional<LogicalResult> {
    if (auto read = dyn_cast<ReadOp>(op)) {
      const Tensor *value = get(read.getState());
      if (!value) {
        return read.emitOpError("state ") << read.getStateAttr() << " has no value yet";
      }
      frame.define(read.getValue(), *value);
      return success();
    }
    if (auto assign = dyn_cast<AssignOp>(op)) {
      assigned[assign.getState()] = frame.get(assign.getValue());
      return success();
    }
    if (isa<GradientOp>(op)) {
      return op->emitOpError("has no meaning in the reference interpreter: differentiate the "
                             "program first");
    }
    return std::nullopt;
  };
  FailureOr<Results> results = evaluate(entry.getBody().front(), args, options, nullptr, handler);
  if (failed(results)) {
    return failure();
  }
  for (auto &entryOfMap : assigned) {
    states[entryOfMap.getKey()] = std::move(entryOfMap.getValue());
  }
  return results;
}

} // namespace ntc::reference
