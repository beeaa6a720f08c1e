// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ONNX operators that the frontend knows: arity, attributes, and how the types of the outputs
// follow from those of the inputs. One entry serves opsets 13 to 28; what an attribute or input
// means in which version is the rule's business.
#pragma once

#include "frontend/format/TensorType.h"

#include <onnx/onnx_pb.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

/// What is known about a value: its type and, for small integer tensors, its elements.
struct Value {
  TensorType type;
  /// Elements of an i64 or i32 tensor of rank 0 or 1, symbolic where they come from a shape.
  std::optional<std::vector<Dim>> elements;
};

/// One node being inferred. Rules read inputs and attributes and set outputs; the first failure
/// wins.
class OpContext {
public:
  OpContext(const onnx::NodeProto &node, std::span<const Value *const> inputs, int64_t opset)
      : node(node), inputs(inputs), opset(opset), outputs(static_cast<size_t>(node.output_size())) {
  }

  const onnx::NodeProto &node;
  /// Nullptr for an input that is left out.
  std::span<const Value *const> inputs;
  int64_t opset;
  std::vector<Value> outputs;
  std::string error;

  bool has(size_t i) const { return i < inputs.size() && inputs[i] != nullptr; }
  const TensorType &type(size_t i) const { return inputs[i]->type; }
  /// Nullptr when the rank is unknown or the input is left out.
  const Shape *shape(size_t i) const { return has(i) && type(i).shape ? &*type(i).shape : nullptr; }

  const onnx::AttributeProto *attribute(std::string_view name) const;
  int64_t intAttribute(std::string_view name, int64_t byDefault) const;
  std::string stringAttribute(std::string_view name, std::string_view byDefault) const;
  /// Nothing when the attribute is absent.
  std::optional<std::vector<int64_t>> intsAttribute(std::string_view name) const;
  /// Integers from attribute `name` or, when absent, from the elements of input i; nothing when
  /// neither is known.
  std::optional<std::vector<int64_t>> integers(std::string_view name, size_t i) const;
  /// Elements of input i as a shape; unknown elements become unknown dimensions, a negative one
  /// fails.
  std::optional<Shape> shapeFrom(size_t i);

  template <typename... Parts> void fail(const Parts &...parts) {
    if (error.empty()) {
      error = rt::concat(parts...);
    }
  }
  bool failed() const { return !error.empty(); }
  void set(size_t i, int32_t dtype, std::optional<Shape> shape) {
    if (i < outputs.size()) {
      outputs[i].type = {dtype, std::move(shape)};
    }
  }
  /// Fails unless inputs i and j have one element type (unknown types pass).
  bool sameType(size_t i, size_t j);
  /// Fails unless input i is floating-point.
  bool needFloat(size_t i);
  /// Fails unless input i has `rank` dimensions; false also when the rank is unknown.
  bool needRank(size_t i, size_t rank, std::string_view form);
  /// `axis` counted from the end when negative; nothing, and failure, when it is outside `rank`.
  std::optional<size_t> axis(int64_t axis, size_t rank);
};

using InferRule = void (*)(OpContext &);

/// Arity and attributes of one operator. `attributes` lists "name:kind" with the kinds i f s t I F
/// S (g: a graph).
struct OpSchema {
  std::string_view name;
  int minInputs;
  int maxInputs; // -1: any number
  int minOutputs;
  int maxOutputs;
  int64_t sinceOpset;
  std::string_view attributes;
  InferRule infer;
};

/// Every known operator of the standard domain.
std::span<const OpSchema> opSchemas();
/// Nullptr when it is not known.
const OpSchema *findOp(std::string_view name);

/// Rules by category; see the .cpp files of the same names.
std::span<const OpSchema> elementwiseOps();
std::span<const OpSchema> contractionOps();
std::span<const OpSchema> creationOps();
std::span<const OpSchema> shapeOps();
std::span<const OpSchema> selectionOps();
std::span<const OpSchema> reductionOps();

} // namespace ntc::format
