// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs as plot and compare read them: the metrics and settings of run folders.
#pragma once

#include "runtime/report/Hparams.h"
#include "runtime/report/MetricsTable.h"
#include "runtime/train/RunFolder.h"

namespace ntc::driver {

/// What a run folder holds for readers.
struct RunFiles {
  std::string folder;
  std::string name; ///< the folder's last part, with as much before it as tells the runs apart
  rt::train::RunRecord record;
  /// Everything that the run was told and that repeats it: hyperparameters, data, the rest of the
  /// recipe by its fields' names ("clip.max_norm"), and "parameters", how many the model has.
  rt::report::Hparams settings;
  rt::report::MetricsTable metrics;
};

/// Reads run.json, train.json and metrics.jsonl of every folder. Errors: NotFound for a folder that
/// holds no run, or a run without metrics yet; Corrupt, Io.
rt::Result<std::vector<RunFiles>> readRuns(const std::vector<std::string> &folders);

} // namespace ntc::driver
