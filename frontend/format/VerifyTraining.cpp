// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// training_info: the algorithm over the graph's values, Gradient's names and cut, what is assigned
// to what, and the initialization of fresh parameters.
#include "frontend/format/GraphVerifier.h"
#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/TrainingInfo.h"

#include <set>

namespace ntc::format {
namespace {

/// What one verification of a TrainingInfoProto shares.
struct Training {
  const onnx::ModelProto &model;
  const onnx::TrainingInfoProto &info;
  Scope &scope;
  Report &report;
  std::unordered_map<std::string, TensorType> state; // initializers of graph and algorithm

  void collectState() {
    for (const auto *graph : {&model.graph(), &info.algorithm()}) {
      for (const auto &tensor : graph->initializer()) {
        state[tensor.name()] = {tensor.data_type(),
                                Shape(tensor.dims().begin(), tensor.dims().end())};
      }
      for (const auto &tensor : graph->sparse_initializer()) {
        state[tensor.values().name()] = {tensor.values().data_type(),
                                         Shape(tensor.dims().begin(), tensor.dims().end())};
      }
    }
  }
  std::string nearState(const std::string &name) const {
    std::vector<std::string> names;
    for (const auto &[each, type] : state) {
      names.push_back(each);
    }
    std::string near = nearest(name, names);
    return near.empty() ? std::string() : "; did you mean " + quoted(near) + "?";
  }
};

std::vector<std::string> stringsOf(const onnx::NodeProto &node, std::string_view name) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name() == name) {
      return {attribute.strings().begin(), attribute.strings().end()};
    }
  }
  return {};
}

std::string stringOf(const onnx::NodeProto &node, std::string_view name) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name() == name) {
      return attribute.s();
    }
  }
  return {};
}

void verifyGradientTarget(Training &t, const std::string &what, const std::string &y) {
  const Value *value = t.scope.find(y);
  if (!value) {
    t.report.add(what, "y = ", quoted(y), " is no value of the model");
    return;
  }
  bool isScalar = !value->type.shape || product(*value->type.shape) == Dim(1);
  if (!isScalar || (value->type.dtype && !isFloat(value->type.dtype))) {
    t.report.add(what, "y = ", quoted(y), " must be a floating-point scalar, found ",
                 str(value->type));
  }
}

void verifyGradient(Training &t, const onnx::NodeProto &node) {
  std::string what = describe(node);
  std::vector<std::string> xs = stringsOf(node, "xs");
  std::vector<std::string> zs = stringsOf(node, "zs");
  std::string y = stringOf(node, "y");
  if (xs.empty()) {
    t.report.add(what, "attribute xs names no tensor");
  }
  verifyGradientTarget(t, what, y);
  if (static_cast<size_t>(node.output_size()) > xs.size()) {
    t.report.add(what, "expected at most ", xs.size(), " outputs, one for each of xs, found ",
                 node.output_size());
  }
  if (static_cast<size_t>(node.input_size()) != xs.size() + zs.size()) {
    t.report.add(what, "expected ", xs.size() + zs.size(), " inputs, those of xs and zs, found ",
                 node.input_size());
  }
  auto behind = t.scope.ancestors({y}, true);
  std::set<std::string> listed;
  for (const auto *list : {&xs, &zs}) {
    for (const std::string &name : *list) {
      const Value *value = t.scope.find(name);
      std::string item = what + ", " + (list == &xs ? "xs" : "zs") + " entry " + quoted(name);
      if (!listed.insert(name).second) {
        t.report.add(item, "is listed twice");
      }
      if (!value) {
        t.report.add(item, "is no value of the model", t.nearState(name));
        continue;
      }
      if (list == &xs && value->type.dtype && !isFloat(value->type.dtype)) {
        t.report.add(item, "cannot be differentiated: it is ", str(value->type));
      }
      if (!behind.contains(name)) {
        t.report.add(item, quoted(y), " does not depend on it");
      }
    }
  }
  // A cut has no member behind another one; parameters and inputs have nothing behind them.
  auto covered = t.scope.ancestors(listed, false);
  for (const std::string &name : listed) {
    if (covered.contains(name)) {
      t.report.add(what, "xs and zs are no cut: another entry depends on ", quoted(name));
    }
  }
}

