// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which epoch was the best, and when to stop because none is better any more. Both follow from the
// values of the epochs alone, so that a resumed run, which has those, decides as the whole one.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ntc::rt::train {

enum class MonitorMode : uint8_t { Min, Max };

/// How a metric is better: greater for accuracy and its like, smaller for losses and errors.
MonitorMode defaultMode(std::string_view metric);

/// Names and defaults are those of the EarlyStopping callbacks of Lightning and Keras.
struct EarlyStopSpec {
  std::string monitor = "val_loss";
  MonitorMode mode = MonitorMode::Min;
  int64_t patience = 3;  ///< epochs without improvement after which the run ends
  double minDelta = 0.0; ///< improvements that are not greater do not count
  bool restoreBest = true;
};

/// Reads "patience=5,monitor=val_accuracy,mode=max,min_delta=0.001,restore_best=false"; mode is by
/// default that of the metric. Errors: InvalidArgument that names the setting.
Result<EarlyStopSpec> parseEarlyStop(std::string_view text);

/// Refuses a monitor that no epoch reports. `who` says what monitors, "--monitor"; `reported` are
/// the names that epochs report, `validates` whether those of validation are among them. An empty
/// monitor passes. Errors: InvalidArgument.
Status checkMonitor(std::string_view who, std::string_view monitor,
                    std::span<const std::string> reported, bool validates);

/// Remembers the best of a sequence of values. NaN is never better.
class BestEpoch {
public:
  explicit BestEpoch(MonitorMode mode, double minDelta = 0.0) : mode_(mode), minDelta_(minDelta) {}

  /// Takes the next epoch's value; true where it is the best so far by more than minDelta.
  bool observe(double value);
  /// Epochs since the best one, as early stopping counts them.
  int64_t waited() const { return waited_; }
  /// Nothing before the first value that is no NaN.
  std::optional<double> best() const { return best_; }
  /// From 1; 0: none.
  int64_t epoch() const { return epoch_; }

private:
  MonitorMode mode_;
  double minDelta_;
  std::optional<double> best_;
  int64_t epoch_ = 0, seen_ = 0, waited_ = 0;
};

} // namespace ntc::rt::train
