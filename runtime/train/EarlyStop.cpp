// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The flag's text and the memory of the best epoch.
#include "runtime/train/EarlyStop.h"

#include "runtime/data/Suggest.h"
#include "runtime/train/Flags.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ntc::rt::train {
namespace {

constexpr std::array<std::string_view, 5> kSettings = {"monitor", "mode", "patience", "min_delta",
                                                       "restore_best"};

Status bad(std::string_view key, std::string_view expected, std::string_view found) {
  return error(Code::InvalidArgument, key, ": expected ", expected, ", found ", quoted(found));
}

Status set(std::string_view key, std::string_view value, EarlyStopSpec &spec,
           std::optional<MonitorMode> &mode) {
  if (key == "monitor") {
    spec.monitor = value;
    return value.empty() ? bad(key, "a metric such as val_loss", value) : Status::ok();
  }
  if (key == "mode") {
    mode = value == "max" ? MonitorMode::Max : MonitorMode::Min;
    return value == "max" || value == "min" ? Status::ok() : bad(key, "min or max", value);
  }
  if (key == "patience") {
    std::optional<int64_t> count = parseInteger(value);
    spec.patience = count.value_or(0);
    return count && *count >= 1 ? Status::ok() : bad(key, "a whole number from 1", value);
  }
  if (key == "min_delta") {
    std::optional<double> delta = parseNumber(value);
    spec.minDelta = delta.value_or(0.0);
    return delta && *delta >= 0.0 ? Status::ok() : bad(key, "a number from 0", value);
  }
  if (key == "restore_best") {
    spec.restoreBest = value != "false";
    return value == "true" || value == "false" ? Status::ok() : bad(key, "true or false", value);
  }
  return error(Code::InvalidArgument, "unknown setting ", quoted(key),
               data::didYouMean(key, kSettings));
}

} // namespace

MonitorMode defaultMode(std::string_view metric) {
  metric.remove_prefix(metric.starts_with("val_") ? 4 : 0);
  for (std::string_view greater :
       {"accuracy", "top", "precision", "recall", "f1", "roc_auc", "average_precision", "r2"}) {
    if (metric.starts_with(greater)) {
      return MonitorMode::Max;
    }
  }
  return MonitorMode::Min;
}

Result<EarlyStopSpec> parseEarlyStop(std::string_view text) {
  EarlyStopSpec spec;
  std::optional<MonitorMode> mode;
  for (std::string_view left = text; !left.empty();) {
    const size_t end = std::min(left.find(','), left.size());
    const std::string_view part = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    const size_t equals = std::min(part.find('='), part.size());
    const std::string_view value = equals < part.size() ? part.substr(equals + 1) : "";
    if (Status status = set(part.substr(0, equals), value, spec, mode); !status) {
      return status;
    }
  }
  spec.mode = mode.value_or(defaultMode(spec.monitor));
  return spec;
}

Status checkMonitor(std::string_view who, std::string_view monitor,
                    std::span<const std::string> reported, bool validates) {
  if (monitor.empty() || std::ranges::find(reported, monitor) != reported.end()) {
    return Status::ok();
  }
  if (monitor.starts_with("val_") && !validates) {
    return error(Code::InvalidArgument, who, " monitors ", quoted(monitor),
                 ", but the run has no validation; add --val or --val-split");
  }
  const std::vector<std::string_view> known(reported.begin(), reported.end());
  return error(Code::InvalidArgument, who, " monitors ", quoted(monitor),
               ", which the run does not report", data::didYouMean(monitor, known));
}

bool BestEpoch::observe(double value) {
  ++seen_;
  const bool isFirst = !best_ && !std::isnan(value);
  const bool isBetter = best_ && (mode_ == MonitorMode::Min ? value < *best_ - minDelta_
                                                            : value > *best_ + minDelta_);
  if (!isFirst && !isBetter) {
    ++waited_;
    return false;
  }
  best_ = value;
  epoch_ = seen_;
  waited_ = 0;
  return true;
}

} // namespace ntc::rt::train
