// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trials of numbers of threads against machines whose step times are known: what is chosen, how
// soon a change is noticed, and what trying costs.
#include "runtime/exec/ThreadChoice.h"

#include "runtime/base/Philox.h"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

/// Nanoseconds of a step with counts[place] threads at `now`.
using Machine = std::function<int64_t(size_t place, int64_t now)>;

struct Outcome {
  int64_t spent = 0; ///< all nanoseconds
  int64_t ideal = 0; ///< had every step been the fastest
  std::vector<uint64_t> steps;
  size_t best = 0;
};

Outcome simulate(std::vector<unsigned> counts, const Machine &machine, int64_t duration) {
  ThreadChoice choice(counts);
  Outcome run;
  while (run.spent < duration) {
    int64_t fastest = INT64_MAX;
    for (size_t place = 0; place < counts.size(); ++place) {
      fastest = std::min(fastest, machine(place, run.spent));
    }
    int64_t time = machine(choice.next(), run.spent);
    choice.measures() ? choice.record(time) : choice.skip();
    run.spent += time;
    run.ideal += fastest;
  }
  run.steps = choice.steps();
  run.best = choice.best();
  return run;
}

double overhead(const Outcome &run) {
  return static_cast<double>(run.spent) / static_cast<double>(run.ideal) - 1.0;
}

TEST(ThreadChoice, theFastestIsUsedAndTryingCostsLittle) {
  for (int64_t scale : {1000, 30'000, 1'000'000, 30'000'000}) {
    for (std::vector<int64_t> times :
         {std::vector<int64_t>{60, 100}, {100, 60}, {40, 50, 90, 180}, {300, 200, 100, 120}}) {
      std::vector<unsigned> counts(times.size(), 1);
      int64_t duration = std::max(kSecond, 3000 * scale);
      Outcome run = simulate(
          counts, [&](size_t place, int64_t) { return times[place] * scale / 100; }, duration);
      size_t fastest = std::ranges::min_element(times) - times.begin();
      EXPECT_EQ(run.best, fastest) << scale;
      EXPECT_LT(overhead(run), 0.02) << scale;
      for (uint64_t steps : run.steps) {
        EXPECT_GT(steps, 0u) << scale;
      }
    }
  }
}

TEST(ThreadChoice, aMachineThatChangesIsFollowed) {
  // Two threads are fast or slow in turn, for a second each.
  Machine machine = [](size_t place, int64_t now) {
    bool isNear = now / kSecond % 2 == 0;
    return place == 1 ? int64_t{100'000} : isNear ? int64_t{60'000} : int64_t{250'000};
  };
  Outcome run = simulate({2, 1}, machine, 20 * kSecond);
  EXPECT_LT(overhead(run), 0.2);
}

TEST(ThreadChoice, noiseAndInterruptsChangeNothingForLong) {
  uint64_t draw = 0;
  Machine machine = [&](size_t place, int64_t) {
    uint32_t word = randomWord(1, 0, 0, draw++);
    int64_t base = place == 0 ? 100'000 : 80'000;
    // A tenth of noise; one step in fifty takes ten times as long.
    return base + word % (base / 10) + (word % 50 == 0 ? 9 * base : 0);
  };
  Outcome run = simulate({2, 1}, machine, 20 * kSecond);
  EXPECT_GT(run.steps[1], 20 * run.steps[0]);
}

TEST(ThreadChoice, aProcessThatWasStoppedDoesNotSettleForLong) {
  // Two threads become the faster ones after a step of one that took an hour.
  int64_t calls = 0;
  Machine machine = [&](size_t place, int64_t now) {
    if (place == 1 && now < kSecond) {
      return ++calls == 4 ? 3600 * kSecond : int64_t{200'000};
    }
    return place == 1 ? int64_t{50'000} : int64_t{100'000};
  };
  Outcome run = simulate({2, 1}, machine, 3630 * kSecond);
  EXPECT_EQ(run.best, 1u) << "the next round came";
}

TEST(ThreadChoice, equalNumbersKeepTheFirst) {
  Outcome run = simulate({2, 1}, [](size_t, int64_t) { return 50'000; }, kSecond);
  EXPECT_EQ(run.best, 0u);
  EXPECT_GT(run.steps[0], 20 * run.steps[1]);
}

TEST(ThreadChoice, clocksThatStandStillAreNoDivisionByZero) {
  ThreadChoice choice({2, 1});
  for (int i = 0; i < 1000; ++i) {
    choice.measures() ? choice.record(0) : choice.skip();
  }
  EXPECT_EQ(choice.steps()[0] + choice.steps()[1], 1000u);
}

} // namespace
} // namespace ntc::rt::exec
