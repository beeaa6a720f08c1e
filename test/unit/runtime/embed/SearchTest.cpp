// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// <ntc/search.hpp>: asking and telling, halving, continuing, refusals. The samplers themselves are
// tested in test/unit/runtime/search.
#include <ntc/search.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace ntc::search;

const std::vector<Parameter> kSpace = {real("x", -4.0, 4.0), integer("n", 1, 3),
                                       choice("form", {"a", "b"})};

Study make(const StudyOptions &options, const std::vector<Parameter> &space = kSpace) {
  auto study = Study::create(space, options);
  EXPECT_TRUE(study) << study.status().message();
  return study.take();
}

double objective(const Trial &trial) {
  const double x = trial.real("x") - 1.0;
  return x * x + static_cast<double>(trial.integer("n")) +
         (trial.choice("form") == "a" ? 0.0 : 5.0);
}

/// Points asked for until the end, each told its objective.
std::vector<std::vector<double>> run(Study &study, size_t most = 1000) {
  std::vector<std::vector<double>> points;
  while (auto trial = points.size() < most ? study.ask() : std::nullopt) {
    std::vector<double> point;
    for (const auto &[name, value] : trial->point) {
      point.push_back(value);
    }
    points.push_back(point);
    EXPECT_TRUE(study.tell(trial->number, objective(*trial)));
  }
  return points;
}

TEST(Study, GridTriesEveryCombinationOnce) {
  Study study = make({.sampler = Sampler::Grid});
  const auto points = run(study);
  EXPECT_EQ(points.size(), 5u * 3u * 2u);
  EXPECT_EQ(std::set(points.begin(), points.end()).size(), points.size());
  EXPECT_EQ(study.best()->integer("n"), 1);
  EXPECT_EQ(study.best()->choice("form"), "a");
}

TEST(Study, DependsOnItsSeedAlone) {
  Study one = make({.seed = 4, .trials = 30}), same = make({.seed = 4, .trials = 30}),
        other = make({.seed = 5, .trials = 30});
  const auto points = run(one);
  EXPECT_EQ(points.size(), 30u);
  EXPECT_EQ(run(same), points);
  EXPECT_NE(run(other), points);
  EXPECT_LT(one.best()->value(), 2.0);
  EXPECT_EQ(one.trials()[7].state, State::Complete);
}

TEST(Study, ContinuesFromItsTrials) {
  Study whole = make({.seed = 4, .trials = 30}), part = make({.seed = 4, .trials = 30});
  const auto points = run(whole);
  run(part, 12);
  const auto open = part.ask();
  ASSERT_TRUE(open);
  Study continued = make({.seed = 4, .trials = 30});
  ASSERT_TRUE(continued.restore(part.trials()));
  EXPECT_FALSE(continued.restore(part.trials()));
  EXPECT_EQ(run(continued), std::vector(points.begin() + 12, points.end()));
  Study narrow =
      make({.trials = 30}, {real("x", 0.0, 0.1), integer("n", 1, 3), choice("form", {"a", "b"})});
  EXPECT_NE(narrow.restore(part.trials()).message().find("'x'"), std::string::npos);
}

TEST(Study, HalvingAsksAgainForTheBest) {
  Study study = make(
      {.sampler = Sampler::Random,
       .seed = 1,
       .trials = 9,
       .halving = Halving{.minEpochs = 1, .maxEpochs = 9, .factor = 3, .isAsynchronous = false}});
  std::vector<int64_t> epochs;
  while (auto trial = study.ask()) {
    epochs.push_back(trial->epochs);
    ASSERT_TRUE(study.tell(trial->number, objective(*trial)));
  }
  EXPECT_EQ(epochs, (std::vector<int64_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 9}));
  EXPECT_EQ(study.best()->values.size(), 3u);
  EXPECT_EQ(study.best()->state, State::Complete);
}

TEST(Study, RemembersFailures) {
  Study study = make({.maximize = true, .trials = 3});
  EXPECT_FALSE(study.best());
  const auto first = study.ask(), second = study.ask(), third = study.ask();
  EXPECT_FALSE(study.ask());
  EXPECT_TRUE(study.fail(first->number, "out of memory"));
  EXPECT_TRUE(study.tell(second->number, NAN));
  EXPECT_TRUE(study.tell(third->number, 1.0));
  EXPECT_EQ(study.trials()[0].message, "out of memory");
  EXPECT_EQ(study.trials()[1].state, State::Failed);
  EXPECT_EQ(study.best()->number, 2);
  EXPECT_EQ(study.tell(2, 2.0).code(), NTC_INVALID_ARGUMENT);
  EXPECT_EQ(study.tell(3, 2.0).code(), NTC_NOT_FOUND);
}

TEST(Study, RefusesWhatCannotBe) {
  EXPECT_FALSE(Study::create({real("x", 2.0, 1.0)}));
  EXPECT_FALSE(Study::create({real("x", 0.0, 1.0), real("x", 0.0, 1.0)}));
  EXPECT_FALSE(Study::create({real("x", 0.0, 1.0, {.log = true})}));
  EXPECT_FALSE(Study::create(kSpace, {.halving = Halving{.maxEpochs = 9}}));
  EXPECT_FALSE(Study::create(kSpace, {.trials = 9, .halving = Halving{.minEpochs = 9}}));
}

} // namespace
