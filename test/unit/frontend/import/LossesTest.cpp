// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Losses and metrics as (sum, count), run in double precision against formulas written out here.
#include "TestModels.h"

#include <cmath>

using namespace ntc::importer;
using namespace ntc::importer::test;

namespace {

const Values scores = {1, 2, 0.5, -1, 0, 3};

/// log(softmax) of row `row` of `scores`.
double logProbability(int row, int label) {
  double sum = 0;
  for (int c = 0; c < 3; ++c) {
    sum += std::exp(scores[3 * row + c]);
  }
  return scores[3 * row + label] - std::log(sum);
}

/// scores (B, 3) straight from the input, labels i64 (B).
ModelBuilder classifier() {
  ModelBuilder b;
  b.input("x", {-1, 3}).target("label", {-1});
  b.node("Identity", "x", "logits");
  b.output("logits");
  return b;
}

std::vector<Values> evaluate(ModelBuilder &b, Values labels) {
  b.algorithm().add_output()->set_name("loss");
  Program p(b.model);
  return p ? p.run("eval_step.b2", {scores, labels}) : std::vector<Values>(4, Values(1));
}

TEST(Losses, CrossEntropyLeavesAsSumAndCountWithAccuracy) {
  ModelBuilder b = classifier();
  b.step("SoftmaxCrossEntropyLoss", "logits label", "loss");
  auto results = evaluate(b, {1, 0});
  ASSERT_EQ(results.size(), 4u);
  EXPECT_NEAR(results[0][0], -logProbability(0, 1) - logProbability(1, 0), 1e-14);
  EXPECT_EQ(results[1][0], 2);
  EXPECT_EQ(results[2][0], 1);
  EXPECT_EQ(results[3][0], 2);
}

TEST(Losses, IgnoredLabelsAndClassWeightsChangeTheDenominator) {
  ModelBuilder b = classifier();
  *b.algorithm().add_initializer() = tensor(onnx::TensorProto::FLOAT, {3}, {0.5, 2, 4});
  b.algorithm().mutable_initializer(0)->set_name("loss.weight");
  addInt(b.step("SoftmaxCrossEntropyLoss", "logits label loss.weight", "loss"), "ignore_index",
         -100);
  auto results = evaluate(b, {-100, 2});
  ASSERT_EQ(results.size(), 4u);
  EXPECT_NEAR(results[0][0], -4 * logProbability(1, 2), 1e-14);
  EXPECT_EQ(results[1][0], 4);
  EXPECT_EQ(results[2][0], 1);
  EXPECT_EQ(results[3][0], 1) << "the ignored label counts";
}

TEST(Losses, NegativeLogLikelihoodOfASum) {
  ModelBuilder b = classifier();
  addInt(b.step("LogSoftmax", "logits", "logs"), "axis", 1);
  addString(b.step("NegativeLogLikelihoodLoss", "logs label", "loss"), "reduction", "sum");
  auto results = evaluate(b, {1, 0});
  ASSERT_EQ(results.size(), 4u);
  EXPECT_NEAR(results[0][0], -logProbability(0, 1) - logProbability(1, 0), 1e-14);
  EXPECT_EQ(results[1][0], 1);
}

TEST(Losses, MeansInFunctionsAndTheirCombinationsKeepTheCount) {
  ModelBuilder b;
  b.input("x", {-1, 3}).target("t", {-1, 3}, onnx::TensorProto::FLOAT).output("x2");
  b.node("Identity", "x", "x2");
  onnx::FunctionProto &f = b.function("Squares", "a b", "r");
  addTo(f, "Sub", "a b", "d");
  addTo(f, "Mul", "d d", "dd");
  addInt(addTo(f, "ReduceMean", "dd", "r"), "keepdims", 0);
  b.step("Squares", "x2 t", "m").set_domain("test");
  b.algorithm().add_initializer()->CopyFrom(tensor(onnx::TensorProto::FLOAT, {}, {3}));
  b.algorithm().mutable_initializer(0)->set_name("/three");
  b.step("Mul", "m /three", "m3");
  b.step("Add", "m3 m", "loss");
  auto results = evaluate(b, {0, 0, 0, 0, 0, 0});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NEAR(results[0][0], 4 * (1 + 4 + 0.25 + 1 + 0 + 9), 1e-13);
  EXPECT_EQ(results[1][0], 6);
}

TEST(Losses, ALossOfUnknownFormCountsAsOne) {
  ModelBuilder b;
  b.input("x", {-1, 3}).target("t", {-1, 3}, onnx::TensorProto::FLOAT).output("x2");
  b.node("Identity", "x", "x2");
  b.step("Mul", "x2 t", "p");
  addInt(b.step("ReduceLogSumExp", "p", "loss"), "keepdims", 0);
  auto results = evaluate(b, {0, 0, 0, 0, 0, 0});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NEAR(results[0][0], std::log(6), 1e-14);
  EXPECT_EQ(results[1][0], 1);
}

TEST(Losses, ADeclaredDenominatorIsUsed) {
  ModelBuilder b;
  b.input("x", {-1, 3}).target("t", {-1, 3}, onnx::TensorProto::FLOAT).output("x2");
  b.node("Identity", "x", "x2");
  addInt(b.step("ReduceSum", "x2", "s"), "keepdims", 0);
  addInt(b.step("ReduceSum", "t", "loss_denominator"), "keepdims", 0);
  b.step("Div", "s loss_denominator", "loss");
  b.algorithm().add_output()->set_name("loss");
  b.algorithm().add_output()->set_name("loss_denominator");
  Program p(b.model);
  ASSERT_TRUE(p);
  auto results = p.run("eval_step.b2", {scores, {1, 0, 1, 0, 2, 0}});
  EXPECT_NEAR(results[0][0], 5.5, 1e-14);
  EXPECT_EQ(results[1][0], 4);
}

} // namespace
