// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The training loop and the verb train.
#pragma once

#include "runtime/artifact/Artifact.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Options.h"

#include <memory>
#include <string>

namespace ntc::rt::train {

/// How a run ended.
struct TrainReport {
  int64_t steps = 0;  ///< since the run's start
  int64_t epochs = 0; ///< completed
  NamedValues train;  ///< means over the samples of the last epoch, as far as this process ran it
  NamedValues validation;
  std::string folder;        ///< empty after a dry run
  std::string checkpoint;    ///< the newest one; empty if none was written
  bool interrupted = false;  ///< by the stop flag
  bool stoppedEarly = false; ///< by early stopping
  int64_t bestEpoch = 0;     ///< from 1, by the monitored metric; 0: none
  std::string monitor;       ///< that metric
  double bestValue = 0.0;    ///< its value in that epoch
  std::string resumeCommand; ///< continues the run after an interruption
  double seconds = 0.0;      ///< of this process
  double waitSeconds = 0.0;  ///< of those, waiting for batches of the training data
};

/// Refuses options that lack something or exclude each other, whatever the program. Errors:
/// InvalidArgument.
Status checkOptions(const TrainOptions &options);

/// Trains `artifact` as `options` say; options.model is its file, copied into the run folder
/// (empty: nothing to copy).
///
/// Every epoch visits the samples in the order of (seed, epoch). The state after n steps depends on
/// the program, the data, the seed and the learning rates only: not on threads, logging, or where
/// the run was stopped and resumed. Checkpoints are written at the end of every epoch, every
/// `saveEvery` steps and when the hooks' stop flag turns true. A loss of training
/// that is not finite ends the run with Cancelled at once; the last checkpoint stays. One of
/// validation is a warning, and Cancelled at the end of the run where it is the last. A run that
/// ends before its first checkpoint leaves its folder free for another. Errors before the first
/// step: InvalidArgument for options that do not fit the program, the data or the run resumed.
Result<TrainReport> train(std::shared_ptr<const artifact::Artifact> artifact, TrainOptions options,
                          const Hooks &hooks);

/// Opens options.model (an artifact, or with --resume a run folder) and trains it. Prints the
/// result through the hooks.
Result<TrainReport> runTrain(TrainOptions options, const Hooks &hooks);

} // namespace ntc::rt::train
