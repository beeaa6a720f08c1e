// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The average of the weights that a program keeps beside them (docs/training-loop.md): when it is
// updated, and the statistics of batch normalization that belong to it.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Feed.h"
#include "runtime/train/Recipe.h"

#include <atomic>

namespace ntc::rt::train {

/// Not thread-safe. Everything follows from the recipe, the position and the program's own count of
/// updates, so that a resumed run goes on as the whole one.
class WeightAverage {
public:
  /// An average that is never updated.
  WeightAverage() = default;
  /// `statistics` gives the training data in order; null where the program estimates none.
  WeightAverage(const AverageRecipe &recipe, std::unique_ptr<Feed> statistics)
      : recipe_(recipe), statistics_(std::move(statistics)) {}

  /// After optimizer step `step` (from 1), with `epochs` complete before its own. Errors: the
  /// entry's.
  Status afterStep(exec::Session &session, int64_t step, int64_t epochs) const;
  /// After `epoch` (from 1) is complete; again after an end of epoch that was interrupted. For a
  /// swa the statistics of batch normalization are estimated anew. False: `stop` (may be null)
  /// turned true before they were, and the end of the epoch is to be done again.
  Result<bool> afterEpoch(exec::Session &session, int64_t epoch,
                          const std::atomic<bool> *stop) const;

private:
  Result<bool> estimateStatistics(exec::Session &session, const std::atomic<bool> *stop) const;

  AverageRecipe recipe_;
  std::unique_ptr<Feed> statistics_;
};

/// The session with averages in the place of weights, while this lives; the weights where there has
/// been no update yet.
class AveragedWeights {
public:
  explicit AveragedWeights(exec::Session &session);
  ~AveragedWeights();
  AveragedWeights(const AveragedWeights &) = delete;
  AveragedWeights &operator=(const AveragedWeights &) = delete;

private:
  exec::Session *session_; ///< null: nothing was exchanged
};

} // namespace ntc::rt::train
