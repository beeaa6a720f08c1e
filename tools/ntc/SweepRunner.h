// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trials side by side: what is next, training it, writing down what came of it.
#pragma once

#include "tools/ntc/SweepJournal.h"
#include "tools/ntc/SweepPrograms.h"
#include "tools/ntc/SweepReport.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>

namespace ntc::driver {

/// Runs a sweep in `folder`. One `run` per object.
class SweepRunner {
public:
  SweepRunner(const Sweep &sweep, std::string folder, const std::atomic<bool> &interrupt)
      : sweep_(sweep), folder_(std::move(folder)), interrupt_(interrupt),
        programs_(sweep_, folder_ + "/models") {}

  /// Continues where the journal ends, until all trials have ended or `interrupt` turns true.
  /// Errors: the journal's; settings that no trial can run with. A trial that fails is a result.
  rt::Status run();

  /// Every trial begun, the best first.
  std::vector<SweepResult> results() const;
  const SweepPrograms &programs() const { return programs_; }

private:
  /// A trial to train up to a rung.
  struct Task {
    size_t trial = 0;
    size_t rung = 0;
  };

  rt::Status prepare();
  void work();
  std::optional<Task> next();
  void train(const Task &task);
  rt::Result<double> trainFold(size_t trial, int64_t fold, int64_t epochs, bool &isOver,
                               std::atomic<bool> &stop);
  void finish(const Task &task, const rt::Result<double> &value, bool isOver);
  void fail(const rt::Status &status);
  std::string runFolder(size_t trial, int64_t fold) const;

  const Sweep &sweep_;
  std::string folder_;
  const std::atomic<bool> &interrupt_;
  SweepPrograms programs_;
  std::unique_ptr<rt::search::Sampler> sampler_;
  std::vector<int64_t> rungs_; ///< epochs; the last one is the whole trial

  mutable std::mutex mutex_; ///< guards what follows
  std::condition_variable changed_;
  SweepJournal journal_;
  std::vector<rt::search::Trial> trials_;
  std::deque<Task> unfinished_; ///< begun by an earlier process
  std::list<std::atomic<bool> *> running_;
  size_t active_ = 0;
  rt::Status problem_;
};

} // namespace ntc::driver
