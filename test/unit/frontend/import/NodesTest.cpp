// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graph operators, each in a tiny model whose `predict` is run in double precision and compared
// with numbers computed here or by hand.
#include "TestModels.h"

#include <cmath>
#include <functional>

using namespace ntc::importer;
using namespace ntc::importer::test;

namespace {

/// The first output "y" of a model on the inputs, batch 2.
Values predict(ModelBuilder &b, const std::vector<Values> &inputs) {
  b.output("y");
  Program p(b.model);
  if (!p) {
    return {};
  }
  auto results = p.run("predict.b2", inputs);
  return results.empty() ? Values() : results[0];
}

struct Unary {
  const char *op;
  std::function<double(double)> formula;
  int64_t opset = 17;
  std::vector<std::pair<const char *, float>> attributes = {};
};

const Values points = {-2.5, -0.75, -0.1, 0.2, 1.25, 3};

std::vector<Unary> unaries() {
  return {
      {"Abs", [](double x) { return std::abs(x); }},
      {"Sign", [](double x) { return x > 0 ? 1.0 : -1.0; }},
      {"Neg", [](double x) { return -x; }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Sin", [](double x) { return std::sin(x); }},
      {"Cos", [](double x) { return std::cos(x); }},
      {"Floor", [](double x) { return std::floor(x); }},
      {"Ceil", [](double x) { return std::ceil(x); }},
      {"Relu", [](double x) { return std::max(x, 0.0); }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Softplus", [](double x) { return std::log1p(std::exp(x)); }},
      {"Softsign", [](double x) { return x / (1 + std::abs(x)); }},
      {"LeakyRelu", [](double x) { return x > 0 ? x : 0.25 * x; }, 17, {{"alpha", 0.25f}}},
      {"Elu", [](double x) { return x > 0 ? x : 0.5 * std::expm1(x); }, 17, {{"alpha", 0.5f}}},
      {"Celu", [](double x) { return x > 0 ? x : 2 * std::expm1(x / 2); }, 17, {{"alpha", 2.0f}}},
      {"Selu",
       [](double x) {
         return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
       }},
      {"HardSigmoid",
       [](double x) { return std::clamp(0.25 * x + 0.5, 0.0, 1.0); },
       17,
       {{"alpha", 0.25f}}},
      {"HardSwish", [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); }},
      {"Mish", [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, 18},
      {"Gelu", [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }, 20},
  };
}

TEST(Nodes, UnaryOperatorsComputeTheirFormulas) {
  for (const Unary &c : unaries()) {
    SCOPED_TRACE(c.op);
    ModelBuilder b(c.opset);
    b.input("x", {-1, 3});
    onnx::NodeProto &node = b.node(c.op, "x", "y");
    for (auto [name, value] : c.attributes) {
      addFloat(node, name, value);
    }
    Values expected;
    for (double x : points) {
      expected.push_back(c.formula(x));
    }
    expectNear(predict(b, {points}), expected, 1e-12); // a few ulps of values below 25
  }
}

TEST(Nodes, AttributesOfF32AreTheDecimalsThatTheyWereWrittenFrom) {
  ModelBuilder b;
  b.input("x", {-1, 1});
  addFloat(b.node("LeakyRelu", "x", "y"), "alpha", 0.1f);
  expectNear(predict(b, {{-1, -3}}), {-0.1, -3 * 0.1}, 0);
}

TEST(Nodes, GeluByTanh) {
  ModelBuilder b(20);
  b.input("x", {-1, 3});
  addString(b.node("Gelu", "x", "y"), "approximate", "tanh");
  Values expected;
  for (double x : points) {
    expected.push_back(x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))));
  }
  expectNear(predict(b, {points}), expected, 1e-12);
}

