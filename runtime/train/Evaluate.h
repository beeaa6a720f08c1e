// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Metrics of a whole data set: the verb eval, and validation during training.
#pragma once

#include "runtime/train/Collector.h"
#include "runtime/train/Feed.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Options.h"

namespace ntc::rt::train {

/// Sums of an epoch's metrics, in the order of the artifact's outputs.
class MetricSums {
public:
  /// Adds what one step says. Metrics are told apart by their position: all steps are of one
  /// program, and a batch that is accumulated has the first of a step's metrics.
  void add(std::span<const exec::Metric> metrics);
  void clear() { sums_.clear(); }
  /// Goes on from earlier sums. Names are those of the program's outputs, as many as sums.
  void restore(std::span<const std::string> names, std::span<const MeanParts> sums);
  /// The sums so far, in order.
  std::vector<MeanParts> parts() const;
  bool isEmpty() const { return sums_.empty(); }
  /// The means under their reported names, the loss first.
  NamedValues means() const;

private:
  std::vector<std::pair<std::string, MeanParts>> sums_;
};

/// Runs every batch of `feed` through the evaluation step. Stops early, with the sums so far, when
/// `stop` turns true (may be null) or after `mostBatches`. Changes no state. Where `collector` is
/// not null, it gets every batch, and its values come after the means; a metric that both have is
/// the collector's. `isRepeated` says that the feed will be evaluated again, so that its loader
/// goes on with the first batches. Errors: the step's.
Result<NamedValues> evaluate(exec::Session &session, Feed &feed, Progress &progress,
                             const std::atomic<bool> *stop, int64_t mostBatches = INT64_MAX,
                             Collector *collector = nullptr, bool isRepeated = false);

struct EvalReport {
  NamedValues metrics; ///< means over the samples
  int64_t samples = 0;
  double seconds = 0.0;
  std::optional<ClassPredictions> predictions; ///< of a classifier, where they were needed
};

/// Evaluates a session that is open already on options.data and prints the metrics through the
/// hooks; options.model is for messages only. Errors: InvalidArgument for options that do not fit.
Result<EvalReport> evaluateData(exec::Session &session, const EvalOptions &options,
                                const Hooks &hooks);

/// The verb eval. Prints the metrics through the hooks. Errors: InvalidArgument for options that do
/// not fit.
Result<EvalReport> runEval(const EvalOptions &options, const Hooks &hooks);

} // namespace ntc::rt::train
