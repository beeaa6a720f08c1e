// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fresh values of parameters: distributions, seeds, repeatability.

#include "frontend/format/InitialValues.h"
#include "frontend/zoo/Zoo.h"
#include "runtime/base/Philox.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numbers>

using namespace ntc;
using namespace ntc::format;

namespace {

std::vector<float> values(const onnx::TensorProto &tensor) {
  std::vector<float> result(tensor.raw_data().size() / 4);
  std::memcpy(result.data(), tensor.raw_data().data(), result.size() * 4);
  return result;
}

TEST(InitialValues, DrawIsTheDocumentedFormula) {
  auto model = *zoo::make("mlp", {.seed = 42});
  // Index 2: fc2.weight, bound 1/sqrt(128).
  const onnx::TensorProto &weight = model.graph().initializer(2);
  ASSERT_EQ(weight.name(), "fc2.weight");
  auto high = static_cast<float>(1 / std::sqrt(128.0));
  float low = -high;
  auto drawn = values(weight);
  for (uint64_t e : {0u, 1u, 63u, 64u, 1279u}) {
    volatile float scaled = static_cast<float>(rt::randomUniform(42, 0, 2, e)) * (high - low);
    volatile float expected = scaled + low;
    EXPECT_EQ(drawn[e], expected) << e;
  }
}

TEST(InitialValues, DistributionHasPyTorchsBoundAndSpread) {
  auto model = *zoo::make("mlp");
  auto drawn = values(model.graph().initializer(0));
  double bound = 1 / std::sqrt(784.0), sum = 0, squares = 0;
  for (float value : drawn) {
    ASSERT_LE(std::abs(value), bound * (1 + 1e-6));
    sum += value;
    squares += double{value} * value;
  }
  double n = static_cast<double>(drawn.size());
  double deviation = bound / std::sqrt(3.0); // of a uniform distribution
  EXPECT_LT(std::abs(sum / n), 5 * deviation / std::sqrt(n));
  // Standard error of the second moment of U(-b, b): b²·sqrt(4/45)/sqrt(n).
  EXPECT_LT(std::abs(squares / n - deviation * deviation),
            5 * bound * bound * std::sqrt(4.0 / 45 / n));
}

TEST(InitialValues, NormalDrawIsBoxAndMullersFormula) {
  auto model = *zoo::make("resnet18", {.seed = 42});
  ASSERT_EQ(model.graph().initializer(0).name(), "conv1.weight");
  auto drawn = values(model.graph().initializer(0));
  double deviation = std::sqrt(2.0 / (64 * 9)), sum = 0, squares = 0;
  for (size_t e = 0; e < drawn.size(); ++e) {
    double u = rt::randomUniform(42, 0, 0, e), v = rt::randomUniform(42, 1, 0, e);
    double z = std::sqrt(-2 * std::log(1 - u)) * std::cos(2 * std::numbers::pi * v);
    // About ten roundings of f32 in numbers below 6.
    ASSERT_NEAR(drawn[e], z * deviation, 4e-6 * deviation) << e;
    sum += drawn[e];
    squares += double{drawn[e]} * drawn[e];
  }
  double n = static_cast<double>(drawn.size());
  EXPECT_LT(std::abs(sum / n), 5 * deviation / std::sqrt(n));
  EXPECT_LT(std::abs(squares / n - deviation * deviation),
            5 * deviation * deviation * std::sqrt(2 / n));
}

TEST(InitialValues, SeedsDifferAndOneSeedRepeats) {
  auto a = *zoo::make("mlp", {.seed = 1}), b = *zoo::make("mlp", {.seed = 2});
  EXPECT_NE(a.graph().initializer(0).raw_data(), b.graph().initializer(0).raw_data());
  ASSERT_TRUE(drawInitialValues(b, 1));
  EXPECT_EQ(a.graph().initializer(0).raw_data(), b.graph().initializer(0).raw_data());
}

TEST(InitialValues, UnknownDistributionIsNamed) {
  auto model = *zoo::make("linear");
  model.mutable_training_info(0)->mutable_initialization()->mutable_node(0)->set_op_type(
      "Multinomial");
  Status drawn = drawInitialValues(model, 1);
  EXPECT_EQ(drawn.message(), "initialization of 'linear.weight': expected RandomUniform, "
                             "RandomNormal or ConstantOfShape of f32 or f64");
}

} // namespace
