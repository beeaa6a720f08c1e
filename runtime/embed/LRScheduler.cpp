// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime's schedulers as the installed header has them.
#include "ntc/schedule.hpp"
#include "runtime/embed/Border.h"
#include "runtime/train/Scheduler.h"

#include <algorithm>

namespace ntc::optim {

using rt::embed::toPublic;

class LRScheduler::Impl {
public:
  rt::train::Scheduler scheduler;
  int64_t count = 0;
};

LRScheduler::LRScheduler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LRScheduler::LRScheduler(LRScheduler &&) noexcept = default;
LRScheduler &LRScheduler::operator=(LRScheduler &&) noexcept = default;
LRScheduler::~LRScheduler() = default;

runtime::Result<LRScheduler> LRScheduler::create(const std::string &text,
                                                 const ScheduleOptions &options) {
  if (options.groups.empty() || options.totalSteps < 0 || options.totalEpochs < 0) {
    return toPublic(rt::error(rt::Code::InvalidArgument,
                              "a schedule needs at least one group with its rate, and lengths ",
                              "from 0"));
  }
  auto spec = rt::train::parseSchedule(text);
  if (!spec) {
    return toPublic(withContext(spec.status(), "schedule"));
  }
  rt::train::ScheduleContext context{
      {}, options.hasMomentum, options.totalSteps, options.totalEpochs};
  for (const RateGroup &group : options.groups) {
    context.groups.push_back({group.lr, group.momentum});
  }
  auto scheduler = rt::train::Scheduler::create(*spec, context);
  if (!scheduler) {
    return toPublic(withContext(scheduler.status(), "schedule"));
  }
  return LRScheduler(std::make_unique<Impl>(Impl{scheduler.take()}));
}

void LRScheduler::step() { advanceTo(impl_->count + 1); }

void LRScheduler::step(double metric) {
  impl_->scheduler.observe(metric);
  step();
}

void LRScheduler::advanceTo(int64_t count) {
  impl_->count = std::max<int64_t>(0, count);
  impl_->scheduler.advanceTo(impl_->count);
}

int64_t LRScheduler::lastEpoch() const { return impl_->count; }

std::vector<double> LRScheduler::getLastLr() const {
  std::vector<double> out;
  for (const rt::train::GroupRates &group : impl_->scheduler.rates()) {
    out.push_back(group.lr);
  }
  return out;
}

double LRScheduler::lr() const { return impl_->scheduler.rates().front().lr; }
double LRScheduler::momentum() const { return impl_->scheduler.rates().front().momentum; }

bool LRScheduler::isPerStep() const {
  return impl_->scheduler.interval() == rt::train::Interval::Step;
}
std::string LRScheduler::monitor() const { return impl_->scheduler.monitor(); }
std::string LRScheduler::text() const { return toText(impl_->scheduler.spec()); }

} // namespace ntc::optim
