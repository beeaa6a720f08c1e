// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training as PyTorch does. In f64 both sides differ by rounding alone, so the tolerances are close
// to its growth over the run; in f32 the measure is PyTorch's own distance from its f64 run: what
// its users accept. Every test prints what it measured (docs/conformance.md).

#include "test/conformance/Formulas.h"
#include "test/conformance/Replay.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace ntc::conformance {
namespace {

/// How far a f64 run may be away, relative.
constexpr double kLossF64 = 1e-10;
constexpr double kParamF64 = 1e-8;

/// f32 losses that must be within kFirstLoss, relative.
size_t firstLossesOf(const Golden &golden) {
  return golden.model == "cnn" || golden.model == "residual" ? 1 : 20;
}

constexpr double kFirstLoss = 1e-5;
constexpr double kTimesPyTorch = 4.0;
constexpr double kGradientScale = 1e-6;

double largest(const std::vector<double> &values) {
  double result = 0.0;
  for (double value : values) {
    result = std::max(result, std::abs(value));
  }
  return result;
}

/// The largest |a - b|, each divided by |b| if `relative`. NaN counts as infinitely far.
double distance(const std::vector<double> &a, const std::vector<double> &b, bool relative,
                size_t first = SIZE_MAX) {
  double result = a.size() == b.size() ? 0.0 : INFINITY;
  for (size_t i = 0; i < std::min({a.size(), b.size(), first}); ++i) {
    double away = std::abs(a[i] - b[i]);
    away = relative && away > 0 ? away / std::abs(b[i]) : away;
    result = away <= result ? result : std::isnan(away) ? INFINITY : away;
  }
  return result;
}

double norm(const std::vector<double> &values) {
  double sum = 0.0;
  for (double value : values) {
    sum += value * value;
  }
  return std::sqrt(sum);
}

/// The elements that the golden file holds.
std::vector<double> stored(const std::vector<double> &values, size_t most) {
  if (values.size() <= most) {
    return values;
  }
  std::vector<double> result;
  for (size_t k = 0; k < most; ++k) {
    result.push_back(values[static_cast<size_t>(storedIndex(static_cast<int64_t>(k),
                                                            static_cast<int64_t>(values.size()),
                                                            static_cast<int64_t>(most)))]);
  }
  return result;
}

class Training : public testing::TestWithParam<const char *> {
protected:
  Golden golden;

  void SetUp() override {
    auto read = Golden::read(std::string(NTC_GOLDENS "/") + GetParam() + ".safetensors");
    ASSERT_TRUE(read) << read.status().message();
    golden = read.take();
  }

