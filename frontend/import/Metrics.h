// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A mean leaves the step as (sum, count). This remembers, while losses are emitted, which scalar is
// the quotient of which sum and count, and which integers are class labels.
#pragma once

#include "frontend/import/Emitter.h"

#include <optional>

namespace ntc::importer {

/// The numerator and denominator of a mean, scalars of one type.
struct MeanParts {
  mlir::Value sum;
  mlir::Value count;
};

/// Integers that a loss reads as class indices.
struct LabelUse {
  int64_t classes = 0;
  std::optional<int64_t> ignoreIndex;
};

class MetricTracker {
public:
  /// `mean` is `parts.sum / parts.count`.
  void recordMean(mlir::Value mean, MeanParts parts) { means[mean] = parts; }
  void recordLabels(mlir::Value labels, LabelUse use);
  /// How `labels` are used; null when no loss reads them as classes.
  const LabelUse *labelUse(mlir::Value labels) const;

  /// Splits a scalar into sum and count: a recorded mean, or a sum or product with constants of
  /// such with one count. Emits what that needs; nothing for any other value.
  std::optional<MeanParts> split(Emitter &e, mlir::Value value, int depth = 0) const;

private:
  llvm::DenseMap<mlir::Value, MeanParts> means;
  llvm::DenseMap<mlir::Value, LabelUse> labels;
};

} // namespace ntc::importer
