// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The learning rates of a run: the parameter groups' controls of the session, moved by a schedule.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/Schedule.h"
#include "runtime/train/Scheduler.h"

namespace ntc::rt::train {

/// How long the run is planned to be. Zero: unknown.
struct RunLength {
  int64_t steps = 0; ///< optimizer steps
  int64_t epochs = 0;
};

/// Sets the controls before each step. Groups are the controls "lr" and "GROUP.lr"; with them go
/// "momentum" or "beta1" where a schedule cycles it. Not thread-safe.
class LearningRates {
public:
  /// No rates: nothing is ever set.
  LearningRates() = default;

  /// `learningRate` (nothing: the recipe's, else the program's) is the rate of "lr" and of groups
  /// without a rate of their own in the recipe. `schedule` replaces the recipe's, `custom` both.
  /// Errors: InvalidArgument for a schedule or rate that does not fit the program or the run.
  static Result<LearningRates> create(const exec::Session &session, const Recipe &recipe,
                                      std::optional<double> learningRate,
                                      const std::optional<ScheduleSpec> &schedule,
                                      const Schedule &custom, RunLength length);

  /// Writes the controls that differ from what was written last.
  Status apply(exec::Session &session, ScheduleTime time);
  /// The next `apply` writes all controls: the session was initialized anew.
  void forget();
  /// Takes the monitored metric of a completed epoch.
  void observe(double metric) { scheduler_ ? scheduler_->observe(metric) : void(); }

  /// The metric for `observe`; empty: none.
  std::string monitor() const { return scheduler_ ? scheduler_->monitor() : ""; }
  /// The first group's rate as applied last; nothing before that and without controls.
  std::optional<double> current() const { return current_; }
  /// The first group's rate without a schedule; nothing without controls.
  std::optional<double> base() const;
  /// The text of the schedule with everything that depended on the run; empty with a custom one.
  std::string scheduleText() const { return scheduler_ ? toText(scheduler_->spec()) : ""; }

private:
  struct Group {
    std::string rate;     ///< name of the control
    std::string momentum; ///< empty: none
    GroupRates initial;
    std::optional<GroupRates> written;
  };
  std::vector<Group> groups_;
  std::optional<Scheduler> scheduler_;
  Interval interval_ = Interval::Epoch;
  bool cyclesMomentum_ = false;
  Schedule custom_;
  std::optional<double> current_;
};

} // namespace ntc::rt::train
