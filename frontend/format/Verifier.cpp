// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of a verification: versions, functions, the graph, then the training half over the same
// values.
#include "frontend/format/Verifier.h"

#include "frontend/format/GraphVerifier.h"
#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/VerifyTensor.h"

#include <map>
#include <set>

namespace ntc::format {
namespace {

constexpr int64_t minIr = 7, maxIr = 14, minOpset = 13, maxOpset = 28;

void verifyVersions(const onnx::ModelProto &model, Report &report) {
  if (model.ir_version() < minIr || model.ir_version() > maxIr) {
    report.add("model", "expected an IR version of ", minIr, " to ", maxIr, ", found ",
               model.ir_version());
  }
  std::set<std::string> domains;
  for (const auto &import : model.opset_import()) {
    std::string domain = canonicalDomain(import.domain());
    if (!domains.insert(domain).second) {
      report.add("opset_import", "domain ", quoted(domain), " is imported twice");
    }
    if (domain.empty() && (import.version() < minOpset || import.version() > maxOpset)) {
      report.add("opset_import", "expected opset ", minOpset, " to ", maxOpset, ", found ",
                 import.version());
    }
    if (domain == previewDomain && import.version() != 1) {
      report.add("opset_import", "expected version 1 of ", previewDomain, ", found ",
                 import.version());
    }
  }
  if (!domains.contains("")) {
    report.add("opset_import", "the standard operator set is not imported");
  }
  if (!model.has_graph()) {
    report.add("model", "it has no graph");
  }
}

/// Functions whose calls lead back to themselves, found by depth-first search with an explicit
/// stack.
class Recursion {
public:
  Recursion(const onnx::ModelProto &model, const ShapeInference &inference) : inference(inference) {
    for (const onnx::FunctionProto &function : model.functions()) {
      if (visit(function)) {
        break;
      }
    }
  }
  /// Nullptr when no function calls itself.
  const onnx::FunctionProto *found = nullptr;

private:
  bool visit(const onnx::FunctionProto &root) {
    std::vector<std::pair<const onnx::FunctionProto *, int>> stack = {{&root, 0}};
    if (!state.emplace(&root, Active).second) {
      return false;
    }
    while (!stack.empty()) {
      auto &[function, next] = stack.back();
      if (next == function->node_size()) {
        state[function] = Done;
        stack.pop_back();
        continue;
      }
      const onnx::NodeProto &node = function->node(next++);
      const onnx::FunctionProto *callee = inference.findFunction(node.domain(), node.op_type());
      if (!callee) {
        continue;
      }
      auto [entry, isNew] = state.emplace(callee, Active);
      if (!isNew && entry->second == Active) {
        found = callee;
        return true;
      }
      if (isNew) {
        stack.push_back({callee, 0});
      }
    }
    return false;
  }

  enum State { Active, Done };
  const ShapeInference &inference;
  std::map<const onnx::FunctionProto *, State> state;
};

/// Names and order inside one function body; types are checked at the calls.
void verifyBody(const onnx::FunctionProto &function, const ShapeInference &inference,
                Report &report) {
  std::string what = "function " + quoted(function.name());
  std::set<std::string> defined(function.input().begin(), function.input().end());
  if (defined.size() != static_cast<size_t>(function.input_size())) {
    report.add(what, "two inputs have one name");
  }
  int64_t opset = standardOpset(function.opset_import());
  if (opset < minOpset || opset > maxOpset) {
    report.add(what, "expected opset ", minOpset, " to ", maxOpset, ", found ", opset);
  }
  for (const onnx::NodeProto &node : function.node()) {
    std::string where = what + ", " + describe(node);
    for (const std::string &input : node.input()) {
      if (!input.empty() && !defined.contains(input)) {
        report.add(where, "input ", quoted(input),
                   " is made by no earlier node and is no input of the function");
      }
    }
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_t()) {
        if (std::string problem = tensorProblem(attribute.t()); !problem.empty()) {
          report.add(where, "attribute ", quoted(attribute.name()), ": ", problem);
        }
      }
    }
    bool isStandard = canonicalDomain(node.domain()).empty() && findOp(node.op_type());
    if (!isStandard && !inference.findFunction(node.domain(), node.op_type())) {
      report.addUnsupported("unknown operator " + quoted(node.op_type()) + " in " + what, node);
    }
    for (const std::string &output : node.output()) {
      if (!output.empty() && !defined.insert(output).second) {
        report.add(where, "output ", quoted(output), " is already the name of another value");
      }
    }
  }
  for (const std::string &output : function.output()) {
    if (!defined.contains(output)) {
      report.add(what, "output ", quoted(output), " is made by no node");
    }
  }
}

void verifyFunctions(const onnx::ModelProto &model, const ShapeInference &inference,
                     Report &report) {
  std::set<std::pair<std::string, std::string>> names;
  for (const onnx::FunctionProto &function : model.functions()) {
    if (!names.insert({canonicalDomain(function.domain()), function.name()}).second) {
      report.add("function " + quoted(function.name()), "is defined twice in domain ",
                 quoted(function.domain()));
    }
    if (canonicalDomain(function.domain()).empty() && findOp(function.name())) {
      report.add("function " + quoted(function.name()), "redefines a standard operator");
    }
    verifyBody(function, inference, report);
  }
  if (Recursion recursion(model, inference); recursion.found) {
    report.add("function " + quoted(recursion.found->name()), "calls itself");
  }
}

} // namespace

std::vector<Diagnostic> verify(const onnx::ModelProto &model, ValueTypes *types) {
  Report report;
  verifyVersions(model, report);
  ShapeInference inference(model);
  verifyFunctions(model, inference, report);
  Scope scope(report, inference);
  const onnx::GraphProto &graph = model.graph();
  for (const auto &input : graph.input()) {
    scope.addInput(input);
  }
  for (const auto &tensor : graph.initializer()) {
    scope.addInitializer(tensor);
  }
  for (const auto &tensor : graph.sparse_initializer()) {
    scope.addSparseInitializer(tensor);
  }
  scope.addNodes(graph.node(), inference.opset());
  for (const auto &info : graph.value_info()) {
    scope.checkDeclared(info, false);
  }
  for (const auto &output : graph.output()) {
    scope.checkDeclared(output, true);
  }
  if (model.has_graph() && graph.output_size() == 0) {
    report.add("graph", "it has no output");
  }
  verifyTraining(model, scope, inference, report);
  if (types) {
    *types = scope.take();
  }
  return report.finish();
}

} // namespace ntc::format
