// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each case breaks one thing in a sound model; a failure means that the verifier misses it, names
// it badly, or reports more than the cause.
#include "frontend/format/Verifier.h"

#include "frontend/format/NodeBuilder.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

using namespace ntc;
using namespace ntc::format;

namespace {

onnx::ModelProto mlp() {
  auto model = zoo::make("mlp", {.input = {6}, .hidden = {4}, .classes = 3});
  EXPECT_TRUE(model) << model.status().message();
  return *model;
}

std::string problems(const onnx::ModelProto &model) { return str(verify(model)); }

onnx::NodeProto &node(onnx::ModelProto &model, const std::string &name) {
  for (auto &each : *model.mutable_graph()->mutable_node()) {
    if (each.name() == name) {
      return each;
    }
  }
  ADD_FAILURE() << name;
  return *model.mutable_graph()->mutable_node(0);
}

onnx::GraphProto &algorithm(onnx::ModelProto &model) {
  return *model.mutable_training_info(0)->mutable_algorithm();
}

onnx::NodeProto &gradient(onnx::ModelProto &model) {
  for (auto &each : *algorithm(model).mutable_node()) {
    if (each.op_type() == "Gradient") {
      return each;
    }
  }
  ADD_FAILURE();
  return *algorithm(model).mutable_node(0);
}

TEST(Verifier, SoundModelHasNoProblems) { EXPECT_EQ(problems(mlp()), ""); }

TEST(Verifier, EveryUnsupportedOperatorIsListedAtOnce) {
  auto model = mlp();
  node(model, "/fc1/Gemm").set_op_type("Celu");
  node(model, "/Relu").set_op_type("Foo");
  std::string text = problems(model);
  for (const char *part : {"node '/fc1/Gemm' (Celu): operator 'Celu' is not supported",
                           "node '/Relu' (Foo): operator 'Foo' is not supported"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
  EXPECT_EQ(text.find("did you mean"), std::string::npos) << text;
}

TEST(Verifier, UnknownDomainWithoutAFunctionIsNamed) {
  auto model = mlp();
  node(model, "/Relu").set_domain("com.example");
  EXPECT_NE(
      problems(model).find(
          "unknown operator 'Relu' of domain 'com.example', for which the file has no function"),
      std::string::npos);
}

TEST(Verifier, VersionsOutsideTheSupportedOnesAreNamed) {
  auto model = mlp();
  model.set_ir_version(99);
  model.mutable_opset_import(0)->set_version(12);
  std::string text = problems(model);
  EXPECT_NE(text.find("expected an IR version of 7 to 14, found 99"), std::string::npos) << text;
  EXPECT_NE(text.find("expected opset 13 to 28, found 12"), std::string::npos) << text;
}

TEST(Verifier, WrongShapeIsReportedOnceWithLayerAndShapes) {
  auto model = mlp();
  for (auto &tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.name() == "fc2.weight") {
      tensor.set_dims(1, 2);
      tensor.set_raw_data(std::string(3 * 2 * 4, '\0'));
    }
  }
  std::string text = problems(model);
  EXPECT_NE(
      text.find("node '/fc2/Gemm' (Gemm): inner dimensions differ: (B, 4) times (3, 2) transposed"),
      std::string::npos)
      << text;
}

TEST(Verifier, UndefinedInputGetsASuggestion) {
  auto model = mlp();
  node(model, "/fc1/Gemm").set_input(1, "fc1.wieght");
  EXPECT_NE(problems(model).find("input 'fc1.wieght' is made by no node, input or initializer; did "
                                 "you mean 'fc1.weight'?"),
            std::string::npos);
}

TEST(Verifier, CycleAndWrongOrderAreToldApart) {
  auto model = mlp();
  node(model, "/fc1/Gemm").set_input(0, node(model, "/Relu").output(0));
  EXPECT_NE(problems(model).find("the graph has a cycle"), std::string::npos);
  model = mlp();
  model.mutable_graph()->mutable_node()->SwapElements(0, 1);
  EXPECT_NE(problems(model).find("nodes must be in topological order"), std::string::npos);
}

TEST(Verifier, DuplicateNamesAreNamed) {
  auto model = mlp();
  *model.mutable_graph()->add_initializer() = model.graph().initializer(0);
  EXPECT_NE(
      problems(model).find("initializer 'fc1.weight': there is another initializer of this name"),
      std::string::npos);
  model = mlp();
  node(model, "/fc2/Gemm").set_output(0, node(model, "/fc1/Gemm").output(0));
  EXPECT_NE(problems(model).find("the name is already that of another value"), std::string::npos);
}

TEST(Verifier, DataThatDoesNotMatchDimensionsIsRefused) {
  auto model = mlp();
  model.mutable_graph()->mutable_initializer(0)->set_raw_data("abc");
  EXPECT_NE(problems(model).find(
                "initializer 'fc1.weight': dimensions [4, 6] of f32 need 96 bytes, found 3"),
            std::string::npos);
}

TEST(Verifier, HugeClaimsAreRefusedWithoutAllocating) {
  auto model = mlp();
  auto *tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->set_dims(0, int64_t{1} << 40);
  EXPECT_NE(problems(model).find("dimensions [1099511627776, 6] of f32 need"), std::string::npos)
      << problems(model);
  tensor->set_dims(0, std::numeric_limits<int64_t>::max());
  EXPECT_NE(problems(model).find("are negative or too large"), std::string::npos)
      << problems(model);
  tensor->set_dims(0, -4);
  EXPECT_NE(problems(model).find("are negative or too large"), std::string::npos)
      << problems(model);
}

TEST(Verifier, ExternalDataIsRefusedByName) {
  auto model = mlp();
  auto *tensor = model.mutable_graph()->mutable_initializer(0);
  tensor->set_data_location(onnx::TensorProto::EXTERNAL);
  tensor->clear_raw_data();
  EXPECT_NE(problems(model).find("initializer 'fc1.weight': its values are in external data"),
            std::string::npos);
}

TEST(Verifier, GradientsNamesAreChecked) {
  auto model = mlp();
  gradient(model).mutable_attribute(0)->set_strings(0, "fc1.weigth");
  EXPECT_NE(problems(model).find(
                "xs entry 'fc1.weigth': is no value of the model; did you mean 'fc1.weight'?"),
            std::string::npos)
      << problems(model);
  model = mlp();
  gradient(model).mutable_attribute(2)->set_s("los");
  EXPECT_NE(problems(model).find("y = 'los' is no value of the model"), std::string::npos)
      << problems(model);
  model = mlp();
  gradient(model).mutable_attribute(2)->set_s("output");
  EXPECT_NE(problems(model).find("must be a floating-point scalar, found f32 (B, 3)"),
            std::string::npos);
  model = mlp();
  gradient(model).mutable_attribute(1)->set_strings(0, node(model, "/Relu").output(0));
  EXPECT_NE(problems(model).find("xs and zs are no cut"), std::string::npos) << problems(model);
}

TEST(Verifier, UpdateBindingsAreChecked) {
  auto model = mlp();
  auto *bindings = model.mutable_training_info(0)->mutable_update_binding();
  (*bindings)[0].set_key("fc9.weight");
  EXPECT_NE(problems(model).find("update_binding of 'fc9.weight': is no initializer"),
            std::string::npos);
  model = mlp();
  model.mutable_training_info(0)->mutable_update_binding(0)->set_value("nothing");
  EXPECT_NE(problems(model).find("'nothing' is no output of graph or algorithm"),
            std::string::npos);
  model = mlp();
  model.mutable_training_info(0)->mutable_update_binding(0)->set_value("fc2.bias.next");
  EXPECT_NE(problems(model).find("the state is f32 (4, 6), the new value is f32 (3,)"),
            std::string::npos)
      << problems(model);
}

TEST(Verifier, MisspeltOperatorInTheAlgorithmIsFound) {
  auto model = mlp();
  algorithm(model).mutable_node(0)->set_op_type("SoftmaxCrossEntropyLos");
  EXPECT_NE(problems(model).find("did you mean 'SoftmaxCrossEntropyLoss'?"), std::string::npos)
      << problems(model);
}

TEST(Verifier, AttributesOfTheWrongKindAreNamed) {
  auto model = mlp();
  *node(model, "/fc1/Gemm").add_attribute() = attribute("transC", 1);
  node(model, "/fc1/Gemm").mutable_attribute(0)->set_type(onnx::AttributeProto::FLOAT);
  std::string text = problems(model);
  EXPECT_NE(text.find("has no attribute 'transC'"), std::string::npos) << text;
  EXPECT_NE(text.find("attribute 'transB' must be of kind integer"), std::string::npos) << text;
}

TEST(Verifier, DeclaredTypesMustAgreeWithTheInferredOnes) {
  auto model = mlp();
  model.mutable_graph()
      ->mutable_output(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(7);
  EXPECT_NE(problems(model).find("output 'output': declared as f32 (B, 7), inferred as f32 (B, 3)"),
            std::string::npos)
      << problems(model);
}

} // namespace
