// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization layers. Batch normalization has two forms: by the batch's statistics, with the
// running ones updated as PyTorch does (unbiased variance), or by the running statistics, which is
// elementwise.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

/// momentum * old + (1 - momentum) * value.
Value blend(Emitter &e, Value old, Value value, double momentum) {
  return e.add(e.scale(old, momentum), e.mul(value, e.splatLike(1 - momentum, value)));
}

void emitTrainingForm(NodeContext &c, ArrayRef<Value> in, double epsilon, double momentum) {
  Emitter &e = c.e;
  Value x = in[0];
  int64_t perChannel = Emitter::typeOf(x).getNumElements() / Emitter::shapeOf(x)[1];
  if (perChannel < 2) {
    c.invalid("a training step needs more than one value per channel, found input " +
              typeText(x.getType()) +
              "; use a larger batch, or keep this layer in evaluation form");
    return;
  }
  Operation *op = c.tryMake<BatchNormOp>(
      {x, in[1], in[2]}, e.builder.getNamedAttr("epsilon", e.builder.getF64FloatAttr(epsilon)));
  if (!op) {
    return;
  }
  double unbiased = static_cast<double>(perChannel) / static_cast<double>(perChannel - 1);
  Value statistics[] = {op->getResult(1), e.scale(op->getResult(2), unbiased)};
  c.out(op->getResult(0));
  for (int i : {0, 1}) {
    const Entity &running = c.inputs[3 + i];
    Value old = c.entry.currentState(running, in[3 + i]);
    Value weight = c.entry.statisticsWeight(old);
    Value updated = weight ? e.add(old, e.mul(e.sub(statistics[i], old), weight))
                           : blend(e, old, statistics[i], momentum);
    c.out(updated, 1 + i);
    if (!running.source.empty()) {
      c.entry.updateState(running.source, updated);
    }
  }
}

void emitEvaluationForm(NodeContext &c, ArrayRef<Value> in, double epsilon) {
  Emitter &e = c.e;
  ArrayRef<int64_t> shape = Emitter::shapeOf(in[0]);
  auto spread = [&](Value channels) { return e.broadcast(channels, shape, {1}); };
  Value deviation = e.unary<RsqrtOp>(e.add(in[4], e.splatLike(epsilon, in[4])));
  Value centered = e.sub(in[0], spread(in[3]));
  c.out(e.add(e.mul(centered, spread(e.mul(in[1], deviation))), spread(in[2])));
  c.out(in[3], 1);
  c.out(in[4], 2);
}

void emitBatchNormalization(NodeContext &c) {
  SmallVector<Value> in;
  for (int i = 0; i < 5; ++i) {
    in.push_back(c.floating(i));
  }
  double epsilon = c.floatAttribute("epsilon", 1e-5), momentum = c.floatAttribute("momentum", 0.9);
  c.intAttribute("training_mode", 0); // the form is the entry's, whatever the exporter saw
  if (c.bad()) {
    return;
  }
  RankedTensorType type = Emitter::typeOf(in[0]);
  if (type.getRank() < 2) {
    c.invalid("expected an input (B, C, ...), found " + typeText(type));
    return;
  }
  for (Value channels : ArrayRef<Value>(in).drop_front()) {
    if (channels.getType() != type.clone(type.getShape().slice(1, 1))) {
      c.invalid("expected scale, bias, mean and variance of shape (" + Twine(type.getDimSize(1)) +
                ",) and the input's element type, found " + typeText(channels.getType()));
      return;
    }
  }
  if (c.entry.isTraining()) {
    emitTrainingForm(c, in, epsilon, momentum);
  } else {
    emitEvaluationForm(c, in, epsilon);
  }
}

/// (x - mean) / sqrt(variance + epsilon) over the axes; `mean` and `inverse` keep their axes.
struct Normalized {
  Value output, mean, inverse;
};
Normalized normalize(Emitter &e, Value x, ArrayRef<int64_t> axes, double epsilon) {
  Value mean = e.mean(x, axes, true);
  Value centered = e.sub(x, e.broadcastTo(mean, Emitter::shapeOf(x)));
  Value variance = e.mean(e.mul(centered, centered), axes, true);
  Value inverse = e.unary<RsqrtOp>(e.add(variance, e.splatLike(epsilon, variance)));
  return {e.mul(centered, e.broadcastTo(inverse, Emitter::shapeOf(x))), mean, inverse};
}

