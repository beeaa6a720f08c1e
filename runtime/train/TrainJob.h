// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run works with, from options, recipe and data: feeds, rates, metrics, length, monitors.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/EarlyStop.h"
#include "runtime/train/Feed.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/LearningRates.h"
#include "runtime/train/LoopState.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Options.h"
#include "runtime/train/Progress.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/Reporter.h"
#include "runtime/train/RunData.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/WeightAverage.h"

#include <cmath>
#include <functional>

namespace ntc::rt::train {

/// What the loop works with, prepared by `train`. Everything is checked; the loop only runs.
struct TrainJob {
  std::unique_ptr<exec::Session> session;
  std::unique_ptr<Feed> feed;
  std::unique_ptr<Feed> validation; ///< null: none
  std::vector<std::string> metrics; ///< of the validation, from predictions
  std::string lossName;             ///< of the recipe
  std::string preprocessing;        ///< preprocessingJson of the data, for checkpoints
  LearningRates rates;
  WeightAverage average;
  LoopState state; ///< of the checkpoint that the run continues from
  int64_t epochs = INT64_MAX;
  int64_t maxSteps = INT64_MAX;
  bool progressTable = false;
  double maxSeconds = INFINITY; ///< of this process; the step under way is finished
  int64_t accumulate = 1;       ///< batches per step; the last one of an epoch ends its step
  int64_t saveEvery = 0;        ///< 0: at ends of epochs only
  int64_t keep = 2;
  int64_t recordEvery = 0; ///< steps between records in metrics.jsonl; 0: per epoch only
  bool dryRun = false;
  bool checkNumerics = false;
  std::function<Status(exec::Session &)> firstValues; ///< those of the run's beginning, once more
  std::optional<EarlyStopSpec> earlyStop;
  std::string monitor; ///< decides which epoch is the best; empty: none
  MonitorMode monitorMode = MonitorMode::Min;
  std::string folder; ///< empty: nothing is written
  MetricsLog log;
  MetricsHistory history;
  std::unique_ptr<Reporter> reporter; ///< null: none
};

/// Steps that an epoch makes.
int64_t stepsPerEpoch(const TrainJob &job);

/// Fills `job`, which has its session and state, but for what belongs to the run's folder.
/// Returns what the folder will record. Errors: InvalidArgument for options that do not fit the
/// program, the recipe or the data.
Result<RunRecord> prepareJob(const TrainOptions &options, const Recipe &recipe, const RunData &data,
                             const Hooks &hooks, Progress &progress, TrainJob &job);

} // namespace ntc::rt::train
