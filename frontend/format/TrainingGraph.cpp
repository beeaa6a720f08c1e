// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks over the graph, the algorithm and the functions that they call.
#include "frontend/format/TrainingGraph.h"

#include "frontend/format/NodeBuilder.h"
#include "frontend/format/TensorType.h"
#include "frontend/format/TrainingInfo.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace ntc::format {

std::vector<NamePattern>
parsePatterns(const google::protobuf::RepeatedPtrField<std::string> &texts) {
  std::vector<NamePattern> patterns;
  for (const std::string &text : texts) {
    if (auto pattern = NamePattern::parse(text)) { // a bad one is reported by complete()
      patterns.push_back(std::move(*pattern));
    }
  }
  return patterns;
}

bool matchesAny(const std::vector<NamePattern> &patterns, const std::string &name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const NamePattern &p) { return p.matches(name); });
}

std::unordered_set<std::string> ancestorsOfLoss(const onnx::GraphProto &graph,
                                                const LossSpec &loss) {
  std::unordered_map<std::string, const onnx::NodeProto *> makers;
  for (const onnx::NodeProto &node : graph.node()) {
    for (const std::string &output : node.output()) {
      makers.emplace(output, &node);
    }
  }
  std::unordered_set<std::string> reached;
  std::vector<std::string> pending;
  if (graph.output_size()) {
    pending.push_back(graph.output(0).name());
  }
  for (const LossTerm &term : loss.terms()) {
    pending.push_back(term.value());
  }
  while (!pending.empty()) {
    std::string value = std::move(pending.back());
    pending.pop_back();
    if (!reached.insert(value).second) {
      continue;
    }
    if (auto maker = makers.find(value); maker != makers.end()) {
      pending.insert(pending.end(), maker->second->input().begin(), maker->second->input().end());
    }
  }
  return reached;
}

namespace {

std::unordered_set<std::string> runningStatistics(const onnx::GraphProto &graph) {
  std::unordered_set<std::string> names;
  for (const onnx::NodeProto &node : graph.node()) {
    if (node.op_type() == "BatchNormalization" && node.input_size() == 5) {
      names.insert({node.input(3), node.input(4)});
    }
  }
  return names;
}

} // namespace

std::vector<std::string> trainableParameters(const onnx::ModelProto &model, const TrainSpec &spec) {
  const FirstEpochs epochs(spec);
  auto ancestors = ancestorsOfLoss(model.graph(), spec.loss());
  auto statistics = runningStatistics(model.graph());
  std::vector<std::string> names;
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    const std::string &name = tensor.name();
    bool isState =
        isFloat(tensor.data_type()) && !name.starts_with('/') && !statistics.contains(name);
    if (isState && ancestors.contains(name) && epochs.of(name)) {
      names.push_back(name);
    }
  }
  return names;
}

std::set<std::string>
calledFunctions(const onnx::ModelProto &model,
                const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes) {
  std::map<std::string, const onnx::FunctionProto *> functions;
  for (const onnx::FunctionProto &function : model.functions()) {
    if (function.domain() == trainingDomain) {
      functions[function.name()] = &function;
    }
  }
  std::set<std::string> called;
  std::vector<const google::protobuf::RepeatedPtrField<onnx::NodeProto> *> pending = {&nodes};
  while (!pending.empty()) {
    const auto *list = pending.back();
    pending.pop_back();
    for (const onnx::NodeProto &node : *list) {
      auto function = functions.find(node.op_type());
      bool isCall = node.domain() == trainingDomain && function != functions.end();
      if (isCall && called.insert(node.op_type()).second) {
        pending.push_back(&function->second->node());
      }
    }
  }
  return called;
}

void dropAlgorithmFunctions(onnx::ModelProto &model) {
  if (model.training_info_size() == 0) {
    return;
  }
  auto byAlgorithm = calledFunctions(model, model.training_info(0).algorithm().node());
  auto byGraph = calledFunctions(model, model.graph().node());
  google::protobuf::RepeatedPtrField<onnx::FunctionProto> kept;
  for (onnx::FunctionProto &function : *model.mutable_functions()) {
    bool ours = function.domain() == trainingDomain;
    if (!ours || !byAlgorithm.contains(function.name()) || byGraph.contains(function.name())) {
      kept.Add(std::move(function));
    }
  }
  model.mutable_functions()->Swap(&kept);
}

} // namespace ntc::format
