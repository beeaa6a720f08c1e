// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training form: gradients, updates, dropout and batch normalization of hand-made steps, run in the
// interpreter.
#include "TestModels.h"

#include "frontend/format/train_spec.pb.h"
#include "runtime/base/Philox.h"

#include <google/protobuf/text_format.h>

#include <cmath>

using namespace ntc::importer;
using namespace ntc::importer::test;

namespace {

void embedRecipe(onnx::ModelProto &model, const std::string &text) {
  auto *entry = model.add_metadata_props();
  entry->set_key("ntc.train_spec");
  entry->set_value(text);
}

/// y = x w, loss = mean of y; w' = w - lr g.
ModelBuilder plainStep() {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .weight("w", {2}, {1, 2})
      .target("t", {-1, 2}, onnx::TensorProto::FLOAT)
      .control("lr");
  b.node("Mul", "x w", "y");
  b.output("y");
  addInt(b.step("ReduceMean", "y", "loss"), "keepdims", 0);
  b.gradient("w", "x t");
  b.step("CastLike", "lr w", "rate");
  b.step("Mul", "rate gradient.w", "delta", "/optimizer/w");
  b.step("Sub", "w delta", "w.next");
  b.update("w", "w.next");
  b.algorithm().add_output()->set_name("loss");
  return b;
}

TEST(Training, UpdatesParametersByTheGradient) {
  Program p(plainStep().model);
  ASSERT_TRUE(p);
  p.differentiate();
  p.run("train_step.b2", {{1, 2, 3, 4}, {0, 0, 0, 0}, {0.5}});
  // the loss is a mean of four: gradient (1 + 3) / 4 and (2 + 4) / 4
  expectNear(p.state("w"), {1 - 0.5, 2 - 0.75}, 1e-15);
}

TEST(Training, ASecondOrderGradientIsAllowed) {
  ModelBuilder b;
  b.input("x", {-1, 1})
      .weight("w", {1}, {2})
      .target("t", {-1, 1}, onnx::TensorProto::FLOAT)
      .output("y");
  b.node("Mul", "x w", "a");
  b.node("Mul", "a a", "y");
  addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
  b.gradient("w", "x t");
  b.step("Mul", "gradient.w gradient.w", "square");
  addInt(b.step("ReduceSum", "square", "penalty"), "keepdims", 0);
  onnx::NodeProto &second = b.gradient("w", "x t");
  second.set_output(0, "w.next");
  second.mutable_attribute(2)->set_s("penalty");
  b.update("w", "w.next");
  Program p(b.model);
  ASSERT_TRUE(p);
  p.differentiate();
  p.run("train_step.b2", {{1, 2}, {0, 0}});
  // loss = w^2 s with s = 5; penalty = (2 w s)^2; its derivative is 8 w s^2
  expectNear(p.state("w"), {8 * 2 * 25}, 1e-12);
}

ModelBuilder batchNorm() {
  ModelBuilder b;
  b.input("x", {-1, 2}).weight("bn.weight", {2}, {1, 2}).weight("bn.bias", {2}, {0, 1});
  b.weight("bn.running_mean", {2}, {0, 0}).weight("bn.running_var", {2}, {1, 1}).output("y");
  onnx::NodeProto &node =
      b.node("BatchNormalization", "x bn.weight bn.bias bn.running_mean bn.running_var", "y",
             "/bn/BatchNormalization");
  addFloat(node, "momentum", 0.75f);
  addFloat(node, "epsilon", 0);
  b.target("t", {-1, 2}, onnx::TensorProto::FLOAT);
  b.step("Mul", "y t", "p");
  addInt(b.step("ReduceSum", "p", "loss"), "keepdims", 0);
  b.algorithm().add_output()->set_name("loss");
  return b;
}

TEST(Training, BatchNormalizationUpdatesRunningStatisticsWithTheUnbiasedVariance) {
  Program p(batchNorm().model, {4});
  ASSERT_TRUE(p);
  Values x = {1, 0, 2, 0, 3, 4, 6, 4};
  auto results = p.run("train_step.b4", {x, {1, 0, 0, 0, 0, 0, 0, 1}});
  // channel 0: mean 3, variance 14/4 (biased), 14/3; channel 1: mean 2, 4, 16/3
  EXPECT_NEAR(results[0][0], -2 / std::sqrt(3.5) + 2 * (2 / 2.0) + 1, 1e-13);
  expectNear(p.state("bn.running_mean"), {0.25 * 3, 0.25 * 2}, 1e-15);
  expectNear(p.state("bn.running_var"), {0.75 + 0.25 * 14 / 3, 0.75 + 0.25 * 16 / 3}, 1e-14);
}

/// PyTorch's momentum 0.1 is the file's 0.9f.
TEST(Training, BatchNormalizationHasPyTorchsMomentumInFullPrecision) {
  ModelBuilder b = batchNorm();
  b.graph().mutable_node(0)->mutable_attribute(0)->set_f(0.9f);
  Program p(b.model, {4});
  ASSERT_TRUE(p);
  p.run("train_step.b4", {{1, 0, 2, 0, 3, 4, 6, 4}, Values(8, 0)});
  // 1 - 0.9 is half an ulp of 1 away from 0.1; read as an f32, 0.9 would be 2.4e-8 away.
  expectNear(p.state("bn.running_mean"), {0.1 * 3, 0.1 * 2}, 4e-16);
}

TEST(Training, LayersInEvaluationFormKeepTheirStatistics) {
  ModelBuilder b = batchNorm();
  embedRecipe(b.model, "eval_layers: 'b*'");
  Program p(b.model, {4});
  ASSERT_TRUE(p);
  auto results = p.run("train_step.b4", {{1, 0, 2, 0, 3, 4, 6, 4}, {1, 0, 0, 0, 0, 0, 0, 1}});
  EXPECT_NEAR(results[0][0], 1 + 9, 1e-14);
  expectNear(p.state("bn.running_mean"), {0, 0}, 0);
}

TEST(Training, ABatchNormalizationThatRunsTwiceUpdatesTwice) {
  ModelBuilder b = batchNorm();
  onnx::NodeProto again = b.graph().node(0);
  again.set_output(0, "z");
  again.set_name("/bn/BatchNormalization_1");
  *b.graph().add_node() = again;
  Program p(b.model, {4});
  ASSERT_TRUE(p);
  p.run("train_step.b4", {{1, 0, 2, 0, 3, 4, 6, 4}, Values(8, 0)});
  expectNear(p.state("bn.running_mean"), {0.75 * 0.75 + 0.75, (0.75 + 1) * 0.5}, 1e-14);
}

ModelBuilder dropout(double ratio) {
  ModelBuilder b;
  b.input("x", {-1, 8}).weight("/drop/ratio", {}, {ratio}).weight("w", {1}, {1}).output("y");
  b.node("Mul", "x w", "scaled");
  b.node("Dropout", "scaled /drop/ratio", "y", "/drop/Dropout");
  b.target("t", {-1, 8}, onnx::TensorProto::FLOAT);
  b.step("Mul", "y t", "p");
  addInt(b.step("ReduceSum", "p", "loss"), "keepdims", 0);
  b.algorithm().add_output()->set_name("loss");
  return b;
}

TEST(Training, DropoutKeepsByTheCounterAndScales) {
  Program p(dropout(0.25).model);
  ASSERT_TRUE(p);
  for (int element = 0; element < 16; ++element) {
    Values x(16, 3), t(16, 0);
    t[element] = 1;
    auto results = p.run("train_step.b2", {x, t, {7}, {5}});
    bool kept = ntc::rt::randomUniform(7, 5, 1000000, element) >= 0.25;
    EXPECT_NEAR(results[0][0], kept ? 4 : 0, 1e-14) << "element " << element;
  }
  EXPECT_EQ(p.run("eval_step.b2", {Values(16, 3), Values(16, 1)})[0][0], 48);
}

TEST(Training, DropoutOfAllAndNothing) {
  Program none(dropout(0).model), all(dropout(1).model);
  ASSERT_TRUE(none && all);
  EXPECT_EQ(none.run("train_step.b2", {Values(16, 3), Values(16, 1)})[0][0], 48);
  EXPECT_EQ(all.run("train_step.b2", {Values(16, 3), Values(16, 1)})[0][0], 0);
}

TEST(Training, TwoDropoutsDrawDifferentNumbers) {
  ModelBuilder b = dropout(0.5);
  b.graph().mutable_node(1)->set_output(0, "once");
  b.node("Dropout", "once /drop/ratio", "y", "/drop2/Dropout");
  Program p(b.model);
  ASSERT_TRUE(p);
  EXPECT_NE(p.text().find("op = 1000000 : i32"), std::string::npos);
  EXPECT_NE(p.text().find("op = 1000001 : i32"), std::string::npos);
}

TEST(Training, ActivationsHaveFiniteGradientsEverywhere) {
  for (const char *op :
       {"Elu", "Selu", "Celu", "Softplus", "LeakyRelu", "HardSigmoid", "HardSwish"}) {
    ModelBuilder b;
    b.input("x", {-1, 1})
        .weight("w", {1}, {1})
        .target("t", {-1, 1}, onnx::TensorProto::FLOAT)
        .output("y");
    b.node("Mul", "x w", "a");
    b.node(op, "a", "y");
    addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
    b.gradient("w", "x t");
    b.update("w", "gradient.w");
    for (double x : {-1e4, 0.0, 1e4}) {
      Program p(b.model);
      ASSERT_TRUE(p);
      p.differentiate();
      p.run("train_step.b2", {{x, x}, {0, 0}});
      EXPECT_TRUE(std::isfinite(p.state("w")[0])) << op << " at " << x;
    }
  }
}

TEST(Training, SoftplusHasTheSigmoidAsDerivativeAtZero) {
  ModelBuilder b;
  b.input("x", {-1, 1})
      .weight("w", {1}, {0})
      .target("t", {-1, 1}, onnx::TensorProto::FLOAT)
      .output("y");
  b.node("Add", "x w", "a");
  b.node("Softplus", "a", "y");
  addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
  b.gradient("w", "x t");
  b.update("w", "gradient.w");
  Program p(b.model);
  ASSERT_TRUE(p);
  p.differentiate();
  p.run("train_step.b2", {{0, 2}, {0, 0}});
  expectNear(p.state("w"), {0.5 + 1 / (1 + std::exp(-2))}, 1e-14);
}

} // namespace
