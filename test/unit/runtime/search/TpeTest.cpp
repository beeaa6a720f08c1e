// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The estimator beats random search at equal trials, stays in its ranges, and repeats itself.
#include "runtime/search/Tpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace ntc::rt::search {
namespace {

constexpr int64_t kTrials = 60;

/// Branin's function: three minima of 0.397887 on [-5, 10] × [0, 15].
double branin(const Point &p) {
  const double pi = 3.141592653589793;
  const double a = p[1] - 5.1 / (4 * pi * pi) * p[0] * p[0] + 5 / pi * p[0] - 6;
  return a * a + 10 * (1 - 1 / (8 * pi)) * std::cos(p[0]) + 10;
}

/// A narrow valley along the diagonal, which only a multivariate estimator sees.
double valley(const Point &p) {
  return 100 * (p[0] - p[1]) * (p[0] - p[1]) + (p[0] + p[1] - 1) * (p[0] + p[1] - 1);
}

double bestOf(const Sampler &sampler, const std::function<double(const Point &)> &function) {
  std::vector<Trial> trials;
  double best = INFINITY;
  for (int64_t n = 0; n < kTrials; ++n) {
    Trial trial{.number = n, .point = *sampler.suggest(n, trials), .state = TrialState::Complete};
    trial.rungs = {function(trial.point)};
    best = std::min(best, trial.value());
    trials.push_back(std::move(trial));
  }
  return best;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

/// Medians over 20 seeds of the best of the trials: TPE's and random search's.
std::pair<double, double> compare(const Space &space,
                                  const std::function<double(const Point &)> &function) {
  std::vector<double> tpe, random;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    tpe.push_back(bestOf(*makeSampler(Method::Tpe, space, seed, false), function));
    random.push_back(bestOf(*makeSampler(Method::Random, space, seed, false), function));
  }
  return {median(tpe), median(random)};
}

TEST(Tpe, BeatsRandomSearchOnBranin) {
  const Space space = {{.name = "x", .low = -5, .high = 10}, {.name = "y", .low = 0, .high = 15}};
  const auto [tpe, random] = compare(space, branin);
  RecordProperty("tpe", std::to_string(tpe));
  RecordProperty("random", std::to_string(random));
  std::printf("median best of %d trials: TPE %.4f, random %.4f\n", static_cast<int>(kTrials), tpe,
              random);
  // The distance from the minimum is less than half of random search's.
  EXPECT_LT(tpe - 0.397887, 0.5 * (random - 0.397887));
}

TEST(Tpe, BeatsRandomSearchInAValleyAcrossBothParameters) {
  const Space space = {{.name = "x", .low = -2, .high = 2}, {.name = "y", .low = -2, .high = 2}};
  const auto [tpe, random] = compare(space, valley);
  std::printf("median best of %d trials: TPE %.4f, random %.4f\n", static_cast<int>(kTrials), tpe,
              random);
  EXPECT_LT(tpe, 0.5 * random);
}

TEST(Tpe, FindsTheChoiceAndTheWholeNumber) {
  const Space space = {
      {.name = "lr", .low = 1e-5, .high = 1, .isLog = true},
      {.name = "layers", .kind = Kind::Integer, .low = 1, .high = 8, .step = 1},
      {.name = "optimizer", .kind = Kind::Choice, .choices = {"a", "b", "c", "d"}}};
  const auto function = [](const Point &p) {
    return std::fabs(std::log10(p[0]) + 3) + std::fabs(p[1] - 6) + (p[2] == 2 ? 0 : 2);
  };
  const auto [tpe, random] = compare(space, function);
  EXPECT_LT(tpe, 0.7 * random);
}

TEST(Tpe, StaysInTheRangeWhateverTheTrialsAre) {
  const Space space = {{.name = "x", .low = 1, .high = 100, .isLog = true},
                       {.name = "n", .kind = Kind::Integer, .low = 3, .high = 10, .step = 2},
                       {.name = "one", .low = 5, .high = 5},
                       {.name = "c", .kind = Kind::Choice, .choices = {"only"}}};
  const auto sampler = makeSampler(Method::Tpe, space, 3, true);
  std::vector<Trial> trials;
  for (int64_t n = 0; n < 80; ++n) {
    Trial trial{.number = n, .point = *sampler->suggest(n, trials)};
    EXPECT_EQ(trial.point, *sampler->suggest(n, trials)) << "not repeatable at trial " << n;
    EXPECT_GE(trial.point[0], 1);
    EXPECT_LE(trial.point[0], 100);
    EXPECT_TRUE(trial.point[1] == 3 || trial.point[1] == 5 || trial.point[1] == 7 ||
                trial.point[1] == 9);
    EXPECT_EQ(trial.point[2], 5);
    EXPECT_EQ(trial.point[3], 0);
    // Some fail, some run, some have one value, ties everywhere.
    trial.state = n % 7 == 0 ? TrialState::Failed : TrialState::Complete;
    trial.rungs = n % 7 == 0   ? std::vector<double>{}
                  : n % 5 == 0 ? std::vector<double>{NAN}
                               : std::vector<double>{std::floor(trial.point[0] / 50)};
    trials.push_back(std::move(trial));
  }
}

} // namespace
} // namespace ntc::rt::search
