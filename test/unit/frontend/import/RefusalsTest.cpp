// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every refusal of the importer, with its kind and the words that name the user's thing; and
// hostile files.
#include "TestModels.h"

using namespace ntc::importer;
using namespace ntc::importer::test;

namespace {

constexpr auto invalid = DiagnosticKind::Invalid;
constexpr auto unsupported = DiagnosticKind::Unsupported;

/// x (B, 2, 4) to y by one node.
ModelBuilder oneNode(const std::string &op, const std::string &inputs = "x", int64_t opset = 17) {
  ModelBuilder b(opset);
  b.input("x", {-1, 2, 4}).output("y");
  b.node(op, inputs, "y", "/layer/" + op);
  return b;
}

onnx::NodeProto &nodeOf(ModelBuilder &b) {
  return *b.graph().mutable_node(b.graph().node_size() - 1);
}

TEST(Refusals, AllUnsupportedOperatorsAreListedAtOnce) {
  ModelBuilder b;
  b.input("x", {-1, 2}).output("y");
  b.node("Fancy", "x", "a", "/one/Fancy");
  b.node("Relu", "a", "r");
  b.node("LSTM", "r", "c", "/two/LSTM");
  b.node("Odd", "c", "y", "/three/Odd").set_domain("com.example");
  onnx::FunctionProto &f = b.function("F", "a", "b");
  addTo(f, "Weird", "a", "b");
  b.node("F", "x", "z").set_domain("test");
  ImportReport report = refuse(b.model);
  ASSERT_EQ(report.diagnostics.size(), 4u) << report.str();
  EXPECT_TRUE(report.hasUnsupported());
  EXPECT_EQ(report.diagnostics[0].str(),
            "node '/one/Fancy' (Fancy): operator Fancy (opset 17) is not supported");
  EXPECT_NE(report.str().find("node '/two/LSTM' (LSTM)"), std::string::npos);
  EXPECT_NE(report.str().find("domain 'com.example'"), std::string::npos);
  EXPECT_NE(report.str().find("function 'F', nameless node (Weird)"), std::string::npos)
      << report.str();
}

TEST(Refusals, ProblemsOfShapesAreListedTogether) {
  ModelBuilder b;
  b.input("x", {-1, 2}).weight("w", {3}, {1, 2, 3}).weight("v", {5, 7}, Values(35, 1)).output("y");
  b.node("Add", "x w", "a", "/first/Add");
  b.node("MatMul", "x v", "c", "/second/MatMul");
  b.node("Add", "a c", "y");
  ImportReport report = refuse(b.model);
  ASSERT_EQ(report.diagnostics.size(), 2u) << report.str();
  EXPECT_NE(report.diagnostics[0].str().find(
                "node '/first/Add' (Add): shapes (2, 2) and (3,) do not broadcast"),
            std::string::npos)
      << report.str();
  EXPECT_NE(report.diagnostics[1].str().find("/second/MatMul"), std::string::npos);
}

TEST(Refusals, Versions) {
  ModelBuilder b = oneNode("Relu");
  b.model.set_ir_version(3);
  expectRefusal(b.model, unsupported, "IR version 3");
  b = oneNode("Relu", "x", 12);
  expectRefusal(b.model, unsupported, "imports opset 12");
  b = oneNode("Relu", "x", 29);
  expectRefusal(b.model, unsupported, "imports opset 29");
  b = oneNode("Relu");
  b.model.mutable_opset_import()->DeleteSubrange(0, 1);
  expectRefusal(b.model, invalid, "imports no version of the standard operator set");
  b = oneNode("Gelu");
  expectRefusal(b.model, invalid, "Gelu exists since opset 20, the model imports 17");
  expectRefusal(onnx::ModelProto(), invalid, "has no graph");
}

TEST(Refusals, Structure) {
  ModelBuilder b = oneNode("Relu", "nothing");
  expectRefusal(b.model, invalid, "uses the value 'nothing', which no node before it makes");
  b = oneNode("Relu");
  b.node("Tanh", "x", "y");
  expectRefusal(b.model, invalid, "makes the value 'y', which exists already");
  b = oneNode("Relu");
  b.output("z");
  expectRefusal(b.model, invalid, "output 'z': needs the value 'z', which nothing makes");
  b = oneNode("Relu");
  b.graph().clear_output();
  expectRefusal(b.model, invalid, "the graph has no output");
  b = oneNode("Add", "x");
  expectRefusal(b.model, invalid, "expected an input number 1");
  b = oneNode("Relu");
  b.input("x", {-1, 2});
  expectRefusal(b.model, invalid, "input 'x': is declared twice");
  b = oneNode("Mul", "x init");
  b.weight("init", {1}, {1});
  expectRefusal(b.model, invalid, "has the name of an entry point");
}

TEST(Refusals, Attributes) {
  ModelBuilder b = oneNode("Relu");
  addInt(nodeOf(b), "alpha", 1);
  expectRefusal(b.model, invalid, "has the attribute 'alpha', which Relu of opset 17 has not");
  b = oneNode("LeakyRelu");
  addInt(nodeOf(b), "alpha", 1);
  expectRefusal(b.model, invalid, "expected attribute alpha of type FLOAT, found INT");
  b = oneNode("Elu");
  addFloat(nodeOf(b), "alpha", 1);
  addFloat(nodeOf(b), "alpha", 2);
  expectRefusal(b.model, invalid, "has the attribute 'alpha' twice");
  b = oneNode("Softmax");
  addInt(nodeOf(b), "axis", 3);
  expectRefusal(b.model, invalid, "axis 3 is outside of [-3, 3)");
}

TEST(Refusals, WindowsAreChecked) {
  struct Case {
    const char *attribute;
    Sizes values;
    const char *text;
  };
  for (const Case &c : {Case{"strides", {0}, "numbers in [1, 2^24] as strides"},
                        Case{"strides", {1, 1}, "expected 1 numbers as strides"},
                        Case{"dilations", {-1}, "as dilations"}, Case{"pads", {-1, 0}, "as pads"},
                        Case{"pads", {int64_t{1} << 62, 0}, "as pads"}}) {
    for (const char *op : {"Conv", "MaxPool"}) {
      ModelBuilder b = oneNode(op, op[0] == 'C' ? "x w" : "x");
      b.weight("w", {1, 2, 2}, {1, 1, 1, 1});
      addInts(nodeOf(b), "kernel_shape", {2});
      addInts(nodeOf(b), c.attribute, c.values);
      expectRefusal(b.model, invalid, c.text);
    }
  }
  ModelBuilder b = oneNode("MaxPool");
  expectRefusal(b.model, invalid, "needs a kernel_shape of 1 numbers");
  b = oneNode("MaxPool");
  addInts(nodeOf(b), "kernel_shape", {9});
  expectRefusal(b.model, invalid, "does not fit");
  b = oneNode("MaxPool");
  addInts(nodeOf(b), "kernel_shape", {0});
  expectRefusal(b.model, invalid, "expected a kernel of sizes");
  b = oneNode("AveragePool");
  addInts(nodeOf(b), "kernel_shape", {2});
  addInts(nodeOf(b), "pads", {2, 0});
  expectRefusal(b.model, invalid, "leave a window without an element");
  b = oneNode("Conv", "x w");
  b.weight("w", {1, 3, 2}, Values(6, 1));
  expectRefusal(b.model, invalid, "does not fit input");
  b = oneNode("Conv", "x w");
  b.weight("w", {2, 2, 2}, Values(8, 1));
  addInt(nodeOf(b), "group", 0);
  expectRefusal(b.model, invalid, "expected a group count");
}

TEST(Refusals, ShapesAreChecked) {
  ModelBuilder b = oneNode("Reshape", "x shape");
  b.ints("shape", {2}, {-1, 3});
  expectRefusal(b.model, invalid, "another number of elements");
  b = oneNode("Reshape", "x shape");
  b.ints("shape", {2}, {-1, -1});
  expectRefusal(b.model, invalid, "cannot reshape");
  b = oneNode("Reshape", "x shape");
  b.ints("shape", {3}, {int64_t{1} << 62, int64_t{1} << 62, -1});
  expectRefusal(b.model, invalid, "cannot reshape");
  b = oneNode("Expand", "x shape");
  b.ints("shape", {4}, {int64_t{1} << 40, 2, 2, 4});
  expectRefusal(b.model, invalid, "more than 2^34 elements");
  b = oneNode("ConstantOfShape", "shape");
  b.ints("shape", {2}, {int64_t{1} << 33, int64_t{1} << 33});
  expectRefusal(b.model, invalid, "more than 2^34 elements");
  b = oneNode("Squeeze", "x axes");
  b.ints("axes", {1}, {1});
  expectRefusal(b.model, invalid, "cannot squeeze dimension 1");
  b = oneNode("Transpose");
  addInts(nodeOf(b), "perm", {0, 0, 1});
  expectRefusal(b.model, invalid, "does not name each of the 3 dimensions once");
  b = oneNode("Pad", "x pads");
  b.ints("pads", {6}, {0, 0, INT64_MIN, 0, 0, 0});
  expectRefusal(b.model, invalid, "are out of range");
  b = oneNode("Slice", "x s e a t");
  b.ints("s", {1}, {3}).ints("e", {1}, {0}).ints("a", {1}, {2}).ints("t", {1}, {-1});
  expectRefusal(b.model, unsupported, "a step of -1 is not supported");
}

TEST(Refusals, ShapesMustBeKnown) {
  ModelBuilder b;
  b.input("x", {-1, 2}).input("s", {2}, onnx::TensorProto::INT64).output("y");
  b.node("Reshape", "x s", "y", "/layer/Reshape");
  expectRefusal(b.model, unsupported, "needs a shape that is known when the model is compiled");
}

TEST(Refusals, ElementTypes) {
  ModelBuilder b;
  b.input("x", {-1, 2}, onnx::TensorProto::INT64).output("y");
  b.node("Exp", "x", "y");
  expectRefusal(b.model, invalid, "expected input 0 of floating point, found i64 (2, 2)");
  b = ModelBuilder();
  b.input("x", {-1, 2}, onnx::TensorProto::UINT8).output("y");
  b.node("Relu", "x", "y");
  ImportReport report = refuse(b.model);
  EXPECT_EQ(report.diagnostics[0].str(), "input 'x': element type u8 is not supported");
  b = oneNode("Add", "x i");
  b.ints("i", {1}, {1});
  expectRefusal(b.model, invalid, "expected operands of one element type");
}

TEST(Refusals, Inputs) {
  ModelBuilder b = oneNode("Relu");
  b.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(2)
      ->set_dim_param("T");
  ImportReport report = refuse(b.model);
  EXPECT_NE(report.diagnostics[0].str().find("only the batch dimension may vary"),
            std::string::npos)
      << report.str();
  b = oneNode("Relu");
  b.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_NE(refuse(b.model).diagnostics[0].str().find("has no shape"), std::string::npos);
  b = oneNode("Relu");
  b.input("s", {});
  EXPECT_NE(refuse(b.model).diagnostics[0].str().find("is a scalar"), std::string::npos);
  b = ModelBuilder();
  b.input("x", {3, 2}).output("y");
  b.node("Relu", "x", "y");
  expectRefusal(b.model, invalid, "have the fixed batch size 3, but 2 was asked for");
  b.input("z", {4, 2});
  expectRefusal(b.model, invalid, "another input has 3", {3});
  b = oneNode("Relu");
  ImportOptions options;
  options.batchSizes = {-4};
  EXPECT_NE(refuse(b.model, options).str().find("batch size -4 is outside"), std::string::npos);
}

TEST(Refusals, Initializers) {
  auto with = [](const std::function<void(onnx::TensorProto &)> &change) {
    ModelBuilder b = oneNode("Mul", "x w");
    b.weight("w", {4}, {1, 2, 3, 4});
    change(*b.graph().mutable_initializer(0));
    return refuse(b.model).diagnostics[0].str();
  };
  EXPECT_EQ(with([](auto &t) { t.set_dims(0, int64_t{1} << 33); }),
            "initializer 'w': its dimensions say 34359738368 bytes of data, found 16");
  EXPECT_NE(with([](auto &t) { t.set_dims(0, -4); }).find("dimension -4 is negative"),
            std::string::npos);
  EXPECT_NE(with([](auto &t) {
              t.set_dims(0, INT64_MAX);
              t.add_dims(INT64_MAX);
            }).find("more than 2^34 elements"),
            std::string::npos);
  EXPECT_NE(
      with([](auto &t) { t.set_data_location(onnx::TensorProto::EXTERNAL); }).find("external file"),
      std::string::npos);
  EXPECT_NE(with([](auto &t) {
              t.set_data_type(onnx::TensorProto::STRING);
            }).find("string is not supported"),
            std::string::npos);
  EXPECT_NE(with([](auto &t) { t.set_data_type(77); }).find("type 77 is not supported"),
            std::string::npos);
  ModelBuilder b = oneNode("Mul", "x w");
  b.weight("w", {4}, {1, 2, 3, 4}).weight("w", {4}, {1, 2, 3, 4});
  expectRefusal(b.model, invalid, "initializer 'w': is defined twice");
  b = oneNode("Mul", "x s");
  auto *sparse = b.graph().add_sparse_initializer();
  *sparse->mutable_values() = tensor(onnx::TensorProto::FLOAT, {1}, {1});
  sparse->mutable_values()->set_name("s");
  sparse->add_dims(4);
  EXPECT_NE(refuse(b.model).str().find("a sparse initializer with values is not supported"),
            std::string::npos);
}

TEST(Refusals, FunctionsThatRecurOrExplode) {
  ModelBuilder b;
  b.input("x", {-1, 2}).output("y");
  addTo(b.function("F", "a", "b"), "G", "a", "b").set_domain("test");
  addTo(b.function("G", "a", "b"), "F", "a", "b").set_domain("test");
  b.node("F", "x", "y").set_domain("test");
  EXPECT_NE(refuse(b.model).str().find("function 'F': calls itself"), std::string::npos);

  b = ModelBuilder();
  b.input("x", {-1, 2}).output("y");
  for (int i = 0; i < 40; ++i) {
    onnx::FunctionProto &f = b.function("F" + std::to_string(i), "a", "c");
    std::string callee = i == 39 ? "Relu" : "F" + std::to_string(i + 1);
    for (auto [from, to] : {std::pair("a", "b"), std::pair("b", "c")}) {
      onnx::NodeProto &node = addTo(f, callee, from, to);
      if (i != 39) {
        node.set_domain("test");
      }
    }
  }
  b.node("F0", "x", "y").set_domain("test");
  EXPECT_NE(refuse(b.model).str().find("expands to more than 1048576 nodes"), std::string::npos);

  b = ModelBuilder();
  b.input("x", {-1, 2}).output("y");
  for (int i = 0; i < 100; ++i) {
    onnx::NodeProto &node = addTo(b.function("F" + std::to_string(i), "a", "b"),
                                  i == 99 ? "Relu" : "F" + std::to_string(i + 1), "a", "b");
    if (i != 99) {
      node.set_domain("test");
    }
  }
  b.node("F0", "x", "y").set_domain("test");
  EXPECT_NE(refuse(b.model).str().find("nested more than 64 deep"), std::string::npos);
}

TEST(Refusals, FunctionCallsMustFit) {
  ModelBuilder b = oneNode("F", "x x");
  nodeOf(b).set_domain("test");
  addTo(b.function("F", "a", "b"), "Relu", "a", "b");
  expectRefusal(b.model, invalid, "calls a function of 1 inputs and 1 outputs with 2 and 1");
  b = oneNode("F", "x");
  nodeOf(b).set_domain("test");
  b.function("F", "a", "b");
  expectRefusal(b.model, invalid, "no node of the function makes its output 'b'");
  b.function("F", "a", "b");
  EXPECT_NE(refuse(b.model).str().find("function 'F': is defined twice"), std::string::npos);
}

/// A valid step over one weight, to be broken.
ModelBuilder step() {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .weight("w", {2}, {1, 2})
      .output("y")
      .target("t", {-1, 2}, onnx::TensorProto::FLOAT);
  b.node("Mul", "x w", "y");
  addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
  b.gradient("w", "x t");
  b.update("w", "gradient.w");
  return b;
}

onnx::NodeProto &gradientOf(ModelBuilder &b) { return *b.algorithm().mutable_node(1); }

TEST(Refusals, GradientsThatMakeNoSense) {
  ModelBuilder b = step();
  ASSERT_TRUE(Program(b.model));
  addInt(*b.algorithm().mutable_node(0), "noop", 0);
  EXPECT_NE(refuse(b.model).str().find("has the attribute 'noop'"), std::string::npos);
  b = step();
  b.algorithm().mutable_node(0)->mutable_attribute(0)->set_i(1);
  b.algorithm().mutable_node(0)->set_op_type("Softmax");
  b.algorithm().mutable_node(0)->clear_attribute();
  EXPECT_NE(refuse(b.model).str().find("expected a scalar of floating point"), std::string::npos);
  b = step();
  gradientOf(b).mutable_attribute(2)->set_s("nowhere");
  EXPECT_NE(refuse(b.model).str().find("differentiates 'nowhere', which no node before it makes"),
            std::string::npos);
  b = step();
  gradientOf(b).set_input(0, "x");
  expectRefusal(b.model, unsupported, "a gradient at another point is not supported");
  b = step();
  gradientOf(b).add_input("x");
  expectRefusal(b.model, invalid, "found as many inputs and outputs: 4 and 1");
  b = step();
  gradientOf(b).mutable_attribute(1)->set_strings(1, "y");
  gradientOf(b).set_input(2, "y");
  expectRefusal(b.model, invalid, "lists 'y' and 'x', but the first is computed from the second");
  b = step();
  b.graph().mutable_node(0)->set_op_type("Gradient");
  b.graph().mutable_node(0)->set_domain("ai.onnx.preview.training");
  EXPECT_NE(refuse(b.model).str().find("among the nodes of training_info's algorithm only"),
            std::string::npos);
}

TEST(Refusals, BindingsThatMakeNoSense) {
  ModelBuilder b = step();
  b.update("w", "gradient.w");
  EXPECT_NE(refuse(b.model).str().find("update_binding: binds 'w' twice"), std::string::npos);
  b = step();
  b.update("nobody", "gradient.w");
  expectRefusal(b.model, invalid, "binds 'nobody', which is no initializer");
  b = step();
  b.info().mutable_update_binding(0)->set_value("loss");
  expectRefusal(b.model, invalid,
                "update of 'w': the new value has type f32 (), the state has f32 (2,)");
  b = step();
  b.info().mutable_update_binding(0)->set_value("nowhere");
  expectRefusal(b.model, invalid, "needs the value 'nowhere'");
  b = step();
  b.model.add_training_info();
  expectRefusal(b.model, unsupported, "has 2 training steps");
  b = step();
  auto *binding = b.info().add_initialization_binding();
  binding->set_key("w");
  binding->set_value("init.w");
  EXPECT_NE(refuse(b.model).str().find("no node of the initialization graph makes 'init.w'"),
            std::string::npos);
  onnx::NodeProto &maker = *b.info().mutable_initialization()->add_node();
  maker.add_output("init.w");
  maker.set_op_type("Multinomial");
  EXPECT_NE(refuse(b.model).str().find("operator Multinomial is not supported here"),
            std::string::npos);
  maker.set_op_type("RandomUniform");
  EXPECT_NE(refuse(b.model).str().find("with finite limits and the shape of the initializer"),
            std::string::npos);
}

TEST(Refusals, LossesAndMetrics) {
  ModelBuilder b;
  b.input("x", {-1, 3}).output("y").target("label", {-1, 2});
  b.node("Relu", "x", "y");
  b.step("SoftmaxCrossEntropyLoss", "y label", "loss", "/loss/SoftmaxCrossEntropyLoss");
  b.algorithm().add_output()->set_name("loss");
  expectRefusal(b.model, invalid,
                "expected scores (B, C, ...) and integer labels of the same shape without C");
  b = step();
  auto *entry = b.model.add_metadata_props();
  entry->set_key("ntc.train_spec");
  entry->set_value("metrics: 'accuracy'");
  expectRefusal(b.model, invalid, "metric 'accuracy': needs class labels");
  entry->set_value("no recipe");
  EXPECT_NE(refuse(b.model).str().find("metadata 'ntc.train_spec'"), std::string::npos);
}

TEST(Refusals, BatchNormalizationOfOneValuePerChannel) {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .weight("s", {2}, {1, 1})
      .weight("c", {2}, {0, 0})
      .weight("m", {2}, {0, 0})
      .weight("v", {2}, {1, 1});
  b.node("BatchNormalization", "x s c m v", "y").set_name("/bn/BatchNormalization");
  b.output("y").target("t", {-1, 2}, onnx::TensorProto::FLOAT);
  addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
  b.algorithm().add_output()->set_name("loss");
  expectRefusal(b.model, invalid, "needs more than one value per channel", {1});
}

TEST(Refusals, DropoutRatios) {
  ModelBuilder b = oneNode("Dropout", "x r");
  b.weight("r", {}, {1.5});
  expectRefusal(b.model, invalid, "expected a ratio in [0, 1]");
}

TEST(Refusals, DiagnosticsReachTheContext) {
  mlir::MLIRContext context;
  std::string seen;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &d) { seen += d.str(); });
  ImportOptions options;
  options.batchSizes = {2};
  EXPECT_TRUE(failed(importModel(oneNode("Fancy").model, context, options)));
  EXPECT_NE(seen.find("operator Fancy (opset 17) is not supported"), std::string::npos);
}

} // namespace