TEST(Nodes, BinaryOperatorsBroadcast) {
  ModelBuilder b;
  b.input("x", {-1, 3}).weight("w", {3}, {1, 2, 4}).weight("s", {1, 1}, {10});
  b.node("Mul", "x w", "a");
  b.node("Sub", "s a", "y");
  expectNear(predict(b, {{1, 2, 3, 4, 5, 6}}), {9, 6, -2, 6, 0, -14}, 0);
}

TEST(Nodes, VariadicAndSelection) {
  ModelBuilder b;
  b.input("x", {-1, 3}).weight("w", {3}, {1, 2, 4});
  b.node("Max", "x w", "max");
  b.node("Min", "x w", "min");
  b.node("Sum", "max min w", "sum");
  b.node("Mean", "sum w", "mean");
  b.node("Greater", "x w", "greater");
  b.node("Not", "greater", "not");
  b.node("Where", "not mean w", "y");
  Values expected, x = {1, 3, 3, 4, 1, 6}, w = {1, 2, 4};
  for (int i = 0; i < 6; ++i) {
    expected.push_back(x[i] <= w[i % 3] ? (x[i] + 3 * w[i % 3]) / 2 : w[i % 3]);
  }
  expectNear(predict(b, {x}), expected, 1e-15);
}

TEST(Nodes, PowersOfConstantsAndTensors) {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .weight("two", {}, {2})
      .weight("half", {}, {0.5})
      .weight("w", {2}, {3, 0.25});
  b.node("Pow", "x two", "a");
  b.node("Pow", "x half", "c");
  b.node("Pow", "x w", "d");
  b.node("Sum", "a c d", "y");
  Values x = {1, 2, 3, 4}, expected;
  for (int i = 0; i < 4; ++i) {
    expected.push_back(x[i] * x[i] + std::sqrt(x[i]) + std::pow(x[i], i % 2 ? 0.25 : 3));
  }
  expectNear(predict(b, {x}), expected, 1e-12);
}

TEST(Nodes, ClipKeepsItsBounds) {
  ModelBuilder b;
  b.input("x", {-1, 3}).weight("/low", {}, {-0.5}).weight("/high", {}, {1});
  b.node("Clip", "x /low /high", "y");
  expectNear(predict(b, {points}), {-0.5, -0.5, -0.1, 0.2, 1, 1}, 0);
}

TEST(Nodes, CastsBetweenTypes) {
  ModelBuilder b;
  b.input("x", {-1, 3}, onnx::TensorProto::INT64);
  addInt(b.node("Cast", "x", "f"), "to", onnx::TensorProto::FLOAT);
  addInt(b.node("Cast", "x", "truth"), "to", onnx::TensorProto::BOOL);
  b.node("CastLike", "truth f", "t");
  b.node("Add", "f t", "y");
  expectNear(predict(b, {{-1, 0, 2, 5, 0, 1}}), {0, 0, 3, 6, 0, 2}, 0);
}

TEST(Nodes, ReductionsAlongAxes) {
  struct Case {
    const char *op;
    Values expected;
  };
  Values x = {1, -2, 3, 4, 5, -6};
  for (const Case &c :
       {Case{"ReduceMean", {2.0 / 3, 1}}, Case{"ReduceMax", {3, 5}}, Case{"ReduceMin", {-2, -6}},
        Case{"ReduceL1", {6, 15}}, Case{"ReduceSumSquare", {14, 77}},
        Case{"ReduceL2", {std::sqrt(14), std::sqrt(77)}},
        Case{"ReduceLogSumExp",
             {std::log(std::exp(1) + std::exp(-2) + std::exp(3)),
              std::log(std::exp(4) + std::exp(5) + std::exp(-6))}}}) {
    for (int64_t opset : {13, 18}) {
      SCOPED_TRACE(std::string(c.op) + " opset " + std::to_string(opset));
      ModelBuilder b(opset);
      b.input("x", {-1, 3}).ints("axes", {1}, {-1});
      onnx::NodeProto &node = b.node(c.op, opset < 18 ? "x" : "x axes", "y");
      addInt(node, "keepdims", 0);
      if (opset < 18) {
        addInts(node, "axes", {-1});
      }
      expectNear(predict(b, {x}), c.expected, 1e-12);
    }
  }
}

