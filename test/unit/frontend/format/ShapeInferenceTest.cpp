// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shapes of nodes, operator by operator.

#include "frontend/format/ShapeInference.h"
#include "frontend/format/NodeBuilder.h"

#include <gtest/gtest.h>

using namespace ntc::format;

namespace {

const Dim B(1, "batch");

/// Infers one node on f32 operands of the given shapes; "shape" of output 0 or the first problem.
std::string infer(const char *op, std::vector<Shape> shapes, Attributes attributes = {},
                  std::vector<std::vector<int64_t>> integers = {}) {
  onnx::ModelProto model;
  ShapeInference inference(model);
  onnx::NodeProto node;
  node.set_op_type(op);
  node.add_output("y");
  for (const auto &attribute : attributes) {
    *node.add_attribute() = attribute;
  }
  std::vector<Value> values;
  for (Shape &shape : shapes) {
    values.push_back({{onnx::TensorProto::FLOAT, shape}, {}});
  }
  for (auto &list : integers) {
    Value value{{onnx::TensorProto::INT64, Shape{Dim(static_cast<int64_t>(list.size()))}},
                std::vector<Dim>{}};
    for (int64_t each : list) {
      value.elements->push_back(elementOf(each));
    }
    values.push_back(value);
  }
  std::vector<const Value *> operands;
  for (size_t i = 0; i < values.size(); ++i) {
    node.add_input("x" + std::to_string(i));
    operands.push_back(&values[i]);
  }
  NodeTypes types = inference.infer(node, operands, 17);
  if (!types.unsupported.empty() || !types.problems.empty()) {
    return types.problems.empty() ? types.unsupported : types.problems[0];
  }
  return types.outputs[0].type.shape ? str(*types.outputs[0].type.shape) : "unknown";
}

std::vector<int64_t> two(int64_t a, int64_t b) { return {a, b}; }

TEST(ShapeInference, BroadcastFollowsNumPyAndKeepsTheBatch) {
  EXPECT_EQ(infer("Add", {{B, 3}, {3}}), "(B, 3)");
  EXPECT_EQ(infer("Add", {{B, 3}, {1, 1}}), "(B, 3)");
  EXPECT_EQ(infer("Add", {{B, 3}, {5, 3}}), "shapes (B, 3) and (5, 3) do not broadcast");
  EXPECT_EQ(infer("Mul", {{B, 3}, {4}}), "shapes (B, 3) and (4,) do not broadcast");
}

TEST(ShapeInference, ConvolutionsAndPools) {
  std::vector<int64_t> stride = two(2, 2), pads = {1, 1, 1, 1}, kernel = two(3, 3);
  EXPECT_EQ(infer("Conv", {{B, 3, 32, 32}, {8, 3, 3, 3}, {8}}), "(B, 8, 30, 30)");
  EXPECT_EQ(infer("Conv", {{B, 3, 32, 32}, {8, 3, 3, 3}},
                  {attribute("strides", std::span<const int64_t>(stride)),
                   attribute("pads", std::span<const int64_t>(pads))}),
            "(B, 8, 16, 16)");
  EXPECT_EQ(infer("Conv", {{B, 4, 8, 8}, {4, 1, 3, 3}}, {attribute("group", 4)}), "(B, 4, 6, 6)");
  EXPECT_EQ(infer("Conv", {{B, 4, 8, 8}, {8, 3, 3, 3}}),
            "expected 3 input channels, found 4 in input shape (B, 4, 8, 8)");
  EXPECT_EQ(infer("Conv", {{B, 3, 2, 2}, {8, 3, 3, 3}}),
            "a window of 3 does not fit into 2 elements with pads 0 and 0");
  EXPECT_EQ(
      infer("MaxPool", {{B, 3, 7, 7}},
            {attribute("kernel_shape", std::span<const int64_t>(kernel)),
             attribute("strides", std::span<const int64_t>(stride)), attribute("ceil_mode", 1)}),
      "(B, 3, 3, 3)");
  EXPECT_EQ(infer("ConvTranspose", {{B, 8, 4, 4}, {8, 3, 4, 4}},
                  {attribute("strides", std::span<const int64_t>(stride)),
                   attribute("pads", std::span<const int64_t>(pads))}),
            "(B, 3, 8, 8)");
}

TEST(ShapeInference, ReshapeSolvesForTheFreeDimension) {
  EXPECT_EQ(infer("Reshape", {{B, 4, 5}}, {}, {{-1, 20}}), "(B, 20)");
  EXPECT_EQ(infer("Reshape", {{B, 4, 5}}, {}, {{0, -1}}), "(B, 20)");
  EXPECT_EQ(infer("Reshape", {{B, 4, 5}}, {}, {{-1, 5}}), "(4*B, 5)");
  EXPECT_EQ(infer("Reshape", {{6, 4}}, {}, {{-1, 5}}),
            "(6, 4) has 24 elements, which 5 does not divide");
  EXPECT_EQ(infer("Reshape", {{6, 4}}, {}, {{5, 5}}),
            "(6, 4) has 24 elements, the target shape (5, 5) has 25");
  EXPECT_EQ(infer("Flatten", {{B, 64, 12, 12}}), "(B, 9216)");
}

TEST(ShapeInference, SliceCountsAsNumPyDoes) {
  EXPECT_EQ(infer("Slice", {{10, 4}}, {}, {{1}, {9}, {0}, {3}}), "(3, 4)");
  EXPECT_EQ(infer("Slice", {{10, 4}}, {}, {{-3}, {INT64_MAX}, {0}, {1}}), "(3, 4)");
  EXPECT_EQ(infer("Slice", {{10, 4}}, {}, {{-1}, {INT64_MIN}, {0}, {-1}}), "(10, 4)");
  EXPECT_EQ(infer("Slice", {{10, 4}}, {}, {{8}, {2}, {0}, {-4}}), "(2, 4)");
  EXPECT_EQ(infer("Slice", {{B, 4}}, {}, {{0}, {2}, {1}, {1}}), "(B, 2)");
}

TEST(ShapeInference, MatricesAndReductions) {
  EXPECT_EQ(infer("MatMul", {{B, 7, 4}, {4, 5}}), "(B, 7, 5)");
  EXPECT_EQ(infer("MatMul", {{B, 7, 4}, {3, 5}}),
            "inner dimensions differ: (B, 7, 4) times (3, 5)");
  EXPECT_EQ(infer("ReduceSum", {{B, 7, 4}}, {attribute("keepdims", 0)}, {{-1}}), "(B, 7)");
  EXPECT_EQ(infer("ReduceMean", {{B, 7, 4}}, {attribute("keepdims", 0)}), "()");
  EXPECT_EQ(infer("Concat", {{B, 3}, {B, 4}}, {attribute("axis", 1)}), "(B, 7)");
  EXPECT_EQ(infer("Transpose", {{B, 3, 4}}), "(4, 3, B)");
  EXPECT_EQ(infer("Softmax", {{B, 3}}, {attribute("axis", 2)}),
            "axis 2 is outside a value of rank 2");
}

TEST(ShapeInference, EveryOperatorSurvivesAbsentTypes) {
  onnx::ModelProto model;
  ShapeInference inference(model);
  Value unknown;
  for (const OpSchema &schema : opSchemas()) {
    onnx::NodeProto node;
    node.set_op_type(std::string(schema.name));
    std::vector<const Value *> operands(static_cast<size_t>(schema.minInputs), &unknown);
    for (int i = 0; i < schema.minInputs; ++i) {
      node.add_input("x");
    }
    for (int i = 0; i < schema.minOutputs; ++i) {
      node.add_output("y");
    }
    (void)inference.infer(node, operands, 28);
  }
}

} // namespace
