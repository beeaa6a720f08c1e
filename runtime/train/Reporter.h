// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run writes for people to look at: TensorBoard's event files while it goes on, report.html
// at its end.
#pragma once

#include "runtime/data/Dataset.h"
#include "runtime/exec/Session.h"
#include "runtime/report/EventFile.h"
#include "runtime/report/Hparams.h"
#include "runtime/report/Png.h"
#include "runtime/train/Histograms.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Predictions.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunFolder.h"

#include <atomic>
#include <memory>
#include <string>

namespace ntc::rt::train {

/// The settings of a run for tables: batch size, lr, seed, epochs, and the recipe's loss, optimizer
/// and hyperparameters.
report::Hparams hparamsOf(const Recipe &recipe, const RunRecord &record);

/// Pictures of those samples; none where the first field is no picture.
std::vector<report::Picture> picturesOf(const data::Dataset &dataset,
                                        std::span<const int64_t> rows);

/// What the reporter is told about a run before its first step.
struct ReporterOptions {
  std::string folder;
  std::string command; ///< the command line
  std::string loss;    ///< the recipe's name of it
  bool tensorboard = true;
  bool page = true;                             ///< report.html
  std::shared_ptr<const data::Dataset> samples; ///< that predictions are shown of at the end
  std::string samplesName;                      ///< of the data, for messages
  std::vector<std::string> classNames;          ///< by label; empty: they have none
};

/// Follows one run. Not thread-safe. An error of any call ends the run: the files are part of it.
class Reporter {
public:
  /// Opens the event file and writes what is known from the start: settings, command line, the
  /// model's graph, the initial weights, pictures of samples. A resumed run voids the records of
  /// the steps that it does again. Errors: Io.
  static Result<std::unique_ptr<Reporter>> create(const ReporterOptions &options,
                                                  exec::Session &session, const Recipe &recipe,
                                                  const RunRecord &record);
  /// Without a successful `finish`, writes that the run failed.
  ~Reporter();
  Reporter(const Reporter &) = delete;

  /// Keeps the state before an epoch's last step, whose update is shown.
  void beforeLastStep(exec::Session &session);
  /// Scalars of a record of metrics.jsonl, under the same names.
  Status record(const MetricsRecord &record);
  /// Histograms after an epoch.
  Status endEpoch(exec::Session &session);
  /// The end of the run: predictions of the samples and what follows from them. They are left out
  /// when `stop` is true (may be null).
  Status finish(exec::Session &session, const std::atomic<bool> *stop);

private:
  void showSamples();
  Reporter(ReporterOptions options, const exec::Session &session, const Recipe &recipe,
           const RunRecord &record);
  Status writePage(const exec::Session &session, Predictions predictions);

  ReporterOptions options_;
  RunRecord record_;
  report::Hparams hparams_;
  report::EventFile events_;
  Histograms histograms_;
  bool isFinished_ = false;
};

} // namespace ntc::rt::train
