// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The best of a sequence, and the settings of early stopping.
#include "runtime/train/EarlyStop.h"

#include "../data/Scratch.h"

#include <cmath>

namespace ntc::rt::train {
namespace {

TEST(BestEpoch, CountsEpochsWithoutImprovement) {
  BestEpoch subject(MonitorMode::Min, 0.1);
  EXPECT_FALSE(subject.observe(NAN));
  EXPECT_EQ(subject.best(), std::nullopt);
  EXPECT_TRUE(subject.observe(1.0));
  EXPECT_FALSE(subject.observe(0.95)) << "not better by more than min_delta";
  EXPECT_FALSE(subject.observe(NAN));
  EXPECT_EQ(subject.waited(), 2);
  EXPECT_TRUE(subject.observe(0.5));
  EXPECT_EQ(subject.waited(), 0);
  EXPECT_EQ(subject.epoch(), 5);
  BestEpoch greatest(MonitorMode::Max);
  EXPECT_TRUE(greatest.observe(-INFINITY));
  EXPECT_TRUE(greatest.observe(0.0));
  EXPECT_FALSE(greatest.observe(0.0)) << "ties do not count";
}

TEST(EarlyStop, ReadsItsSettings) {
  auto usual = parseEarlyStop("");
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->monitor, "val_loss");
  EXPECT_EQ(usual->patience, 3);
  auto spec = parseEarlyStop("monitor=val_accuracy,patience=5,min_delta=0.01,restore_best=false");
  ASSERT_TRUE(spec) << spec.status().message();
  EXPECT_EQ(spec->mode, MonitorMode::Max) << "the mode follows the metric";
  EXPECT_EQ(spec->minDelta, 0.01);
  EXPECT_FALSE(spec->restoreBest);
  EXPECT_EQ(parseEarlyStop("mode=min,monitor=val_accuracy")->mode, MonitorMode::Min);
}

TEST(EarlyStop, RefusesSettingsByName) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {{"patience=0", "patience: expected a whole number from 1, found '0'"},
                        {"patience", "patience: expected a whole number from 1, found ''"},
                        {"mode=least", "mode: expected min or max, found 'least'"},
                        {"min_delta=-1", "min_delta: expected a number from 0, found '-1'"},
                        {"monitor=", "monitor: expected a metric such as val_loss, found ''"},
                        {"restore_best=1", "restore_best: expected true or false, found '1'"},
                        {"patiense=3", "unknown setting 'patiense'; did you mean 'patience'?"}};
  for (const Case &each : cases) {
    auto spec = parseEarlyStop(each.text);
    ASSERT_FALSE(spec) << each.text;
    EXPECT_TRUE(data::has(spec.status().message(), each.message)) << spec.status().message();
  }
}

} // namespace
} // namespace ntc::rt::train
