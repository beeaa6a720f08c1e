// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The page report.html of a run.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/Dataset.h"
#include "runtime/report/Hparams.h"
#include "runtime/report/MetricsTable.h"
#include "runtime/train/Predictions.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::train {

/// What the page is made of. Everything may be empty, except the manifest.
struct RunReport {
  std::string folder;
  std::string command;
  report::Hparams hparams;
  report::MetricsTable metrics;
  Predictions predictions;
  std::shared_ptr<const data::Dataset> samples; ///< that `predictions` is about
  std::string samplesName;
  std::vector<std::string> classNames; ///< by label; of those that it lacks the number is shown
  const artifact::Manifest *manifest = nullptr;
  unsigned threads = 0;
  int64_t trainingSamples = 0; ///< per epoch
  int64_t steps = 0;
};

/// Curves, confusion matrix and report per class (classifiers) or truth against prediction
/// (regressions), samples, epochs, settings, environment. One file without script and without
/// anything loaded.
std::string runReportPage(const RunReport &run);

/// One chart per metric with its training and validation curves, then the learning rate. `x` is
/// "epoch", "step" or "time_s".
std::vector<std::string> metricCharts(const report::MetricsTable &metrics, std::string_view x);

} // namespace ntc::rt::train
