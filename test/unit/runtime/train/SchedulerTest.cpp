// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every schedule against 200 steps of PyTorch's (test/conformance/make_schedules.py), and what only
// the run can tell to be impossible.
#include "runtime/train/Scheduler.h"

#include "../data/Scratch.h"
#include "runtime/format/Safetensors.h"

#include <cmath>
#include <cstring>
#include <set>

namespace ntc::rt::train {
namespace {

constexpr int64_t kSteps = 200;
constexpr double kFirstRate = 0.1, kSecondRate = 0.02, kMomentum = 0.9;

/// As `metric` in make_schedules.py.
double metric(int64_t step) {
  return 2.0 / (1.0 + static_cast<double>(step / 7)) +
         static_cast<double>(step * 37 % 11) * 0.03125 - (step == 90 ? 8.0 : 0.0);
}

ScheduleContext context() {
  return {{{kFirstRate, kMomentum}, {kSecondRate, kMomentum}}, true, 0, 0};
}

Result<Scheduler> make(std::string_view text, const ScheduleContext &run = context()) {
  Result<ScheduleSpec> spec = parseSchedule(text);
  return spec ? Scheduler::create(*spec, run) : Result<Scheduler>(spec.status());
}

/// The greatest difference from a golden table over all times and columns.
double worstOf(Scheduler &subject, const format::StoredTensor &golden, double growth = 1.0) {
  const auto columns = static_cast<size_t>(golden.shape[1]);
  double worst = 0.0;
  for (int64_t step = 0; step <= kSteps; ++step) {
    auto rates = subject.advanceTo(step);
    const double found[] = {rates[0].lr * growth, rates[1].lr, rates[0].momentum};
    for (size_t c = 0; c < columns; ++c) {
      double expected = 0.0;
      std::memcpy(&expected,
                  golden.bytes.data() + (static_cast<size_t>(step) * columns + c) * sizeof(double),
                  sizeof(double));
      const double difference = std::abs(found[c] - expected);
      worst = difference <= worst ? worst : difference; // NaN is the worst
    }
    subject.observe(metric(step));
  }
  return worst;
}

TEST(Scheduler, EqualsPyTorchOver200Steps) {
  auto goldens = format::Safetensors::open(std::string(NTC_GOLDENS) + "/schedules.safetensors");
  ASSERT_TRUE(goldens) << goldens.status().message();
  std::set<std::string> seen;
  for (const format::StoredTensor &golden : goldens->tensors()) {
    ASSERT_EQ(golden.shape[0], kSteps + 1);
    Result<Scheduler> subject = make(golden.name);
    ASSERT_TRUE(subject) << golden.name << ": " << subject.status().message();
    EXPECT_LE(worstOf(*subject, golden), 1e-12) << golden.name;
    EXPECT_EQ(golden.shape[1] == 3, subject->cyclesMomentum()) << golden.name;
    seen.insert(subject->spec().name);
    if (subject->spec().name != "plateau") {
      EXPECT_LE(worstOf(*subject, golden), 1e-12) << golden.name << ", from the start again";
    }
    Result<Scheduler> again = make(toText(subject->spec()));
    ASSERT_TRUE(again) << golden.name << ": " << again.status().message();
    EXPECT_LE(worstOf(*again, golden), 1e-12) << golden.name << ", from its text";
  }
  for (std::string_view name : scheduleNames()) {
    EXPECT_TRUE(name == "none" || seen.contains(std::string(name))) << name << " has no golden";
  }
}

TEST(Scheduler, TheHarnessSeesAWrongRate) {
  auto goldens = format::Safetensors::open(std::string(NTC_GOLDENS) + "/schedules.safetensors");
  ASSERT_TRUE(goldens);
  Result<Scheduler> subject = make("cosine,t_max=200");
  EXPECT_GT(worstOf(*subject, *goldens->find("cosine,t_max=200"), 1.0 + 1e-10), 1e-12);
}

TEST(Scheduler, OneCycleTakesItsLengthFromTheRun) {
  ScheduleContext run = context();
  run.totalSteps = 50;
  run.totalEpochs = 5;
  auto steps = make("onecycle", run);
  ASSERT_TRUE(steps) << steps.status().message();
  EXPECT_EQ(steps->interval(), Interval::Step);
  EXPECT_EQ(steps->spec().number("total_steps"), 50);
  EXPECT_EQ(steps->spec().number("max_lr"), kFirstRate);
  auto epochs = make("onecycle,interval=epoch", run);
  ASSERT_TRUE(epochs) << epochs.status().message();
  EXPECT_EQ(epochs->spec().number("total_steps"), 5);
}

TEST(Scheduler, RefusesWhatTheRunCannotDo) {
  using data::has;
  ScheduleContext run = context();
  EXPECT_TRUE(has(make("onecycle", run).status().message(), "needs total_steps"));
  run.totalSteps = 50;
  EXPECT_TRUE(has(make("onecycle,total_steps=20", run).status().message(),
                  "ends after total_steps=20, but the run has 50 steps"));
  EXPECT_TRUE(has(make("onecycle,total_steps=50,pct_start=0.02", run).status().message(),
                  "the first phase is one point"));
  run.hasMomentum = false;
  EXPECT_TRUE(has(make("cyclic,base_lr=0.1,max_lr=1", run).status().message(),
                  "schedule cyclic cycles the momentum, but the program has no control"));
  EXPECT_TRUE(make("cyclic,base_lr=0.1,max_lr=1,cycle_momentum=false", run));
}

} // namespace
} // namespace ntc::rt::train
