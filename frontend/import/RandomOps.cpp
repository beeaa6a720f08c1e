// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random operators. Each gets a number of its own; its values are a function of (seed, step,
// number, element), so that the backward pass computes them again. `seed` attributes are ignored:
// the session's seed rules all.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

#include <cmath>

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

Value uniform(NodeContext &c, RankedTensorType type) {
  return c.e.randomUniform(c.entry.seed(), c.entry.step(), c.entry.nextRandomOp(), type);
}

/// Training form: an element is kept with probability 1 - ratio and then divided by it.
void emitDropout(NodeContext &c) {
  Value x = c.floating(0);
  double ratio = c.has(1) ? c.constantScalar(1, "a ratio") : 0.5;
  c.has(2); // training_mode: the form is the entry's
  c.hasAttribute("seed");
  if (!c.bad() && !(ratio >= 0 && ratio <= 1)) {
    c.invalid("expected a ratio in [0, 1], found " + std::to_string(ratio));
  }
  if (c.bad()) {
    return;
  }
  Emitter &e = c.e;
  RankedTensorType type = Emitter::typeOf(x), mask = type.clone(Type(e.builder.getI1Type()));
  if (!c.entry.isTraining() || ratio == 0) {
    c.out(x);
    c.out(c.wants(1) ? e.splat(1, mask) : Value(), 1);
    return;
  }
  if (ratio == 1) {
    c.out(e.splat(0, type));
    c.out(c.wants(1) ? e.splat(0, mask) : Value(), 1);
    return;
  }
  Value u = uniform(c, type);
  Value keep = e.compare(Predicate::ge, u, e.splatLike(ratio, u));
  c.out(e.select(keep, e.scale(x, 1 / (1 - ratio)), e.splatLike(0, x)));
  c.out(keep, 1);
}

/// The type of a random tensor: attributes shape and dtype, or like input 0.
RankedTensorType randomType(NodeContext &c, bool isLike) {
  int64_t dtype = c.intAttribute("dtype", isLike ? 0 : onnx::TensorProto::FLOAT);
  SmallVector<int64_t> shape;
  Type element =
      elementTypeOf(static_cast<int32_t>(dtype), c.entry.model.options.f64, &c.entry.model.context);
  if (isLike) {
    if (Value like = c.in(0)) {
      shape.assign(Emitter::shapeOf(like).begin(), Emitter::shapeOf(like).end());
      element = dtype == 0 ? Emitter::elementOf(like) : element;
    }
  } else {
    shape = c.intsAttributeOf("shape").value_or(SmallVector<int64_t>());
  }
  c.hasAttribute("seed");
  if (c.bad()) {
    return {};
  }
  if (!element || !isa<FloatType>(element)) {
    c.unsupported("random numbers of data type " + Twine(dtype) + " are not supported");
    return {};
  }
  return c.type(shape, element);
}

template <bool isLike> void emitRandomUniform(NodeContext &c) {
  double low = c.floatAttribute("low", 0), high = c.floatAttribute("high", 1);
  if (RankedTensorType type = randomType(c, isLike)) {
    Value u = uniform(c, type);
    c.out(c.e.add(c.e.scale(u, high - low), c.e.splat(low, type)));
  }
}

/// Box and Muller's transform: sqrt(-2 ln(1 - u)) cos(2 pi v), with 1 - u in (0, 1].
template <bool isLike> void emitRandomNormal(NodeContext &c) {
  double mean = c.floatAttribute("mean", 0), deviation = c.floatAttribute("scale", 1);
  RankedTensorType type = randomType(c, isLike);
  if (!type) {
    return;
  }
  Emitter &e = c.e;
  Value u = uniform(c, type), v = uniform(c, type);
  Value logarithm = e.unary<LogOp>(e.sub(e.splat(1, type), u));
  Value radius = e.unary<SqrtOp>(e.scale(logarithm, -2));
  Value normal = e.mul(radius, e.unary<CosOp>(e.scale(v, 2 * M_PI)));
  c.out(e.add(e.scale(normal, deviation), e.splat(mean, type)));
}

} // namespace

void addRandomOps(OpTable &table) {
  table["Dropout"] = {emitDropout};
  table["RandomUniform"] = {emitRandomUniform<false>};
  table["RandomUniformLike"] = {emitRandomUniform<true>};
  table["RandomNormal"] = {emitRandomNormal<false>};
  table["RandomNormalLike"] = {emitRandomNormal<true>};
}

} // namespace ntc::importer
