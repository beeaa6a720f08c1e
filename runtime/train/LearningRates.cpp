// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the program's controls to parameter groups, and back before every step.
#include "runtime/train/LearningRates.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

const format::JsonValue *find(const format::JsonValue *value, std::string_view key) {
  return value ? value->find(key) : nullptr;
}

/// What the recipe says about a group's rate.
struct OwnRate {
  bool isOwn = false;          ///< a rate that no flag changes
  std::optional<double> times; ///< a multiple of the optimizer's
};

OwnRate ownRateOf(const Recipe &recipe, std::string_view name) {
  const format::JsonValue *groups = find(recipe.spec.find("optimizer"), "groups");
  for (size_t i = 0; groups && i < groups->items().size(); ++i) {
    const format::JsonValue *group = &groups->items()[i];
    const format::JsonValue *known = find(group, "name");
    if (known && known->text() == name) {
      const format::JsonValue *factor = find(group, "lr_factor");
      factor = factor ? factor : find(group, "lrFactor");
      return {find(find(group, "hyperparameters"), "lr") != nullptr,
              factor ? factor->asDouble() : std::nullopt};
    }
  }
  return {};
}

const artifact::ControlSpec *controlOf(const artifact::Manifest &manifest, std::string_view name) {
  auto found = std::ranges::find(manifest.controls, name, &artifact::ControlSpec::name);
  return found == manifest.controls.end() ? nullptr : &*found;
}

} // namespace

std::optional<double> LearningRates::base() const {
  return groups_.empty() ? std::nullopt : std::optional(groups_.front().initial.lr);
}

Result<LearningRates> LearningRates::create(const exec::Session &session, const Recipe &recipe,
                                            std::optional<double> learningRate,
                                            const std::optional<ScheduleSpec> &schedule,
                                            const Schedule &custom, RunLength length) {
  LearningRates rates;
  const artifact::Manifest &manifest = session.manifest();
  for (const artifact::ControlSpec &control : manifest.controls) {
    const bool isMain = control.name == "lr";
    if (!isMain && !control.name.ends_with(".lr")) {
      continue;
    }
    const std::string prefix = control.name.substr(0, control.name.size() - 2);
    Group group{control.name, "", {control.defaultValue, 0.0}, std::nullopt};
    const std::string name = isMain ? "" : prefix.substr(0, prefix.size() - 1);
    const OwnRate own = isMain ? OwnRate() : ownRateOf(recipe, name);
    if (!own.isOwn) {
      const std::optional<double> common = learningRate ? learningRate : recipe.learningRate;
      group.initial.lr = own.times && common             ? *own.times * *common
                         : learningRate                  ? *learningRate
                         : isMain && recipe.learningRate ? *recipe.learningRate
                                                         : control.defaultValue;
    }
    for (const char *momentum : {"momentum", "beta1"}) {
      if (const artifact::ControlSpec *found = controlOf(manifest, prefix + momentum)) {
        group.momentum = found->name;
        group.initial.momentum = found->defaultValue;
      }
    }
    rates.groups_.insert(isMain ? rates.groups_.begin() : rates.groups_.end(), std::move(group));
  }
  if (rates.groups_.empty()) {
    return learningRate ? Result<LearningRates>(
                              error(Code::InvalidArgument, "--lr: the program has no control 'lr'"))
                        : Result<LearningRates>(std::move(rates));
  }
  if (custom) {
    rates.custom_ = custom;
    return rates;
  }
  Result<ScheduleSpec> spec =
      schedule ? Result<ScheduleSpec>(*schedule) : readSchedule(recipe.schedule());
  if (!spec) {
    return spec.status();
  }
  ScheduleContext context{{}, true, length.steps, length.epochs};
  for (const Group &group : rates.groups_) {
    context.groups.push_back(group.initial);
    context.hasMomentum = context.hasMomentum && !group.momentum.empty();
  }
  Result<Scheduler> scheduler = Scheduler::create(*spec, context);
  if (!scheduler) {
    return scheduler.status();
  }
  rates.interval_ = scheduler->interval();
  rates.cyclesMomentum_ = scheduler->cyclesMomentum();
  rates.scheduler_ = scheduler.take();
  return rates;
}

void LearningRates::forget() {
  for (Group &group : groups_) {
    group.written.reset();
  }
}

Status LearningRates::apply(exec::Session &session, ScheduleTime time) {
  if (groups_.empty()) {
    return Status::ok();
  }
  std::vector<GroupRates> custom;
  std::span<const GroupRates> rates;
  if (custom_) {
    custom.assign(groups_.size(), {custom_(time), 0.0});
    rates = custom;
  } else {
    rates = scheduler_->advanceTo(interval_ == Interval::Step ? time.step : time.epoch);
  }
  for (size_t i = 0; i < groups_.size(); ++i) {
    Group &group = groups_[i];
    if (!group.written || group.written->lr != rates[i].lr) {
      if (Status status = session.setControl(group.rate, rates[i].lr); !status) {
        return status;
      }
    }
    if (cyclesMomentum_ && (!group.written || group.written->momentum != rates[i].momentum)) {
      if (Status status = session.setControl(group.momentum, rates[i].momentum); !status) {
        return status;
      }
    }
    group.written = rates[i];
  }
  current_ = rates.front().lr;
  return Status::ok();
}

} // namespace ntc::rt::train