void emitLayerNormalization(NodeContext &c) {
  Value x = c.floating(0), scale = c.floating(1), bias = c.has(2) ? c.floating(2) : Value();
  int64_t given = c.intAttribute("axis", -1);
  double epsilon = c.floatAttribute("epsilon", 1e-5);
  c.intAttribute("stash_type", 1); // precision of the statistics: the input's
  if (c.bad()) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank(), axis = c.axis(given, rank);
  ArrayRef<int64_t> shape = Emitter::shapeOf(x);
  for (Value factor : {scale, bias}) {
    auto common =
        factor ? broadcastShapes(shape, Emitter::shapeOf(factor)) : SmallVector<int64_t>(shape);
    if (!c.bad() && (!common || ArrayRef<int64_t>(*common) != shape ||
                     (factor && Emitter::elementOf(factor) != Emitter::elementOf(x)))) {
      c.invalid("scale or bias " + typeText(factor.getType()) + " does not broadcast to " +
                typeText(x.getType()));
    }
  }
  if (c.bad()) {
    return;
  }
  Emitter &e = c.e;
  Normalized result = normalize(e, x, llvm::to_vector(llvm::seq<int64_t>(axis, rank)), epsilon);
  Value y = e.mul(result.output, e.broadcastTo(scale, shape));
  c.out(bias ? e.add(y, e.broadcastTo(bias, shape)) : y);
  c.out(result.mean, 1);
  c.out(result.inverse, 2);
}

/// Scale and bias (C) along dimension 1.
void outScaled(NodeContext &c, Value normalized, Value scale, Value bias) {
  ArrayRef<int64_t> shape = Emitter::shapeOf(normalized);
  Emitter &e = c.e;
  c.out(e.add(e.mul(normalized, e.broadcast(scale, shape, {1})), e.broadcast(bias, shape, {1})));
}

/// `groups` groups of channels are normalized per sample; 0: one group per channel.
void emitGrouped(NodeContext &c, int64_t groups, double epsilon) {
  Value x = c.floating(0), scale = c.floating(1), bias = c.floating(2);
  if (c.bad()) {
    return;
  }
  RankedTensorType type = Emitter::typeOf(x);
  if (type.getRank() < 3) {
    c.invalid("expected an input (B, C, spatial...), found " + typeText(type));
    return;
  }
  int64_t channels = type.getDimSize(1);
  groups = groups == 0 ? channels : groups;
  auto perChannel = type.clone(ArrayRef<int64_t>{channels});
  if (groups < 0 || groups > channels || channels % groups != 0 || scale.getType() != perChannel ||
      bias.getType() != perChannel) {
    c.invalid(Twine(groups) + " groups, scale " + typeText(scale.getType()) + " and bias " +
              typeText(bias.getType()) + " do not fit the input " + typeText(type));
    return;
  }
  SmallVector<int64_t> split = {type.getDimSize(0), groups,
                                type.getNumElements() / (type.getDimSize(0) * groups)};
  Normalized result = normalize(c.e, c.e.reshape(x, split), {2}, epsilon);
  outScaled(c, c.e.reshape(result.output, type.getShape()), scale, bias);
}

void emitInstanceNormalization(NodeContext &c) {
  emitGrouped(c, 0, c.floatAttribute("epsilon", 1e-5));
}

void emitGroupNormalization(NodeContext &c) {
  int64_t groups = c.intAttribute("num_groups", 0);
  c.intAttribute("stash_type", 1);
  if (c.opset < 21) {
    c.unsupported("GroupNormalization scales groups before opset 21 and channels since; only the "
                  "latter is supported");
  } else if (groups <= 0) {
    c.invalid("expected a positive num_groups, found " + Twine(groups));
  } else {
    emitGrouped(c, groups, c.floatAttribute("epsilon", 1e-5));
  }
}

} // namespace

void addNormalizationOps(OpTable &table) {
  table["BatchNormalization"] = {emitBatchNormalization};
  table["LayerNormalization"] = {emitLayerNormalization, 17};
  table["InstanceNormalization"] = {emitInstanceNormalization};
  table["GroupNormalization"] = {emitGroupNormalization, 18};
}

} // namespace ntc::importer