  /// The largest distance of the stored states.
  double stateDistance(const Outcome &run, bool relative) const {
    double result = 0.0;
    for (const auto &[name, expected] : golden.group("param.")) {
      auto found = run.states.find(name);
      if (found == run.states.end()) {
        ADD_FAILURE() << "the program has no state " << name;
        continue;
      }
      result =
          std::max(result, distance(stored(found->second, expected.size()), expected, relative));
    }
    return result;
  }
};

TEST_P(Training, InDoublePrecisionEqualsPyTorch) {
  auto run = replay(golden, /*f64=*/true);
  ASSERT_TRUE(run) << run.status().message();
  double losses = distance(run->losses, golden.at("losses.f64"), true);
  double relative = stateDistance(*run, true);
  double absolute = stateDistance(*run, false);
  std::printf("| %s | %lld | %.1e | %.1e | %.1e |\n", GetParam(),
              static_cast<long long>(golden.steps), losses, relative, absolute);
  EXPECT_LE(losses, kLossF64);
  EXPECT_EQ(run->states.size(), golden.group("param.").size());
  EXPECT_LE(relative, kParamF64);
  for (const auto &[name, expected] : golden.group("norm.")) {
    EXPECT_LE(distance({norm(run->states[name])}, expected, true), kParamF64) << name;
  }
}

TEST_P(Training, InSinglePrecisionIsAsCloseAsPyTorch) {
  auto run = replay(golden, /*f64=*/false);
  ASSERT_TRUE(run) << run.status().message();
  const std::vector<double> &torch32 = golden.at("losses.f32");
  const std::vector<double> &torch64 = golden.at("losses.f64");
  size_t count = firstLossesOf(golden);
  double first = distance(run->losses, torch32, true, count);
  double ours = distance(run->losses, torch64, false);
  double theirs = distance(torch32, torch64, false);
  double oursParams = stateDistance(*run, false);
  double theirsParams = golden.at("distance.params").at(0);
  std::printf("| %s | %.1e (%zu) | %.1e | %.1e | %.2f | %.1e | %.1e | %.2f |\n", GetParam(), first,
              count, ours, theirs, ours / theirs, oursParams, theirsParams,
              oursParams / theirsParams);
  EXPECT_LE(first, kFirstLoss);
  EXPECT_LE(ours, kTimesPyTorch * theirs);
  EXPECT_LE(oursParams, kTimesPyTorch * theirsParams);
}

std::string nameOf(const testing::TestParamInfo<const char *> &info) { return info.param; }

INSTANTIATE_TEST_SUITE_P(PyTorch, Training,
                         testing::Values("linear_sgd", "mlp_sgd", "mlp_adam", "mlp_adamw",
                                         "cnn_adadelta", "cnn_adam", "residual_sgd", "vae_adam",
                                         "mlp_groups", "mlp_clip", "mlp_clip_value", "mlp_penalty",
                                         "mlp_accumulate", "cnn_accumulate", "mlp_accumulate_sum",
                                         "mlp_accumulate_ignored", "mlp_ema", "cnn_swa",
                                         "mlp_unfreeze", "cnn_unfreeze", "mlp_unfreeze_accumulate"),
                         nameOf);

/// The same bits with another number of threads, and across a checkpoint between two batches of one
/// step.
TEST(Accumulation, ContinuesInTheMiddleOfAStep) {
  for (const char *name : {"mlp_accumulate", "cnn_accumulate"}) {
    auto golden = Golden::read(std::string(NTC_GOLDENS "/") + name + ".safetensors");
    ASSERT_TRUE(golden) << golden.status().message();
    auto whole = replay(*golden, /*f64=*/false);
    auto parts = replay(*golden, /*f64=*/false, {.threads = 3, .interruptAfter = 5});
    ASSERT_TRUE(whole) << whole.status().message();
    ASSERT_TRUE(parts) << parts.status().message();
    EXPECT_EQ(whole->losses, parts->losses) << name;
    EXPECT_EQ(whole->states, parts->states) << name;
  }
}

/// The same bits where a checkpoint lies on, before or after the border of a stage.
TEST(Unfreezing, ContinuesAcrossTheBordersOfStages) {
  auto golden = Golden::read(NTC_GOLDENS "/mlp_unfreeze.safetensors");
  ASSERT_TRUE(golden) << golden.status().message();
  golden->steps = 30;
  auto whole = replay(*golden, /*f64=*/false);
  ASSERT_TRUE(whole) << whole.status().message();
  for (int64_t step : {7, 8, 9, 23, 24}) {
    auto parts = replay(*golden, /*f64=*/false, {.threads = 3, .interruptAfter = step});
    ASSERT_TRUE(parts) << parts.status().message();
    EXPECT_EQ(whole->losses, parts->losses) << step;
    EXPECT_EQ(whole->states, parts->states) << step;
  }
}

using Gradients = Training;

TEST_P(Gradients, OfTheFirstStepAreAsCloseAsPyTorch) {
  auto run = replay(golden, /*f64=*/false);
  ASSERT_TRUE(run) << run.status().message();
  EXPECT_LE(distance(run->losses, golden.at("losses.f32"), true, 1), kFirstLoss);
  auto expected = golden.group("gradient.");
  EXPECT_EQ(run->gradients.size(), expected.size());
  for (const auto &[name, gradient] : expected) {
    double scale = largest(gradient);
    double ours = distance(run->gradients[name], gradient, false);
    double theirs = golden.at("gradient_distance." + name).at(0);
    std::printf("| %s | %.1e | %.1e | %.1e | %.2f |\n", name.c_str(), scale, ours, theirs,
                ours / (kTimesPyTorch * theirs + kGradientScale * scale));
    EXPECT_LE(ours, kTimesPyTorch * theirs + kGradientScale * scale) << name;
  }
}

TEST_P(Gradients, InDoublePrecisionEqualPyTorch) {
  auto run = replay(golden, /*f64=*/true);
  ASSERT_TRUE(run) << run.status().message();
  for (const auto &[name, gradient] : golden.group("gradient.")) {
    EXPECT_LE(distance(run->gradients[name], gradient, false), 1e-8 * largest(gradient)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Gradients, testing::Values("cnn_gradient", "residual_gradient"),
                         nameOf);

} // namespace
} // namespace ntc::conformance
