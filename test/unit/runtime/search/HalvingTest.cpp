// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rungs, and who goes on when.
#include "runtime/search/Halving.h"

#include <gtest/gtest.h>

namespace ntc::rt::search {
namespace {

Trial paused(std::vector<double> rungs) {
  return {.state = TrialState::Paused, .rungs = std::move(rungs)};
}

TEST(Halving, RungsGrowByTheFactorAndEndAtTheWhole) {
  EXPECT_EQ(*rungsOf({.leastEpochs = 1, .mostEpochs = 9, .factor = 3}),
            (std::vector<int64_t>{1, 3, 9}));
  EXPECT_EQ(*rungsOf({.leastEpochs = 2, .mostEpochs = 9, .factor = 2}),
            (std::vector<int64_t>{2, 4, 8, 9}));
  EXPECT_EQ(*rungsOf({.leastEpochs = 5, .mostEpochs = 5, .factor = 3}), std::vector<int64_t>{5});
  for (const HalvingOptions &wrong :
       {HalvingOptions{.leastEpochs = 6, .mostEpochs = 5}, HalvingOptions{.leastEpochs = 0},
        HalvingOptions{.leastEpochs = 1, .mostEpochs = 9, .factor = 1}}) {
    EXPECT_EQ(rungsOf(wrong).status().code(), Code::InvalidArgument);
  }
}

TEST(Halving, AsynchronousTrialsGoOnAsSoonAsTheyAreAmongTheBest) {
  const HalvingOptions options{.factor = 3};
  std::vector<Trial> trials = {paused({0.5}), paused({0.9})};
  EXPECT_EQ(promote(trials, 3, options, true, false), std::nullopt); // a third of two is none
  trials.push_back(paused({0.7}));
  EXPECT_EQ(promote(trials, 3, options, true, false), 1U);
  EXPECT_EQ(promote(trials, 3, options, false, false), 0U); // the least is best
  trials[1].state = TrialState::Running;
  EXPECT_EQ(promote(trials, 3, options, true, false), std::nullopt);
  // Failed ones are behind all others.
  trials = {paused({NAN}), paused({0.1}), paused({NAN})};
  EXPECT_EQ(promote(trials, 3, options, true, false), 1U);
}

TEST(Halving, TheHighestRungComesFirst) {
  const HalvingOptions options{.factor = 2};
  const std::vector<Trial> trials = {paused({0.9, 0.8}), paused({0.8, 0.9}), paused({0.7}),
                                     paused({0.1}),      paused({0.85}),     paused({0.0})};
  EXPECT_EQ(promote(trials, 3, options, true, false), 1U);
}

TEST(Halving, SynchronousRungsWaitForEveryTrial) {
  const HalvingOptions options{.factor = 2, .isAsynchronous = false};
  std::vector<Trial> trials = {
      paused({0.1}), paused({0.4}), paused({0.3}), {.state = TrialState::Running}};
  EXPECT_EQ(promote(trials, 3, options, true, true), std::nullopt);
  trials[3] = paused({0.2});
  EXPECT_EQ(promote(trials, 3, options, true, false), std::nullopt); // others will come
  EXPECT_EQ(promote(trials, 3, options, true, true), 1U);
  trials[1] = paused({0.4, 0.5});
  EXPECT_EQ(promote(trials, 3, options, true, true), 2U); // not 1 further: 2 is still to come
  trials[2].state = TrialState::Failed;
  trials[2].rungs = {0.3};
  EXPECT_EQ(promote(trials, 3, options, true, true), std::nullopt); // half of one is none
  trials[2] = paused({0.3, 0.6});
  EXPECT_EQ(promote(trials, 3, options, true, true), 2U);
}

} // namespace
} // namespace ntc::rt::search