void verifyBindings(Training &t) {
  std::set<std::string> keys, outputs;
  for (const auto *graph : {&t.model.graph(), &t.info.algorithm()}) {
    for (const auto &output : graph->output()) {
      outputs.insert(output.name());
    }
  }
  for (const auto &binding : t.info.update_binding()) {
    std::string what = "update_binding of " + quoted(binding.key());
    if (!keys.insert(binding.key()).second) {
      t.report.add(what, "there is another one of this key");
    }
    auto state = t.state.find(binding.key());
    if (state == t.state.end()) {
      t.report.add(what, "is no initializer of graph or algorithm", t.nearState(binding.key()));
      continue;
    }
    if (!outputs.contains(binding.value())) {
      t.report.add(what, quoted(binding.value()), " is no output of graph or algorithm");
      continue;
    }
    const Value *value = t.scope.find(binding.value());
    if (!value || !value->type.dtype) {
      continue;
    }
    bool shapeDiffers = value->type.shape && !mayEqual(*value->type.shape, *state->second.shape);
    if (value->type.dtype != state->second.dtype || shapeDiffers) {
      t.report.add(what, "the state is ", str(state->second), ", the new value is ",
                   str(value->type));
    }
  }
}

void verifyInitialization(Training &t, ShapeInference &inference) {
  const onnx::GraphProto &graph = t.info.initialization();
  if (graph.input_size()) {
    t.report.add("initialization", "it may have no inputs");
  }
  Scope scope(t.report, inference);
  for (const auto &tensor : graph.initializer()) {
    scope.addInitializer(tensor);
  }
  scope.addNodes(graph.node(), inference.opset());
  for (const auto &output : graph.output()) {
    scope.checkDeclared(output, true);
  }
  std::set<std::string> keys;
  for (const auto &binding : t.info.initialization_binding()) {
    std::string what = "initialization_binding of " + quoted(binding.key());
    if (!keys.insert(binding.key()).second) {
      t.report.add(what, "there is another one of this key");
    }
    auto state = t.state.find(binding.key());
    const Value *value = scope.find(binding.value());
    if (state == t.state.end()) {
      t.report.add(what, "is no initializer of graph or algorithm", t.nearState(binding.key()));
    } else if (!value) {
      t.report.add(what, quoted(binding.value()), " is no value of the initialization");
    } else if (value->type.dtype && value->type.shape &&
               (value->type.dtype != state->second.dtype ||
                !mayEqual(*value->type.shape, *state->second.shape))) {
      t.report.add(what, "the state is ", str(state->second), ", the initial value is ",
                   str(value->type));
    }
  }
}

void verifyMetadata(const onnx::ModelProto &model, Report &report) {
  std::set<std::string> keys;
  for (const auto &entry : model.metadata_props()) {
    if (!keys.insert(entry.key()).second) {
      report.add("metadata_props", "key ", quoted(entry.key()), " is given twice");
    }
  }
  const std::string *forward = findMetadata(model, forwardKey);
  if (forward && *forward != "eval") {
    report.add("metadata_props", "ntc.forward must be eval, found ", quoted(*forward));
  }
  if (findMetadata(model, recipeKey)) {
    if (auto recipe = recipeOf(model); !recipe) {
      report.add("metadata_props", recipe.status().message());
    }
  }
}

} // namespace

void verifyTraining(const onnx::ModelProto &model, Scope &scope, ShapeInference &inference,
                    Report &report) {
  verifyMetadata(model, report);
  if (model.training_info_size() > 1) {
    report.add("training_info", "several training steps in one model are not supported yet, found ",
               model.training_info_size());
    return;
  }
  if (model.training_info_size() == 0) {
    return;
  }
  Training t{model, model.training_info(0), scope, report, {}};
  t.collectState();
  const onnx::GraphProto &algorithm = t.info.algorithm();
  for (const auto &input : algorithm.input()) {
    scope.addInput(input);
  }
  for (const auto &tensor : algorithm.initializer()) {
    scope.addInitializer(tensor);
  }
  for (const auto &tensor : algorithm.sparse_initializer()) {
    scope.addSparseInitializer(tensor);
  }
  scope.addNodes(algorithm.node(), inference.opset());
  for (const auto &info : algorithm.value_info()) {
    scope.checkDeclared(info, false);
  }
  for (const auto &output : algorithm.output()) {
    scope.checkDeclared(output, true);
  }
  int gradients = 0;
  for (const onnx::NodeProto &node : algorithm.node()) {
    if (node.op_type() == "Gradient" && node.domain() == previewDomain) {
      ++gradients;
      verifyGradient(t, node);
    }
  }
  if (algorithm.node_size() && gradients == 0) {
    report.add("training_info", "the algorithm has no Gradient node (domain ", previewDomain, ")");
  }
  verifyBindings(t);
  verifyInitialization(t, inference);
}

} // namespace ntc::format
