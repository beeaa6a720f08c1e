// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules as text and as JSON: what is read, and what is refused by name.
#include "runtime/train/ScheduleSpec.h"

#include "../data/Scratch.h"

namespace ntc::rt::train {
namespace {

std::string refusal(std::string_view text) {
  Result<ScheduleSpec> spec = parseSchedule(text);
  return spec ? "accepted" : spec.status().message();
}

Result<ScheduleSpec> fromJson(std::string_view json) {
  Result<format::JsonValue> value = format::parseJson(json);
  EXPECT_TRUE(value) << value.status().message();
  return readSchedule(&*value);
}

TEST(ScheduleSpec, ReadsNamesAndSettingsOfPyTorch) {
  auto ours = parseSchedule("cosine,t_max=20"),
       theirs = parseSchedule("CosineAnnealingLR,T_max=20");
  ASSERT_TRUE(ours && theirs);
  EXPECT_EQ(toText(*ours), "cosine,eta_min=0,t_max=20");
  EXPECT_EQ(toText(*ours), toText(*theirs));
  EXPECT_EQ(toText(*ours), toText(*parseSchedule("CosineAnnealingLR(optimizer, T_max=20)")));
  EXPECT_EQ(toText(*parseSchedule("MultiStepLR(opt, milestones=[30, 60])")),
            toText(*parseSchedule("multistep,milestones=30:60")));
  EXPECT_EQ(toText(*parseSchedule("MultiStepLR,milestones=[30, 60],gamma=0.1")),
            toText(*parseSchedule("multistep,milestones=30:60")));
  EXPECT_EQ(toText(*parseSchedule("ReduceLROnPlateau(opt, mode='max', min_lr=[1e-4, 1e-5])")),
            toText(*parseSchedule("plateau,mode=max,min_lr=1e-4:1e-5")));
  EXPECT_EQ(
      toText(*parseSchedule("ChainedScheduler(ConstantLR,total_iters=2;ExponentialLR,gamma=0.9)")),
      toText(*parseSchedule("chained(constant,total_iters=2;exponential,gamma=0.9)")));
  EXPECT_EQ(toText(*parseSchedule("ChainedScheduler(ConstantLR;ExponentialLR,gamma=0.9)")),
            toText(*parseSchedule("chained(constant;exponential,gamma=0.9)")));
  EXPECT_EQ(
      toText(*parseSchedule("OneCycleLR(optimizer, max_lr=0.1, epochs=5, steps_per_epoch=90)")),
      toText(*parseSchedule("onecycle,max_lr=0.1,total_steps=450")));
  EXPECT_EQ(toText(*parseSchedule("none")), "none");
  EXPECT_EQ(toText(*readSchedule(nullptr)), "none");
}

TEST(ScheduleSpec, TextAndJsonReadBackToTheSame) {
  for (const char *text :
       {"onecycle,max_lr=0.1,three_phase,interval=epoch", "lambda,factors=1:0.5:0.1",
        "plateau,monitor=val_accuracy,mode=max", "plateau,min_lr=0.001:0.1", "onecycle,max_lr=1:2",
        "multistep,milestones=30:60",
        "sequential(linear;exponential,gamma=0.9),milestones=5,interval=step"}) {
    auto spec = parseSchedule(text);
    ASSERT_TRUE(spec) << spec.status().message();
    const std::string canonical = toText(*spec);
    auto again = parseSchedule(canonical);
    ASSERT_TRUE(again) << again.status().message();
    EXPECT_EQ(toText(*again), canonical);
    format::JsonWriter json;
    writeJson(*spec, json);
    auto read = fromJson(json.text());
    ASSERT_TRUE(read) << read.status().message();
    EXPECT_EQ(toText(*read), canonical);
  }
}

TEST(ScheduleSpec, ImpossibleOptionsAreRefusedByName) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {
      {"stp", "unknown schedule 'stp'; did you mean 'step'?"},
      {"step", "schedule step needs step_size"},
      {"cosine", "schedule cosine needs t_max"},
      {"cosine,t_max=0", "schedule cosine: t_max: expected a number above 0, found '0'"},
      {"cosine,t_max=20,gama=1", "schedule cosine has no setting 'gama'; known are"},
      {"cosine,t_max=20,t_max=30", "schedule cosine: t_max is given twice"},
      {"onecycle,max_lr=0.1,max_lr=0.1:0.2", "schedule onecycle: max_lr is given twice"},
      {"onecycle,max_lr=0.1:0.2,max_lr=0.1", "schedule onecycle: max_lr is given twice"},
      {"onecycle,max_lr=0.1:0.2,max_lr=0.1:0.2", "schedule onecycle: max_lr is given twice"},
      {"step,step_size=1.5", "step_size: expected a whole number from 1, found '1.5'"},
      {"step,step_size=2,gamma=-1", "gamma: expected a number from 0, found '-1'"},
      {"linear,start_factor=0", "start_factor: expected a number above 0 to 1, found '0'"},
      {"linear,end_factor=1.5", "end_factor: expected a number from 0 to 1, found '1.5'"},
      {"multistep", "schedule multistep needs milestones"},
      {"multistep,milestones=60:30", "milestones: expected ascending numbers from 1 as 30:60, "
                                     "found '60:30'"},
      {"multistep,milestones=3:", "milestones: expected ascending numbers"},
      {"lambda", "schedule lambda needs factors"},
      {"lambda,factors=1:x", "factors: expected numbers from 0 as 1:0.5:0.25, found '1:x'"},
      {"plateau,factor=1", "schedule plateau: factor: expected a number below 1, found '1'"},
      {"plateau,mode=least", "schedule plateau: mode: expected min or max, found 'least'"},
      {"plateau,interval=step", "schedule plateau has no setting 'interval'"},
      {"onecycle,anneal_strategy=cosine",
       "anneal_strategy: expected cos or linear, found 'cosine'"},
      {"onecycle,pct_start=2", "pct_start: expected a number from 0 to 1, found '2'"},
      {"onecycle,base_momentum=0.99", "base_momentum 0.99 is above max_momentum 0.95"},
      {"cyclic,base_lr=2,max_lr=1", "schedule cyclic: base_lr 2 is above max_lr 1"},
      {"cyclic,base_lr=0:2,max_lr=1", "schedule cyclic: base_lr 2 is above max_lr 1"},
      {"cyclic,base_lr=0:1,max_lr=1:2:3", "max_lr has 3 values, another setting has 2"},
      {"cosine,t_max=20:30", "t_max: expected a number above 0, found '20:30'"},
      {"plateau,min_lr=0.1:x", "min_lr: expected a number from 0, found '0.1:x'"},
      {"onecycle,epochs=5", "epochs and steps_per_epoch belong together"},
      {"cosine_restarts,t_0=0", "t_0: expected a whole number from 1, found '0'"},
      {"chained", "schedule chained needs schedules"},
      {"chained(plateau)", "schedule chained cannot contain plateau"},
      {"chained(sequential(linear;constant),milestones=3)", "chained cannot contain sequential"},
      {"chained(step,step_size=2,interval=step)", "interval belongs to it, not to the step in it"},
      {"sequential(linear;constant)", "schedule sequential needs milestones"},
      {"sequential(linear;constant),milestones=3:5", "expected 1 milestones between 2 schedules, "
                                                     "found 2"},
      {"sequential(linear", "parentheses do not match"},
      {"sequential(a)(b)", "parentheses do not match"},
      {"((((", "parentheses do not match"},
      {"cosine(linear),t_max=3", "schedule cosine takes no schedules in parentheses"},
      {"", "unknown schedule ''"},
      {"step,step_size=nan", "expected a whole number from 1"},
  };
  for (const Case &each : cases) {
    EXPECT_TRUE(data::has(refusal(each.text), each.message))
        << each.text << " says: " << refusal(each.text);
  }
}

TEST(ScheduleSpec, RecipesAreCheckedAsFlagsAre) {
  using data::has;
  EXPECT_TRUE(has(fromJson(R"({"name":"cosin"})").status().message(), "did you mean 'cosine'?"));
  EXPECT_TRUE(has(fromJson(R"({"name":"step"})").status().message(), "needs step_size"));
  EXPECT_EQ(toText(*fromJson(R"({"name":"CosineAnnealingLR","parameters":{"T_max":20}})")),
            "cosine,eta_min=0,t_max=20");
  EXPECT_FALSE(fromJson(R"({"name":"step","parameters":{"step_size":0}})"));
  EXPECT_FALSE(fromJson(R"({"name":"step","parameters":{"step_size":"many"}})"));
  EXPECT_FALSE(fromJson(R"({"name":"step","parameters":{"step_size":2,"gama":1}})"));
  EXPECT_FALSE(fromJson(R"({"name":"multistep","milestones":[4,"x"]})"));
  EXPECT_FALSE(fromJson(R"({"name":"plateau","words":{"mode":"least"}})"));
  EXPECT_FALSE(fromJson(R"({"name":"lambda","factors":[-1]})"));
  EXPECT_TRUE(has(
      fromJson(R"({"name":"cosine","parameters":{"t_max":2},"perGroup":{"t_max":{"values":[1]}}})")
          .status()
          .message(),
      "schedule cosine takes no list 't_max'"));
  EXPECT_FALSE(fromJson(R"({"name":"plateau","per_group":{"min_lr":{"values":[]}}})"));
  EXPECT_FALSE(fromJson(R"({"name":"plateau","per_group":{"min_lr":{"values":["x"]}}})"));
  EXPECT_TRUE(fromJson(R"({"name":"plateau","per_group":{"min_lr":{"values":[0.1,0.2]}}})"));
  EXPECT_FALSE(fromJson(R"({"name":"chained","schedules":[{"name":"plateau"}]})"));
}

} // namespace
} // namespace ntc::rt::train
