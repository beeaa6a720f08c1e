// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Learning rates against the recurrences and closed forms of PyTorch's schedulers.
#include "runtime/train/Schedule.h"

#include "../data/Scratch.h"

#include <cmath>
#include <numbers>

namespace ntc::rt::train {
namespace {

Result<Schedule> schedule(std::string_view json, double rate) {
  Result<format::JsonValue> spec = format::parseJson(json);
  EXPECT_TRUE(spec) << spec.status().message();
  return scheduleFromSpec(&*spec, rate);
}

TEST(Schedule, ConstantWithoutASpec) {
  auto subject = scheduleFromSpec(nullptr, 0.25);
  ASSERT_TRUE(subject);
  EXPECT_EQ((*subject)({1000, 10}), 0.25);
}

TEST(Schedule, StepMultipliesAtMultiples) {
  auto subject = schedule(R"({"name":"step","parameters":{"step_size":2,"gamma":0.7}})", 1.0);
  ASSERT_TRUE(subject) << subject.status().message();
  EXPECT_EQ((*subject)({0, 0}), 1.0);
  EXPECT_EQ((*subject)({0, 1}), 1.0);
  EXPECT_EQ((*subject)({0, 2}), 0.7);
  EXPECT_EQ((*subject)({0, 5}), 0.7 * 0.7);
  EXPECT_EQ((*subject)({0, 1}), 1.0) << "an earlier time is answered as well";
}

TEST(Schedule, ExponentialAndMultistep) {
  auto exponential = schedule(R"({"name":"exponential","parameters":{"gamma":0.9}})", 0.1);
  ASSERT_TRUE(exponential);
  EXPECT_EQ((*exponential)({0, 3}), 0.1 * 0.9 * 0.9 * 0.9);
  auto multistep =
      schedule(R"({"name":"multistep","parameters":{"gamma":0.1},"milestones":[2,4]})", 1.0);
  ASSERT_TRUE(multistep);
  EXPECT_EQ((*multistep)({0, 1}), 1.0);
  EXPECT_EQ((*multistep)({0, 3}), 0.1);
  EXPECT_EQ((*multistep)({0, 4}), 0.1 * 0.1);
}

TEST(Schedule, CosineFollowsTheClosedForm) {
  auto subject = schedule(R"({"name":"cosine","parameters":{"t_max":10,"eta_min":0.01}})", 0.5);
  ASSERT_TRUE(subject);
  for (int64_t epoch = 0; epoch <= 25; ++epoch) {
    double closed =
        0.01 + 0.49 * (1.0 + std::cos(std::numbers::pi * static_cast<double>(epoch) / 10.0)) / 2.0;
    // The recurrence multiplies up to 25 rounded factors.
    EXPECT_NEAR((*subject)({0, epoch}), closed, 1e-13) << epoch;
  }
}

TEST(Schedule, RefusesWhatItDoesNotKnow) {
  using data::has;
  EXPECT_TRUE(has(schedule(R"({"name":"cosin"})", 1).status().message(), "did you mean 'cosine'?"));
  EXPECT_TRUE(
      has(schedule(R"({"name":"step"})", 1).status().message(), "'step_size', found nothing"));
  EXPECT_FALSE(schedule(R"({"name":"step","parameters":{"step_size":0}})", 1));
  EXPECT_FALSE(schedule(R"({"name":"multistep","parameters":{}})", 1));
  EXPECT_FALSE(schedule(R"({"name":"cosine","parameters":{"t_max":0}})", 1));
}

} // namespace
} // namespace ntc::rt::train
