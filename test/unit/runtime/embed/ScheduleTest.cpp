// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// <ntc/schedule.hpp>: values step by step, several groups, resuming, refusals. All schedules are
// compared with PyTorch's in SchedulerTest.cpp.
#include <ntc/schedule.hpp>

#include <gtest/gtest.h>

namespace {

using ntc::optim::LRScheduler;

LRScheduler make(const std::string &text, const ntc::optim::ScheduleOptions &options) {
  auto scheduler = LRScheduler::create(text, options);
  EXPECT_TRUE(scheduler) << scheduler.status().message();
  return scheduler.take();
}

TEST(LRScheduler, StepsAsPyTorchDoes) {
  LRScheduler scheduler =
      make("step,step_size=2,gamma=0.1", {.groups = {{.lr = 1.0}, {.lr = 4.0}}});
  EXPECT_FALSE(scheduler.isPerStep());
  EXPECT_EQ(scheduler.getLastLr(), (std::vector<double>{1.0, 4.0}));
  scheduler.step();
  EXPECT_EQ(scheduler.lr(), 1.0);
  scheduler.step();
  EXPECT_EQ(scheduler.getLastLr(), (std::vector<double>{0.1, 0.4}));
  EXPECT_EQ(scheduler.lastEpoch(), 2);
}

TEST(LRScheduler, ResumesAnywhere) {
  const ntc::optim::ScheduleOptions options = {
      .groups = {{.lr = 0.1, .momentum = 0.9}}, .hasMomentum = true, .totalSteps = 40};
  LRScheduler whole = make("onecycle,max_lr=0.5", options);
  EXPECT_TRUE(whole.isPerStep());
  std::vector<double> rates, momenta;
  for (int i = 0; i < 39; ++i, whole.step()) {
    rates.push_back(whole.lr());
    momenta.push_back(whole.momentum());
  }
  EXPECT_NE(momenta[0], momenta[10]);
  for (int at : {0, 7, 38}) {
    LRScheduler resumed = make(whole.text(), options);
    resumed.advanceTo(at);
    EXPECT_EQ(resumed.lr(), rates[static_cast<size_t>(at)]);
    EXPECT_EQ(resumed.momentum(), momenta[static_cast<size_t>(at)]);
  }
}

TEST(LRScheduler, LowersTheRateOnAPlateau) {
  LRScheduler scheduler = make("plateau,factor=0.5,patience=1", {.groups = {{.lr = 1.0}}});
  EXPECT_EQ(scheduler.monitor(), "val_loss");
  for (auto [metric, rate] :
       {std::pair(3.0, 1.0), {2.0, 1.0}, {2.0, 1.0}, {2.5, 0.5}, {1.0, 0.5}}) {
    scheduler.step(metric);
    EXPECT_EQ(scheduler.lr(), rate) << metric;
  }
}

TEST(LRScheduler, RefusesWhatCannotBe) {
  auto message = [](const std::string &text, const ntc::optim::ScheduleOptions &options) {
    auto scheduler = LRScheduler::create(text, options);
    return scheduler ? std::string() : scheduler.status().message();
  };
  EXPECT_NE(message("stp", {.groups = {{.lr = 1.0}}}).find("stp"), std::string::npos);
  EXPECT_NE(message("step,step_size=0", {.groups = {{.lr = 1.0}}}).find("step_size"),
            std::string::npos);
  EXPECT_NE(message("onecycle,max_lr=1", {.groups = {{.lr = 1.0}}}), "");
  EXPECT_NE(message("none", {.groups = {}}).find("at least one group"), std::string::npos);
}

} // namespace
