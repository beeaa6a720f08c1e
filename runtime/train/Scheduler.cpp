// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules in progress: what depends on the run is settled, then the nodes are stepped.
#include "runtime/train/Scheduler.h"

#include "runtime/train/SchedulerNodes.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

bool isCyclic(const ScheduleSpec &spec) { return spec.name == "onecycle" || spec.name == "cyclic"; }

/// The spec or one of its parts.
template <typename Predicate> bool any(const ScheduleSpec &spec, Predicate predicate) {
  return predicate(spec) || std::ranges::any_of(spec.schedules, predicate);
}

Status settleOneCycle(ScheduleSpec &spec, const ScheduleContext &context, bool isWhole,
                      Interval interval) {
  if (!spec.has("max_lr")) { // every group has its own rate as the greatest
    for (const GroupRates &group : context.groups) {
      spec.perGroup["max_lr"].push_back(group.lr);
    }
    spec.parameters.emplace("max_lr", context.groups.front().lr);
  }
  const int64_t length = interval == Interval::Step ? context.totalSteps : context.totalEpochs;
  if (!spec.has("total_steps")) {
    if (length <= 0) {
      return error(Code::InvalidArgument, "schedule onecycle needs total_steps, because the length "
                                          "of the run is not known");
    }
    spec.parameters.emplace("total_steps", static_cast<double>(length));
  }
  const double total = spec.number("total_steps");
  if (isWhole && static_cast<double>(length) > total) {
    return error(Code::InvalidArgument, "schedule onecycle ends after total_steps=", total,
                 ", but the run has ", length, interval == Interval::Step ? " steps" : " epochs");
  }
  if (spec.number("pct_start") * total == 1.0) {
    return error(Code::InvalidArgument, "schedule onecycle: with total_steps=", total,
                 " and pct_start=", spec.number("pct_start"),
                 " the first phase is one point; change one of them");
  }
  return Status::ok();
}

Status settle(ScheduleSpec &spec, const ScheduleContext &context, bool isWhole, Interval interval) {
  if (spec.name == "cyclic") {
    spec.parameters.emplace("step_size_down", spec.number("step_size_up"));
  }
  for (const auto &[key, values] : spec.perGroup) {
    if (values.size() != context.groups.size()) {
      return error(Code::InvalidArgument, "schedule ", spec.name, ": ", key, " has ", values.size(),
                   " values, but the optimizer has ", context.groups.size(),
                   context.groups.size() == 1 ? " rate" : " rates, its own and one of each group");
    }
  }
  if (isCyclic(spec) && spec.isSet("cycle_momentum") && !context.hasMomentum) {
    return error(Code::InvalidArgument, "schedule ", spec.name,
                 " cycles the momentum, but the program has no control 'momentum' or 'beta1'; give "
                 "the optimizer a momentum or write cycle_momentum=false");
  }
  return spec.name == "onecycle" ? settleOneCycle(spec, context, isWhole, interval) : Status::ok();
}

} // namespace

Interval intervalOf(const ScheduleSpec &spec) {
  if (const std::string word = spec.word("interval"); !word.empty()) {
    return word == "step" ? Interval::Step : Interval::Epoch;
  }
  return any(spec, isCyclic) ? Interval::Step : Interval::Epoch;
}

Scheduler::Scheduler(ScheduleSpec spec, std::vector<GroupRates> initial)
    : spec_(std::move(spec)), initial_(std::move(initial)) {
  restart();
}
Scheduler::Scheduler(Scheduler &&) noexcept = default;
Scheduler &Scheduler::operator=(Scheduler &&) noexcept = default;
Scheduler::~Scheduler() = default;

Result<Scheduler> Scheduler::create(const ScheduleSpec &spec, const ScheduleContext &context) {
  ScheduleSpec settled = spec;
  const Interval interval = intervalOf(spec);
  if (Status status = settle(settled, context, true, interval); !status) {
    return status;
  }
  for (ScheduleSpec &child : settled.schedules) {
    if (Status status = settle(child, context, spec.name == "chained", interval); !status) {
      return status;
    }
  }
  return Scheduler(std::move(settled), context.groups);
}

void Scheduler::restart() {
  root_ = makeNode(spec_);
  rates_ = initial_;
  count_ = 0;
  if (!root_) {
    return;
  }
  root_->groups.clear();
  for (const GroupRates &group : initial_) {
    root_->groups.push_back({group.lr, group.momentum, std::nullopt});
  }
  root_->begin(root_->groups);
  advanceTo(0);
}

std::span<const GroupRates> Scheduler::advanceTo(int64_t count) {
  if (!root_) {
    return rates_;
  }
  if (count < count_ && spec_.name != "plateau") {
    restart();
  }
  for (; count_ < count; ++count_) {
    root_->step(root_->groups);
  }
  for (size_t i = 0; i < rates_.size(); ++i) {
    rates_[i] = {root_->groups[i].lr, root_->groups[i].momentum};
  }
  return rates_;
}

void Scheduler::observe(double metric) {
  if (root_) {
    root_->observe(root_->groups, metric);
    advanceTo(count_);
  }
}

bool Scheduler::cyclesMomentum() const {
  return any(spec_, [](const ScheduleSpec &spec) {
    return isCyclic(spec) && spec.isSet("cycle_momentum");
  });
}

} // namespace ntc::rt::train