TEST(Nodes, ReduceSumKeepsDimensionsAndArgMaxFindsTheFirst) {
  ModelBuilder b;
  b.input("x", {-1, 3}).ints("axes", {1}, {1});
  b.node("ReduceSum", "x axes", "s");
  addInt(b.node("ArgMax", "x", "m"), "axis", 1);
  b.node("CastLike", "m s", "f");
  b.node("Add", "s f", "y");
  expectNear(predict(b, {{1, 4, 4, 9, 0, 1}}), {10, 10}, 0);
}

TEST(Nodes, GemmWithAllFlags) {
  ModelBuilder b;
  b.input("x", {-1, 2}).weight("w", {3, 2}, {1, 2, 3, 4, 5, 6}).weight("c", {3}, {1, 1, 2});
  onnx::NodeProto &node = b.node("Gemm", "x w c", "y");
  addInt(node, "transB", 1);
  addFloat(node, "alpha", 2);
  addFloat(node, "beta", -1);
  expectNear(predict(b, {{1, 1, 2, 0}}), {5, 13, 20, 3, 11, 18}, 0);
}

TEST(Nodes, MatMulOfHigherRanks) {
  ModelBuilder b;
  b.input("x", {-1, 2, 2}).weight("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  addInts(b.node("Transpose", "w", "t"), "perm", {1, 0});
  b.node("MatMul", "x t", "a"); // (2, 2, 3)
  b.node("MatMul", "x a", "y"); // batched
  Values x = {1, 2, 3, 4, 5, 6, 7, 8}, expected;
  double w[3][2] = {{1, 2}, {3, 4}, {5, 6}};
  for (int s = 0; s < 2; ++s) {
    for (int i = 0; i < 2; ++i) {
      for (int n = 0; n < 3; ++n) {
        double sum = 0;
        for (int k = 0; k < 2; ++k) {
          sum +=
              x[4 * s + 2 * i + k] * (x[4 * s + 2 * k] * w[n][0] + x[4 * s + 2 * k + 1] * w[n][1]);
        }
        expected.push_back(sum);
      }
    }
  }
  expectNear(predict(b, {x}), expected, 1e-12);
}

TEST(Nodes, MatMulWithAVector) {
  ModelBuilder b;
  b.input("x", {-1, 3}).weight("w", {3}, {1, 2, 3});
  b.node("MatMul", "x w", "y");
  expectNear(predict(b, {{1, 0, 0, 1, 1, 1}}), {1, 6}, 0);
}

TEST(Nodes, ConvolutionWithPadsStridesAndBias) {
  ModelBuilder b;
  b.input("x", {-1, 1, 2, 3}).weight("w", {1, 1, 2, 2}, {1, 2, 3, 4}).weight("c", {1}, {0.5});
  onnx::NodeProto &node = b.node("Conv", "x w c", "y");
  addInts(node, "kernel_shape", {2, 2});
  addInts(node, "pads", {1, 0, 0, 1});
  addInts(node, "strides", {1, 2});
  // rows -1 and 0; columns 0-1 and 2-3 of [[1 2 3] [4 5 6]] and its negative
  expectNear(predict(b, {{1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6}}),
             {11.5, 9.5, 37.5, 21.5, -10.5, -8.5, -36.5, -20.5}, 1e-13);
}

TEST(Nodes, ConvolutionPaddedToTheSameSize) {
  for (bool upper : {true, false}) {
    ModelBuilder b;
    b.input("x", {-1, 1, 3}).weight("w", {1, 1, 2}, {1, 10});
    addString(b.node("Conv", "x w", "y"), "auto_pad", upper ? "SAME_UPPER" : "SAME_LOWER");
    Values expected = upper ? Values{21, 32, 3, 54, 65, 6} : Values{10, 21, 32, 40, 54, 65};
    expectNear(predict(b, {{1, 2, 3, 4, 5, 6}}), expected, 0);
  }
}

TEST(Nodes, TransposedConvolution) {
  ModelBuilder b;
  b.input("x", {-1, 1, 2}).weight("w", {1, 1, 3}, {1, 2, 3});
  onnx::NodeProto &node = b.node("ConvTranspose", "x w", "y");
  addInts(node, "strides", {2});
  addInts(node, "output_padding", {1});
  expectNear(predict(b, {{1, 10, 0, 1}}), {1, 2, 13, 20, 30, 0, 0, 0, 1, 2, 3, 0}, 0);
}

TEST(Nodes, MaxPoolingInCeilModeSkipsWindowsInThePadding) {
  ModelBuilder b;
  b.input("x", {-1, 1, 5});
  onnx::NodeProto &node = b.node("MaxPool", "x", "y");
  addInts(node, "kernel_shape", {2});
  addInts(node, "strides", {2});
  addInt(node, "ceil_mode", 1);
  expectNear(predict(b, {{1, 3, 2, 5, 4, -1, -3, -2, -5, -4}}), {3, 5, 4, -1, -2, -4}, 0);
}

TEST(Nodes, AveragePoolingCountsPaddingOnlyWhenAsked) {
  for (bool count : {false, true}) {
    ModelBuilder b;
    b.input("x", {-1, 1, 3});
    onnx::NodeProto &node = b.node("AveragePool", "x", "y");
    addInts(node, "kernel_shape", {2});
    addInts(node, "pads", {1, 0});
    addInt(node, "count_include_pad", count);
    double edge = count ? 0.5 : 1;
    expectNear(predict(b, {{2, 4, 6, 4, 4, 8}}), {2 * edge, 3, 5, 4 * edge, 4, 6}, 1e-15);
  }
}

TEST(Nodes, GlobalPooling) {
  ModelBuilder b;
  b.input("x", {-1, 2, 2});
  b.node("GlobalAveragePool", "x", "mean");
  b.node("GlobalMaxPool", "x", "max");
  b.node("Add", "mean max", "y");
  expectNear(predict(b, {{1, 3, 2, 2, -1, 1, 0, 4}}), {5, 4, 1, 6}, 1e-15);
}

TEST(Nodes, BatchNormalizationByRunningStatistics) {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .weight("s", {2}, {2, 1})
      .weight("c", {2}, {0, 1})
      .weight("m", {2}, {1, -1})
      .weight("v", {2}, {4, 0.25});
  addFloat(b.node("BatchNormalization", "x s c m v", "y"), "epsilon", 0);
  expectNear(predict(b, {{3, 0, 1, -2}}), {2, 3, 0, -1}, 1e-14);
}

TEST(Nodes, LayerAndGroupNormalization) {
  ModelBuilder b(21);
  b.input("x", {-1, 2, 2}).weight("s", {2}, {1, 3}).weight("c", {2}, {0, 1});
  onnx::NodeProto &layer = b.node("LayerNormalization", "x s c", "a");
  addFloat(layer, "epsilon", 0);
  onnx::NodeProto &group = b.node("GroupNormalization", "a s c", "y");
  addInt(group, "num_groups", 1);
  addFloat(group, "epsilon", 0);
  // rows become (-1, 1) or (1, -1), then scaled: values (-1, 4) and (1, -2)
  Values a = {-1, 4, 1, -2, 1, -2, -1, 4}, expected;
  for (int sample = 0; sample < 2; ++sample) {
    double mean = 0.5, variance = (2.25 + 12.25 + 0.25 + 6.25) / 4;
    for (int i = 0; i < 4; ++i) {
      double hat = (a[4 * sample + i] - mean) / std::sqrt(variance);
      expected.push_back(i < 2 ? hat : 3 * hat + 1);
    }
  }
  expectNear(predict(b, {{1, 3, 7, 5, 4, 2, 0, 8}}), expected, 1e-12);
}

TEST(Nodes, ShapeComputationsOfExportersAreFolded) {
  ModelBuilder b;
  b.input("x", {-1, 2, 3}).ints("zero", {}, {0}).ints("axis", {1}, {0}).ints("minus", {1}, {-1});
  b.node("Shape", "x", "shape");
  b.node("Gather", "shape zero", "batch");
  b.node("Unsqueeze", "batch axis", "list");
  addInt(b.node("Concat", "list minus", "target"), "axis", 0);
  b.node("Reshape", "x target", "y");
  Program p(b.output("y").model);
  ASSERT_TRUE(p);
  EXPECT_NE(p.text().find("-> tensor<2x6xf64>"), std::string::npos) << p.text();
  EXPECT_EQ(p.text().find("nn.constant"), std::string::npos) << p.text();
}

TEST(Nodes, SlicesSplitsAndJoins) {
  ModelBuilder b;
  b.input("x", {-1, 4})
      .ints("starts", {1}, {-3})
      .ints("ends", {1}, {1000})
      .ints("axes", {1}, {1})
      .ints("steps", {1}, {2});
  b.node("Slice", "x starts ends axes steps", "a"); // columns 1 and 3
  addInt(b.node("Split", "x", "left right"), "axis", 1);
  addInt(b.node("Concat", "right a left", "y"), "axis", -1);
  expectNear(predict(b, {{1, 2, 3, 4, 5, 6, 7, 8}}), {3, 4, 2, 4, 1, 2, 7, 8, 6, 8, 5, 6}, 0);
}

TEST(Nodes, PadExpandTileAndPermute) {
  ModelBuilder b;
  b.input("x", {-1, 2})
      .ints("pads", {4}, {0, 1, 0, -1})
      .weight("/v", {}, {9})
      .ints("repeats", {2}, {1, 2});
  b.node("Pad", "x pads /v", "a"); // (9, first)
  b.node("Tile", "a repeats", "t");
  b.node("Transpose", "t", "y");
  expectNear(predict(b, {{1, 2, 3, 4}}), {9, 9, 1, 3, 9, 9, 1, 3}, 0);
}

TEST(Nodes, IndicesOfDataReadSmallTables) {
  ModelBuilder b;
  b.input("i", {-1}, onnx::TensorProto::INT64)
      .weight("table", {3, 2}, {1, 2, 3, 4, 5, 6})
      .ints("depth", {}, {3});
  b.weight("/values", {2}, {-1, 1});
  b.node("Gather", "table i", "rows");
  b.node("OneHot", "i depth /values", "hot");
  addInt(b.node("Concat", "rows hot", "y"), "axis", 1);
  expectNear(predict(b, {{2, 0}}), {5, 6, -1, -1, 1, 1, 2, 1, -1, -1}, 0);
}

TEST(Nodes, FunctionsAreInlinedWithTheirAttributes) {
  ModelBuilder b;
  b.input("x", {-1, 3});
  onnx::FunctionProto &inner = b.function("Scaled", "v", "r");
  inner.add_attribute("slope");
  onnx::NodeProto &leaky = addTo(inner, "LeakyRelu", "v", "r");
  addFloat(leaky, "alpha", 0);
  leaky.mutable_attribute(0)->set_ref_attr_name("slope");
  onnx::FunctionProto &outer = b.function("Outer", "a", "b");
  onnx::NodeProto &call = addTo(outer, "Scaled", "a", "b");
  call.set_domain("test");
  addFloat(call, "slope", 0.5f);
  b.node("Outer", "x", "y", "/block/Outer").set_domain("test");
  expectNear(predict(b, {points}), {-1.25, -0.375, -0.05, 0.2, 1.25, 3}, 1e-15);
}

} // namespace
