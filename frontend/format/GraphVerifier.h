// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The verifier's working parts: a report that gathers problems, and a scope of named values through
// which nodes are walked in file order. The concatenation graph ++ algorithm is one scope.
#pragma once

#include "frontend/format/Verifier.h"

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ntc::format {

/// Gathers diagnostics up to a limit, and unsupported operators with the nodes that use them.
class Report {
public:
  template <typename... Parts> void add(std::string where, const Parts &...parts) {
    ++total;
    if (diagnostics.size() < limit) {
      diagnostics.push_back({std::move(where), rt::concat(parts...)});
    }
  }
  void addUnsupported(const std::string &reason, const onnx::NodeProto &node);
  /// Unsupported operators first, then the others in the order found, then how many were left out.
  std::vector<Diagnostic> finish();

private:
  static constexpr size_t limit = 1000;
  struct Users {
    std::vector<std::string> names;
    size_t total = 0;
  };
  std::vector<Diagnostic> diagnostics;
  std::map<std::string, Users> unsupported;
  size_t total = 0;
};

/// Named values of a graph, and who made them.
class Scope {
public:
  Scope(Report &report, ShapeInference &inference) : report(report), inference(inference) {}

  /// Declares a graph input. `isInitializer`: the name is an initializer too (allowed in foreign
  /// files).
  void addInput(const onnx::ValueInfoProto &input);
  void addInitializer(const onnx::TensorProto &tensor);
  void addSparseInitializer(const onnx::SparseTensorProto &tensor);
  /// Walks `nodes` in file order: names, order, operators, types.
  void addNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, int64_t opset);
  /// Compares a declared output or value_info with what was inferred; an output must exist.
  void checkDeclared(const onnx::ValueInfoProto &declared, bool isOutput);

  const Value *find(const std::string &name) const;
  /// Values that `names` depend on; the names themselves too when `withThem`, else only where one
  /// is behind another.
  std::unordered_set<std::string> ancestors(const std::set<std::string> &names,
                                            bool withThem) const;
  const std::unordered_map<std::string, Value> &all() const { return values; }
  std::unordered_map<std::string, Value> take() { return std::move(values); }

private:
  void define(const std::string &name, Value value, const std::string &what);
  void addNode(const onnx::NodeProto &node, int64_t opset);
  void addGradient(const onnx::NodeProto &node);
  /// Why `input` of `node` is not there yet: made later, part of a cycle, or nowhere.
  std::string missingReason(const onnx::NodeProto &node, const std::string &input) const;
  bool reaches(const onnx::NodeProto &from, const onnx::NodeProto &target) const;
  std::string nearName(const std::string &name) const;

  Report &report;
  ShapeInference &inference;
  std::unordered_map<std::string, Value> values;
  std::unordered_map<std::string, const onnx::NodeProto *> makers; // defined so far
  std::unordered_map<std::string, const onnx::NodeProto *>
      laterMakers; // all of the list being walked
  std::unordered_set<std::string> inputNames;
  std::unordered_set<std::string> initializerNames;
  std::unordered_map<std::string, int> nodeNames;
  mutable int searches = 20; // explanations that cost a walk over the graph, so that a file full of
                             // mistakes stays cheap
};

/// The training half; `scope` holds the graph's values and receives the algorithm's.
void verifyTraining(const onnx::ModelProto &model, Scope &scope, ShapeInference &inference,
                    Report &report);

} // namespace ntc::format
