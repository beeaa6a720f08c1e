// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the verbs speak to the program around them.
#pragma once

#include "runtime/train/Metrics.h"
#include "runtime/train/Progress.h"
#include "runtime/train/Schedule.h"

#include <atomic>
#include <functional>
#include <optional>
#include <string>

namespace ntc::rt::train {

/// Everything may be left as it is.
struct Hooks {
  /// Takes one line of the result, without newline. Default: standard output.
  std::function<void(std::string_view)> print;
  /// Where progress and remarks go.
  int progressDescriptor = 2;
  /// Nothing: found out from the descriptor.
  std::optional<ProgressStyle> style;
  /// Turns true when the user wants to stop; the step under way is finished.
  const std::atomic<bool> *stop = nullptr;
  /// Replaces the recipe's schedule. Gets the time, returns the learning rate.
  Schedule schedule;
  /// Called after every record of metrics.jsonl.
  std::function<void(const MetricsRecord &)> record;
  /// Whether the layer is looked for where a loss is not finite, by making steps again.
  bool findsNotFinite = true;
  /// What the resume command begins with.
  std::string command = "ntc-run";
  /// The whole command as it was typed, for the report; empty: it is made from the options.
  std::string typed = {};

  bool isStopped() const { return stop && stop->load(std::memory_order_relaxed); }
  void printLine(std::string_view line) const;
};

/// A progress display as the hooks want it.
Progress makeProgress(const Hooks &hooks, int64_t logInterval);

} // namespace ntc::rt::train
