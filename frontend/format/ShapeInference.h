// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Types of the outputs of one node, for operators of the table and for calls of a model's local
// functions, which are inferred by walking their bodies. Serves the verifier, the capture API and
// the summary.
#pragma once

#include "frontend/format/OpTable.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ntc::format {

/// What inference says of a node. Outputs are unknown where a problem or an unknown operator left
/// them so.
struct NodeTypes {
  std::vector<Value> outputs;
  std::vector<std::string> problems;
  /// Non-empty when the node's operator is not supported: the reason.
  std::string unsupported;
};

/// "" for the standard domain's two spellings, else the domain.
std::string canonicalDomain(const std::string &domain);

class ShapeInference {
public:
  /// Keeps a reference to `model`, whose functions must not change or move afterwards.
  explicit ShapeInference(const onnx::ModelProto &model);

  /// Checks operator, arity, attributes and operands of `node` and infers its outputs. `inputs` has
  /// one entry per node input, nullptr for an empty name. `opset` is the version of the standard
  /// domain that applies.
  NodeTypes infer(const onnx::NodeProto &node, std::span<const Value *const> inputs, int64_t opset);

  /// Version of the standard domain that the model's graph imports; 0 when it imports none.
  int64_t opset() const { return modelOpset; }
  const onnx::FunctionProto *findFunction(const std::string &domain, const std::string &name) const;

private:
  NodeTypes inferOperator(const onnx::NodeProto &node, std::span<const Value *const> inputs,
                          int64_t opset);
  NodeTypes inferCall(const onnx::NodeProto &node, const onnx::FunctionProto &function,
                      std::span<const Value *const> inputs);

  std::map<std::pair<std::string, std::string>, const onnx::FunctionProto *> functions;
  int64_t modelOpset = 0;
  int depth = 0;
  int64_t budget; // nodes of function bodies still to be walked: calls of calls grow exponentially
};

/// Type and, for short i64 vectors and scalars, elements of a tensor of a file. Data that does not
/// match the dimensions gives no elements.
Value valueOf(const onnx::TensorProto &tensor);

/// The version of the standard domain in a list of imports; 0 when there is none.
int64_t standardOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports);

} // namespace ntc::format
