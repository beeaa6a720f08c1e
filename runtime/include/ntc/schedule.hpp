// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Learning-rate schedules with PyTorch's exact values, step by step, for loops of a program's own.
// Library: libntc_train. `ntc::train::fit` takes the same texts (docs/schedules.md).
//
//   auto scheduler = ntc::optim::LRScheduler::create("cosine,t_max=20", {.groups = {{.lr = 0.1}}});
//   for (int epoch = 0; epoch < 20; ++epoch) {
//     session.setControl("lr", scheduler->lr());
//     …
//     scheduler->step();
//   }
#pragma once

#include "ntc/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ntc::optim {

/// What a schedule changes of one parameter group of an optimizer.
struct RateGroup {
  double lr = 0.0;
  double momentum = 0.0; ///< SGD's momentum or Adam's beta1, for schedules that cycle it
};

/// What a schedule must know. Every member but `groups` may be left out. A struct of this library's
/// version, not of a stable layout.
struct ScheduleOptions {
  std::vector<RateGroup> groups; ///< at least one, with the optimizer's own rates
  bool hasMomentum = false;      ///< `momentum` of the groups counts and may be cycled
  int64_t totalSteps = 0;        ///< of the run, for schedules that need its length; 0: unknown
  int64_t totalEpochs = 0;
};

/// One of torch.optim.lr_scheduler's classes. Values are f64, computed by the same operations in
/// the same order. Move-only; belongs to one thread.
class NTC_API LRScheduler {
public:
  /// `text` is that of --schedule: "step,step_size=30,gamma=0.1", "onecycle,max_lr=0.1",
  /// "plateau,patience=3", "none", …. Errors: NTC_INVALID_ARGUMENT naming the setting.
  static runtime::Result<LRScheduler> create(const std::string &text,
                                             const ScheduleOptions &options);
  LRScheduler(LRScheduler &&) noexcept;
  LRScheduler &operator=(LRScheduler &&) noexcept;
  ~LRScheduler();

  /// PyTorch's scheduler.step(), after an epoch or after a batch as `isPerStep` says.
  void step();
  /// ReduceLROnPlateau's scheduler.step(metrics); of other schedules the same as step().
  void step(double metric);
  /// As after `count` calls of step() on a new one: to resume. Of ReduceLROnPlateau, which follows
  /// metrics, only the count.
  void advanceTo(int64_t count);

  /// Calls of step() so far: PyTorch's last_epoch.
  int64_t lastEpoch() const;
  /// get_last_lr(): one per group.
  std::vector<double> getLastLr() const;
  /// Of the first group.
  double lr() const;
  double momentum() const;

  /// Whether a step is a batch (onecycle, cyclic, interval=step), not an epoch.
  bool isPerStep() const;
  /// The metric that step(metric) wants, such as "val_loss"; empty: none.
  std::string monitor() const;
  /// The schedule with every setting filled in; makes the same one again.
  std::string text() const;

private:
  class Impl;
  explicit LRScheduler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace ntc::optim
