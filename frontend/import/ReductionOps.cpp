// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions. A mean over everything is remembered as a sum and a count, because metrics leave the
// step so.
#include "frontend/import/EntryBuilder.h"
#include "frontend/import/OpTable.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

enum class Reduction { Sum, Mean, Max, Min, L1, L2, SumSquare, LogSum, LogSumExp };

/// The axes: an input since opset `inputSince`, an attribute before.
SmallVector<int64_t> reducedAxes(NodeContext &c, int64_t rank, int64_t inputSince) {
  bool isInput = c.opset >= inputSince;
  std::optional<SmallVector<int64_t>> given;
  if (isInput && c.has(1)) {
    given = c.constantInts(1, "a list of axes");
  } else if (!isInput) {
    given = c.intsAttributeOf("axes");
  }
  bool noop = isInput && c.intAttribute("noop_with_empty_axes", 0) != 0;
  if (!given || given->empty()) {
    return noop ? SmallVector<int64_t>() : llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  return c.axes(*given, rank);
}

/// log(sum(exp(x))) with the maximum taken out; the maximum is not differentiated through, which
/// changes nothing.
Value logSumExp(Emitter &e, Value x, ArrayRef<int64_t> axes, bool keep) {
  Value max = e.reduce<ReduceMaxOp>(x, axes, true);
  Value shifted = e.sub(x, e.broadcastTo(max, Emitter::shapeOf(x)));
  Value sum = e.unary<LogOp>(e.sum(e.unary<ExpOp>(shifted), axes, keep));
  return e.add(sum, e.reshape(max, Emitter::shapeOf(sum)));
}

Value reduce(NodeContext &c, Reduction kind, Value x, ArrayRef<int64_t> axes, bool keep) {
  Emitter &e = c.e;
  switch (kind) {
  case Reduction::Sum:
    return e.sum(x, axes, keep);
  case Reduction::Max:
    return e.reduce<ReduceMaxOp>(x, axes, keep);
  case Reduction::Min:
    return e.reduce<ReduceMinOp>(x, axes, keep);
  case Reduction::L1:
    return e.sum(e.unary<AbsOp>(x), axes, keep);
  case Reduction::L2:
    return e.unary<SqrtOp>(e.sum(e.mul(x, x), axes, keep));
  case Reduction::SumSquare:
    return e.sum(e.mul(x, x), axes, keep);
  case Reduction::LogSum:
    return e.unary<LogOp>(e.sum(x, axes, keep));
  case Reduction::LogSumExp:
    return logSumExp(e, x, axes, keep);
  case Reduction::Mean:
    break;
  }
  Value mean = e.mean(x, axes, keep);
  if (Emitter::typeOf(mean).getRank() == 0) {
    if (auto quotient = mean.getDefiningOp<DivOp>()) {
      c.entry.metrics.recordMean(mean, {quotient.getLhs(), quotient.getRhs()});
    }
  }
  return mean;
}

template <Reduction kind, int64_t inputSince = 18> void emitReduce(NodeContext &c) {
  bool takesIntegers = kind == Reduction::Sum || kind == Reduction::Max || kind == Reduction::Min;
  Value x = takesIntegers ? c.in(0) : c.floating(0);
  bool keep = c.intAttribute("keepdims", 1) != 0;
  if (c.bad()) {
    return;
  }
  if (Emitter::elementOf(x).isInteger(1)) {
    c.unsupported("a reduction of booleans is not supported");
    return;
  }
  SmallVector<int64_t> axes = reducedAxes(c, Emitter::typeOf(x).getRank(), inputSince);
  if (c.bad()) {
    return;
  }
  bool isPlain = takesIntegers || kind == Reduction::Mean;
  c.out(axes.empty() && isPlain ? x : reduce(c, kind, x, axes, keep));
}

void emitArgMax(NodeContext &c) {
  Value x = c.floating(0);
  int64_t given = c.intAttribute("axis", 0);
  bool keep = c.intAttribute("keepdims", 1) != 0;
  if (c.intAttribute("select_last_index", 0) != 0) {
    c.unsupported("select_last_index is not supported");
  }
  if (c.bad()) {
    return;
  }
  int64_t axis = c.axis(given, Emitter::typeOf(x).getRank());
  if (c.bad()) {
    return;
  }
  if (Operation *op = c.tryMake<ArgmaxOp>(x, c.e.integer("axis", axis))) {
    SmallVector<int64_t> shape(Emitter::shapeOf(x));
    shape[axis] = 1;
    c.out(keep ? c.e.reshape(op->getResult(0), shape) : op->getResult(0));
  }
}

} // namespace

void addReductionOps(OpTable &table) {
  table["ReduceSum"] = {emitReduce<Reduction::Sum, 13>};
  table["ReduceMean"] = {emitReduce<Reduction::Mean>};
  table["ReduceMax"] = {emitReduce<Reduction::Max>};
  table["ReduceMin"] = {emitReduce<Reduction::Min>};
  table["ReduceL1"] = {emitReduce<Reduction::L1>};
  table["ReduceL2"] = {emitReduce<Reduction::L2>};
  table["ReduceSumSquare"] = {emitReduce<Reduction::SumSquare>};
  table["ReduceLogSum"] = {emitReduce<Reduction::LogSum>};
  table["ReduceLogSumExp"] = {emitReduce<Reduction::LogSumExp>};
  table["ArgMax"] = {emitArgMax};
}

} // namespace ntc::importer
