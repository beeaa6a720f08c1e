// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two losses of the standard domain on class indices, with weights, ignored labels and
// reductions. A mean is divided by the sum of the weights of the labels that count, and remembered
// as (sum, count).
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

struct LossInputs {
  Value scores, labels, weight;
  std::string reduction;
  std::optional<int64_t> ignoreIndex;
};

std::optional<LossInputs> readLoss(NodeContext &c) {
  LossInputs in;
  in.scores = c.floating(0);
  in.labels = c.in(1);
  in.weight = c.has(2) ? c.floating(2) : Value();
  in.reduction = c.stringAttribute("reduction", "mean");
  if (c.hasAttribute("ignore_index")) {
    in.ignoreIndex = c.intAttribute("ignore_index", 0);
  }
  if (in.reduction != "mean" && in.reduction != "sum" && in.reduction != "none") {
    c.invalid("expected reduction to be mean, sum or none, found '" + in.reduction + "'");
  }
  if (c.bad()) {
    return std::nullopt;
  }
  SmallVector<int64_t> expected(Emitter::shapeOf(in.scores));
  auto integer = dyn_cast<IntegerType>(Emitter::elementOf(in.labels));
  if (expected.size() >= 2) {
    expected.erase(expected.begin() + 1);
  }
  if (Emitter::typeOf(in.scores).getRank() < 2 || !integer || integer.getWidth() < 32 ||
      ArrayRef<int64_t>(expected) != Emitter::shapeOf(in.labels)) {
    c.invalid("expected scores (B, C, ...) and integer labels of the same shape without C, found " +
              typeText(in.scores.getType()) + " and " + typeText(in.labels.getType()));
    return std::nullopt;
  }
  int64_t classes = Emitter::shapeOf(in.scores)[1];
  if (in.weight &&
      in.weight.getType() != Emitter::typeOf(in.scores).clone(ArrayRef<int64_t>{classes})) {
    c.invalid("expected one weight for each of " + Twine(classes) + " classes, found " +
              typeText(in.weight.getType()));
    return std::nullopt;
  }
  c.entry.metrics.recordLabels(in.labels, {classes, in.ignoreIndex});
  return in;
}

/// Weight of each label, its class's weight or 0 where it is ignored; null when all are 1.
Value labelWeights(Emitter &e, const LossInputs &in, Value hot) {
  Value weights;
  if (in.weight) {
    weights = e.sum(e.mul(hot, e.broadcast(in.weight, Emitter::shapeOf(hot), {1})), {1});
  }
  if (in.ignoreIndex) {
    Value ignored = e.splatLike(static_cast<double>(*in.ignoreIndex), in.labels);
    Value valid = e.cast(e.compare(Predicate::ne, in.labels, ignored), Emitter::elementOf(hot));
    weights = weights ? e.mul(weights, valid) : valid;
  }
  return weights;
}

/// -w[y] * logProbabilities[y] per label, then the reduction.
void outNegativeLogLikelihood(NodeContext &c, const LossInputs &in, Value logProbabilities) {
  Emitter &e = c.e;
  RankedTensorType type = Emitter::typeOf(logProbabilities);
  Value hot = e.make<OneHotOp>(type, in.labels, e.integer("axis", 1));
  Value each = e.unary<NegOp>(e.sum(e.mul(hot, logProbabilities), {1}));
  Value weights = labelWeights(e, in, hot);
  each = weights ? e.mul(each, weights) : each;
  if (in.reduction == "none") {
    c.out(each);
    return;
  }
  Value sum = e.sumAll(each);
  if (in.reduction == "sum") {
    c.out(sum);
    return;
  }
  Value count = weights
                    ? e.sumAll(weights)
                    : e.splatLike(static_cast<double>(Emitter::typeOf(each).getNumElements()), sum);
  Value mean = e.div(sum, count);
  c.entry.metrics.recordMean(mean, {sum, count});
  c.out(mean);
}

void emitSoftmaxCrossEntropyLoss(NodeContext &c) {
  if (auto in = readLoss(c)) {
    Value logs = c.e.make<LogSoftmaxOp>(in->scores.getType(), in->scores, c.e.integer("axis", 1));
    outNegativeLogLikelihood(c, *in, logs);
    c.out(logs, 1);
  }
}

void emitNegativeLogLikelihoodLoss(NodeContext &c) {
  if (auto in = readLoss(c)) {
    outNegativeLogLikelihood(c, *in, in->scores);
  }
}

} // namespace

void addLossOps(OpTable &table) {
  table["SoftmaxCrossEntropyLoss"] = {emitSoftmaxCrossEntropyLoss};
  table["NegativeLogLikelihoodLoss"] = {emitNegativeLogLikelihoodLoss};
}

} // namespace ntc::importer
