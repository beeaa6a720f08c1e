// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Predictions and truth of a data set, gathered batch by batch beside the evaluation step, for the
// metrics that no sum over batches gives.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Outputs.h"
#include "runtime/train/Scores.h"

#include <optional>

namespace ntc::rt::train {

/// Metrics by name, computed from predictions. Not thread-safe.
class Collector {
public:
  /// Decides by the recipe's loss what the model's first output is: class scores (cross_entropy,
  /// nll), one binary logit (bce_with_logits), or numbers (others). Errors: InvalidArgument for a
  /// program without a predict entry and for a metric that there is not, or not for this kind of
  /// output; Unsupported for outputs of several places per sample.
  static Result<Collector> create(const exec::Session &session, std::string_view loss,
                                  std::span<const std::string> metrics);
  /// The same from a predict entry alone, of which only the outputs count.
  static Result<Collector> create(const artifact::EntrySpec &predict, std::string_view loss,
                                  std::span<const std::string> metrics);

  /// Predicts for the first `samples` of an evaluation batch, whose views are those of the
  /// evaluation entry in order. Changes no state.
  Status add(exec::Session &session, std::span<const exec::TensorView> batch, int64_t samples);

  /// The metrics asked for, in order.
  NamedValues values() const;
  /// Null for numbers.
  const ClassPredictions *classes() const { return isClassifier_ ? &classes_ : nullptr; }

private:
  Status readTruth(const exec::TensorView &target, const artifact::InputSpec &spec,
                   const std::byte *output, int64_t samples);

  PredictOutput output_;
  bool isClassifier_ = false;
  std::vector<std::string> metrics_;
  ClassPredictions classes_;
  ValuePredictions values_;
};

/// Names that `--metrics` takes, for help and messages.
std::string metricNamesText();

/// Refuses a name that is no metric of any model. Errors: InvalidArgument.
Status checkMetricName(std::string_view name);

} // namespace ntc::rt::train
