// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a trained model says about a data set, kept for reports: confusion, curves, samples to look
// at.
#pragma once

#include "runtime/data/Dataset.h"
#include "runtime/exec/Session.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace ntc::rt::train {

/// Larger sets are thinned to this many samples, evenly spaced.
inline constexpr int64_t kMostPredictions = 20'000;
/// With more classes only the most probable one is kept.
inline constexpr int64_t kMostProbabilityClasses = 50;

/// Predictions with the truth. A classifier has classes > 0, probabilities and labels; a model of
/// one number per sample has `values` and `targets`.
struct Predictions {
  int64_t classes = 0;
  std::vector<int64_t> rows; ///< samples of the data set
  std::vector<int64_t> labels;
  std::vector<int64_t> guesses;     ///< the class of the greatest probability
  std::vector<float> confidences;   ///< that probability
  std::vector<float> probabilities; ///< (rows, classes); empty above kMostProbabilityClasses
  std::vector<double> values;
  std::vector<double> targets;

  int64_t size() const { return static_cast<int64_t>(rows.size()); }
  float probability(int64_t row, int64_t of) const {
    return probabilities[static_cast<size_t>(row * classes + of)];
  }
};

/// Runs `dataset` through the predict entry. Empty (no rows) where the program has no such entry,
/// or is neither a classifier of labelled samples nor a regression of one number, or `stop` turned
/// true (may be null). Changes no state. Errors: the step's.
Result<Predictions> collectPredictions(exec::Session &session, const std::string &loss,
                                       std::shared_ptr<const data::Dataset> dataset,
                                       const std::string &name, const std::atomic<bool> *stop);

} // namespace ntc::rt::train
