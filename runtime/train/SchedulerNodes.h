// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The classes behind Scheduler, one for each of PyTorch's.
#pragma once

#include "runtime/train/Scheduler.h"

#include <optional>

namespace ntc::rt::train {

/// A parameter group as the schedules of one composition share it: `lr` is read and written by each
/// in turn, `initialLr` is set by the first.
struct ScheduledGroup {
  double lr = 0.0;
  double momentum = 0.0;
  std::optional<double> initialLr;
};

/// One of PyTorch's schedulers. `lastEpoch` counts its own steps.
class Scheduler::Node {
public:
  using Groups = std::span<ScheduledGroup>;
  virtual ~Node() = default;

  /// The constructor of PyTorch's class: sets what it sets and makes its initial step.
  virtual void begin(Groups groups);
  /// scheduler.step().
  virtual void step(Groups groups) { advance(groups, false); }
  /// The initial step; SequentialLR makes it a second time.
  virtual void initialStep(Groups groups) { advance(groups, true); }
  /// PyTorch's _update_lr(0), with which SequentialLR enters a schedule: the closed form at 0 where
  /// the class has one.
  virtual void enter(Groups groups);
  /// Takes back the count of the initial step, not its effect.
  virtual void undo() { --lastEpoch; }
  virtual void observe(Groups groups, double metric) {}

  std::vector<ScheduledGroup> groups; ///< of the root only

protected:
  /// get_lr() for one group. May set the momentum.
  virtual double rate(ScheduledGroup &group, size_t index, bool isInitial) = 0;
  /// _get_closed_form_lr() at step 0; classes without one use get_lr().
  virtual double closedForm(ScheduledGroup &group, size_t index) {
    return rate(group, index, false);
  }
  void advance(Groups groups, bool isInitial);

  int64_t lastEpoch = -1;
  std::vector<double> baseRates;
};

/// The node of a spec whose run-dependent settings are filled in; null for a constant rate.
std::unique_ptr<Scheduler::Node> makeNode(const ScheduleSpec &spec);
/// onecycle and cyclic, else null.
std::unique_ptr<Scheduler::Node> makeCyclicNode(const ScheduleSpec &spec);

} // namespace ntc::rt::train
