// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The metrics that a program computes besides its loss: see Metrics.h.

#include "frontend/import/Metrics.h"

using namespace mlir;

namespace ntc::importer {

void MetricTracker::recordLabels(Value value, LabelUse use) {
  LabelUse &known = labels[value];
  known.classes = known.classes == 0 ? use.classes : std::min(known.classes, use.classes);
  if (use.ignoreIndex) {
    known.ignoreIndex = use.ignoreIndex;
  }
}

const LabelUse *MetricTracker::labelUse(Value value) const {
  auto found = labels.find(value);
  return found == labels.end() ? nullptr : &found->second;
}

std::optional<MeanParts> MetricTracker::split(Emitter &e, Value value, int depth) const {
  auto found = means.find(value);
  if (found != means.end()) {
    return found->second;
  }
  Operation *op = value.getDefiningOp();
  if (!op || depth > 8) {
    return std::nullopt;
  }
  if (isa<ir::nn::AddOp, ir::nn::SubOp>(op)) {
    auto a = split(e, op->getOperand(0), depth + 1), b = split(e, op->getOperand(1), depth + 1);
    if (!a || !b || a->count != b->count) {
      return std::nullopt;
    }
    Value sum = isa<ir::nn::AddOp>(op) ? e.add(a->sum, b->sum) : e.sub(a->sum, b->sum);
    return MeanParts{sum, a->count};
  }
  if (isa<ir::nn::MulOp>(op)) {
    for (int factor : {0, 1}) {
      if (matchPattern(op->getOperand(factor), m_Constant())) {
        auto parts = split(e, op->getOperand(1 - factor), depth + 1);
        return parts ? std::optional(
                           MeanParts{e.mul(parts->sum, op->getOperand(factor)), parts->count})
                     : std::nullopt;
      }
    }
  }
  if (isa<ir::nn::NegOp>(op)) {
    auto parts = split(e, op->getOperand(0), depth + 1);
    return parts ? std::optional(MeanParts{e.unary<ir::nn::NegOp>(parts->sum), parts->count})
                 : std::nullopt;
  }
  return std::nullopt;
}

} // namespace ntc::importer
