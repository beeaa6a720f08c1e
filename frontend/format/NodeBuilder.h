// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writing ONNX nodes, attributes and tensors without the protobuf noise; used for graphs and for
// function bodies.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

inline constexpr std::string_view trainingDomain = "org.ntc.training";
inline constexpr std::string_view previewDomain = "ai.onnx.preview.training";
/// The standard operator set that written graphs and all local functions import, and the IR version
/// of written files.
inline constexpr int64_t writtenOpset = 17;
inline constexpr int64_t writtenIr = 8;

onnx::AttributeProto attribute(std::string_view name, int64_t value);
inline onnx::AttributeProto attribute(std::string_view name, int value) {
  return attribute(name, static_cast<int64_t>(value));
}
onnx::AttributeProto attribute(std::string_view name, float value);
onnx::AttributeProto attribute(std::string_view name, std::string_view value);
inline onnx::AttributeProto attribute(std::string_view name, const char *value) {
  return attribute(name, std::string_view(value));
}
onnx::AttributeProto attribute(std::string_view name, std::span<const int64_t> values);
onnx::AttributeProto attribute(std::string_view name, const onnx::TensorProto &value);

/// A dense little-endian tensor of the given dimensions (empty: scalar) with raw data.
onnx::TensorProto floatTensor(std::string_view name, std::span<const float> values,
                              std::span<const int64_t> dims);
onnx::TensorProto doubleScalar(std::string_view name, double value);
onnx::TensorProto intTensor(std::string_view name, std::span<const int64_t> values,
                            std::span<const int64_t> dims);
/// `value` as a scalar of `dtype` (FLOAT, DOUBLE or INT64).
onnx::TensorProto scalarTensor(std::string_view name, double value, int32_t dtype);

using Attributes = std::initializer_list<onnx::AttributeProto>;

/// Appends a node to a graph or a function and returns it.
template <typename Owner>
onnx::NodeProto &addNode(Owner &owner, std::string_view op, std::span<const std::string> inputs,
                         std::span<const std::string> outputs, Attributes attributes = {}) {
  onnx::NodeProto &node = *owner.add_node();
  node.set_op_type(std::string(op));
  for (const std::string &input : inputs) {
    node.add_input(input);
  }
  for (const std::string &output : outputs) {
    node.add_output(output);
  }
  for (const onnx::AttributeProto &attribute : attributes) {
    *node.add_attribute() = attribute;
  }
  return node;
}

/// Writes the body of a local function of domain org.ntc.training as a sequence of calls that
/// return value names.
class FunctionBuilder {
public:
  FunctionBuilder(std::string_view name, std::initializer_list<std::string> inputs);

  /// Adds an input behind the present ones.
  std::string input(const std::string &name);
  /// Adds a node with one fresh output.
  std::string op(std::string_view type, std::initializer_list<std::string> inputs,
                 Attributes attributes = {});
  /// As `op`, writing the function's output `name`.
  void output(const std::string &name, std::string_view type,
              std::initializer_list<std::string> inputs, Attributes attributes = {});
  /// Scalar constants; f64 and i64.
  std::string constant(double value);
  std::string intConstant(int64_t value);
  /// `scalar` converted to the element type of `like`.
  std::string cast(const std::string &scalar, const std::string &like) {
    return op("CastLike", {scalar, like});
  }

  onnx::FunctionProto take() { return std::move(function); }

private:
  onnx::FunctionProto function;
  int next = 0;
};

} // namespace ntc::format
