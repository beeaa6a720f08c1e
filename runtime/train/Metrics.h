// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Means over samples, and the log of a run for machines.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::train {

/// A mean as the step gives it: numerator and denominator. The denominator is the loss's own
/// (samples, elements, or the sum of class weights).
struct MeanParts {
  double sum = 0.0;
  double count = 0.0;

  void add(double moreSum, double moreCount) {
    sum += moreSum;
    count += moreCount;
  }
  /// NaN without any count.
  double mean() const { return sum / count; }
};

/// The name that users see for an output of a step: "correct" is reported as "accuracy", others as
/// they are.
std::string reportedName(std::string_view output);

using NamedValues = std::vector<std::pair<std::string, double>>;

/// One object of metrics.jsonl. Keys in order: epoch (from 1), step (from the run's start), loss
/// and other metrics of training, lr, time_s (since the run began, without the time between stop
/// and resume), then val_… where computed. Values that are not finite become null.
struct MetricsRecord {
  int64_t epoch = 0;
  int64_t step = 0;
  NamedValues train;
  double learningRate = 0.0;
  double timeSeconds = 0.0;
  NamedValues validation; ///< without the prefix "val_"
};

/// The record as one line, with its newline.
std::string toJsonLine(const MetricsRecord &record);

/// What an earlier process left in metrics.jsonl up to a step.
struct MetricsHistory {
  double timeSeconds = 0.0; ///< time_s of the last record kept
};

/// The file metrics.jsonl, appended to line by line.
class MetricsLog {
public:
  MetricsLog() = default;
  MetricsLog(MetricsLog &&other) noexcept;
  MetricsLog &operator=(MetricsLog &&other) noexcept;
  ~MetricsLog();

  /// Opens `path` for a new run. Errors: Io.
  static Result<MetricsLog> create(const std::string &path);
  /// Opens `path` to continue after `step`: drops records of later steps (the run does them again)
  /// and a line that a crash cut short. A missing file is begun anew. Errors: Io.
  static Result<MetricsLog> resume(const std::string &path, int64_t step, MetricsHistory &history);

  /// Appends one record with one write. Does nothing on a log that was not opened. Errors: Io.
  Status append(const MetricsRecord &record);

private:
  std::string path_;
  int descriptor_ = -1;
};

} // namespace ntc::rt::train
