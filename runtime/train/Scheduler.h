// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// torch.optim.lr_scheduler, in f64 on the host: every rate is computed by the operations of
// PyTorch's class in their order, as recurrences where PyTorch has recurrences, so that chained
// schedules compose as theirs do.
#pragma once

#include "runtime/train/ScheduleSpec.h"

#include <memory>

namespace ntc::rt::train {

/// What a schedule changes of one parameter group.
struct GroupRates {
  double lr = 0.0;
  double momentum = 0.0; ///< SGD's momentum or Adam's beta1, where a schedule cycles it
};

/// What a schedule must know of the run. Zero: unknown.
struct ScheduleContext {
  std::vector<GroupRates> groups; ///< with the rates of the recipe; at least one
  bool hasMomentum = false;       ///< the program has the control that cycling needs
  int64_t totalSteps = 0;         ///< optimizer steps of the whole run
  int64_t totalEpochs = 0;
};

/// Whether a schedule advances after every optimizer step or after every epoch: its setting
/// `interval`; by default steps for onecycle and cyclic (also inside others), else epochs.
enum class Interval : uint8_t { Epoch, Step };
Interval intervalOf(const ScheduleSpec &spec);

/// A schedule in progress. Deterministic: the same calls give the same rates. Not thread-safe.
class Scheduler {
public:
  /// Fills in what depends on the run (see `spec`). Errors: InvalidArgument for settings that do
  /// not fit the program or the length of the run.
  static Result<Scheduler> create(const ScheduleSpec &spec, const ScheduleContext &context);
  Scheduler(Scheduler &&) noexcept;
  Scheduler &operator=(Scheduler &&) noexcept;
  ~Scheduler();

  /// The rates after `count` calls of PyTorch's `scheduler.step()` (steps or epochs, as
  /// `interval` says). A smaller count than before starts over. Constant and plateau ignore it.
  std::span<const GroupRates> advanceTo(int64_t count);
  /// ReduceLROnPlateau's `step(metrics)`; the others ignore it.
  void observe(double metric);
  std::span<const GroupRates> rates() const { return rates_; }

  Interval interval() const { return intervalOf(spec_); }
  /// The metric that `observe` expects ("val_loss"); empty for schedules that observe none.
  std::string monitor() const { return spec_.word("monitor"); }
  /// Whether the schedule sets the momentum.
  bool cyclesMomentum() const;
  /// With the settings that depended on the run.
  const ScheduleSpec &spec() const { return spec_; }

  class Node;

private:
  Scheduler(ScheduleSpec spec, std::vector<GroupRates> initial);
  void restart();

  ScheduleSpec spec_;
  std::vector<GroupRates> initial_, rates_;
  std::unique_ptr<Node> root_; ///< null: constant
  int64_t count_ = 0;
};

} // namespace ntc::rt::train
