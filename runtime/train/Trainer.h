// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run under way: the state of the loop between the first and the last step of this process.
#pragma once

#include "runtime/format/Safetensors.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/NumericCheck.h"
#include "runtime/train/Train.h"
#include "runtime/train/TrainJob.h"

#include <chrono>

namespace ntc::rt::train {

/// Runs a job once. Not thread-safe.
class Trainer {
public:
  Trainer(TrainJob job, Progress &progress, const Hooks &hooks);

  /// Errors: the step's, Io of checkpoints and metrics, Cancelled for a loss that is not finite: at
  /// once for one of training, at the end for the last one of validation.
  Result<TrainReport> run();

private:
  Status runEpoch();
  /// Whether the run goes on behind the epoch, as far as is known: not whether it is stopped early.
  bool hasNextEpoch() const;
  Status step(const data::Batch &batch);
  Status finishEpoch();
  Status validate();
  Status save();
  /// What a checkpoint says besides the state.
  format::Metadata checkpointMetadata() const;
  Status recordMetrics();
  void completeEpoch();
  void judge(const NamedValues &epoch);
  std::string earlyStopText() const;
  std::string finishedText() const;
  Status notFinite(double loss);
  /// Why the run ends here: `what` came of the step, in epoch `epoch`, counted from 1.
  Status stoppedAt(std::string_view what, int64_t epoch);
  /// Refuses parameters that training made not finite.
  Status checkParameters();
  /// Makes the steps since the newest checkpoint again and names the first value that is not
  /// finite; empty where that is not possible. The session's state is lost.
  std::string replayed(std::string_view what);
  /// Marks the best checkpoint if it is the one that the run continues from.
  Status markResumed();
  void checkValidation();
  bool isDone() const;
  double secondsHere() const;
  ProgressState progressState() const;
  void printEpoch();
  void printRow(const NamedValues &values);

  TrainJob job_;
  Progress &progress_;
  const Hooks &hooks_;
  MetricSums sums_;
  NamedValues validation_;
  int64_t epoch_ = 0;  ///< completed epochs
  int64_t cursor_ = 0; ///< samples of the running epoch
  int64_t step_ = 0;
  int64_t batchesInEpoch_ = 0;    ///< done, also by an earlier process
  int64_t firstBatch_ = 0;        ///< of the epoch in this process
  int64_t savedStep_ = -1;        ///< of the newest checkpoint, also of an earlier process
  std::string validationProblem_; ///< a sentence on the last validation's loss; empty: it is finite
  size_t tableColumns_ = 0;       ///< of the head that was printed last
  BestEpoch best_, patience_;
  bool isBest_ = false;       ///< the epoch that was completed last
  bool stoppedEarly_ = false; ///< no epoch was better for as long as early stopping waits
  std::unique_ptr<NumericCheck> check_;
  std::vector<std::string> notFiniteBefore_; ///< parameters that began so, such as masks
  std::string checkpoint_;
  int64_t checkpointStep_ = 0;    ///< of the newest checkpoint; 0: the run's first values
  double waitBefore_ = 0.0;       ///< the loader's waiting before the epoch
  double epochWaitSeconds_ = 0.0; ///< of the epoch
  std::chrono::steady_clock::time_point begin_, epochBegin_, savedAt_;
};

} // namespace ntc::rt::train
