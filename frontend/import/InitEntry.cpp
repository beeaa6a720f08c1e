// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry `init`: the fresh states' first values as a function of the seed.
#include "frontend/import/EntryBuilder.h"
#include "runtime/base/NormalDraw.h"

using namespace mlir;

namespace ntc::importer {

/// `u * (high - low) + low` in the state's type, each operation rounded; limits are numbers of f32.
static Value drawUniform(Emitter &e, RankedTensorType type, ir::train::UniformAttr uniform,
                         Value seed, Value step) {
  double low = uniform.getLow().getValueAsDouble(), high = uniform.getHigh().getValueAsDouble();
  bool isWide = type.getElementType().isF64();
  double span =
      isWide ? high - low : static_cast<double>(static_cast<float>(high) - static_cast<float>(low));
  Value u = e.randomUniform(seed, step, uniform.getOp(), type);
  return e.add(e.mul(u, e.splat(span, type)), e.splat(low, type));
}

/// The operations of `standardNormal` as nodes.
struct NodeArithmetic {
  Emitter &e;
  RankedTensorType type;
  Value constant(double value) { return e.splat(value, type); }
  Value add(Value a, Value b) { return e.add(a, b); }
  Value sub(Value a, Value b) { return e.sub(a, b); }
  Value mul(Value a, Value b) { return e.mul(a, b); }
  Value div(Value a, Value b) { return e.div(a, b); }
  Value sqrt(Value a) { return e.unary<ir::nn::SqrtOp>(a); }
  Value ifLess(Value a, Value b, Value yes, Value no) {
    return e.select(e.compare(ir::nn::Predicate::lt, a, b), yes, no);
  }
};

/// `z * deviation + mean` in the state's type, each operation rounded.
static Value drawNormal(Emitter &e, RankedTensorType type, ir::train::NormalAttr normal, Value seed,
                        Value step) {
  NodeArithmetic a{e, type};
  Value u = e.randomUniform(seed, step, normal.getOp(), type);
  Value v = e.randomUniform(seed, e.splat(1, Emitter::typeOf(step)), normal.getOp(), type);
  Value scaled =
      a.mul(rt::standardNormal(a, u, v), a.constant(normal.getDeviation().getValueAsDouble()));
  return a.add(scaled, a.constant(normal.getMean().getValueAsDouble()));
}

void buildInit(const ModelView &model, ir::train::ProgramOp program) {
  MLIRContext *context = &model.context;
  OpBuilder builder = OpBuilder::atBlockEnd(&program.getBody().front());
  RankedTensorType i64 = scalarType(builder.getI64Type());
  int64_t seedDefault = model.spec ? static_cast<int64_t>(model.spec->seed()) : 0;
  auto attributes = builder.getDictionaryAttr(
      {builder.getNamedAttr(ir::train::kControlAttr, builder.getStringAttr("seed")),
       builder.getNamedAttr(ir::train::kDefaultAttr, builder.getI64IntegerAttr(seedDefault))});
  auto entry = ir::train::EntryOp::create(
      builder, UnknownLoc::get(context), builder.getStringAttr("init"),
      TypeAttr::get(builder.getFunctionType({i64}, {})),
      ir::train::EntryKindAttr::get(context, ir::train::EntryKind::Init),
      builder.getI64IntegerAttr(0), builder.getArrayAttr({attributes}), builder.getArrayAttr({}));
  Block *block = &entry.getBody().emplaceBlock();
  Value seed = block->addArgument(i64, UnknownLoc::get(context));
  Emitter e(context, block);
  Value step;
  for (const auto &[name, state] : model.states) {
    e.location = NameLoc::get(StringAttr::get(context, name));
    Value value;
    if (auto uniform = dyn_cast<ir::train::UniformAttr>(state.init)) {
      step = step ? step : e.splat(0, i64);
      value = drawUniform(e, state.type, uniform, seed, step);
    } else if (auto normal = dyn_cast<ir::train::NormalAttr>(state.init)) {
      step = step ? step : e.splat(0, i64);
      value = drawNormal(e, state.type, normal, seed, step);
    } else if (auto fill = dyn_cast<ir::train::FillAttr>(state.init)) {
      value = e.splat(fill.getValue().getValueAsDouble(), state.type);
    } else {
      continue;
    }
    ir::train::AssignOp::create(e.builder, e.location, FlatSymbolRefAttr::get(context, name),
                                value);
  }
  ir::train::ReturnOp::create(e.builder, UnknownLoc::get(context), ValueRange());
}

} // namespace ntc::importer
