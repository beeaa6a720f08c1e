// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exporters leave no trace of what was a parameter: the place where an initializer is used tells.
#include "frontend/format/Pack.h"

#include "frontend/format/ExporterForm.h"
#include "frontend/format/InitialValues.h"
#include "frontend/format/LossFit.h"
#include "frontend/format/Names.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace ntc::format {
namespace {

int64_t countOf(const onnx::TensorProto &tensor) {
  return elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())}).value_or(0);
}

/// True when input i of `node` is where a layer keeps a weight.
bool isWeightPlace(const onnx::NodeProto &node, int i) {
  static const std::map<std::string, std::set<int>> places = {{"Conv", {1, 2}},
                                                              {"ConvTranspose", {1, 2}},
                                                              {"Gemm", {1, 2}},
                                                              {"MatMul", {0, 1}},
                                                              {"BatchNormalization", {1, 2}},
                                                              {"InstanceNormalization", {1, 2}},
                                                              {"LayerNormalization", {1, 2}},
                                                              {"Gather", {0}},
                                                              {"PRelu", {1}},
                                                              {"LSTM", {1, 2, 3}},
                                                              {"GRU", {1, 2, 3}},
                                                              {"RNN", {1, 2, 3}}};
  auto found = places.find(node.op_type());
  return found != places.end() && found->second.contains(i);
}

/// A mask such as -inf above the diagonal is no parameter.
bool isFinite(const onnx::TensorProto &tensor) {
  if (tensor.data_type() != onnx::TensorProto::FLOAT) {
    return true;
  }
  std::vector<float> values(tensor.float_data().begin(), tensor.float_data().end());
  if (values.empty()) {
    values.resize(tensor.raw_data().size() / sizeof(float));
    std::memcpy(values.data(), tensor.raw_data().data(), values.size() * sizeof(float));
  }
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

/// Parameters and running statistics by their use.
std::unordered_set<std::string> findState(const onnx::GraphProto &graph) {
  std::unordered_map<std::string, const onnx::TensorProto *> candidates;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    if (isFloat(tensor.data_type()) && !tensor.name().starts_with('/')) {
      candidates[tensor.name()] = &tensor;
    }
  }
  // Weights often pass a Transpose, Identity or Cast first.
  std::unordered_map<std::string, std::string> aliases;
  std::unordered_set<std::string> state;
  for (const onnx::NodeProto &node : graph.node()) {
    bool passes =
        node.op_type() == "Transpose" || node.op_type() == "Identity" || node.op_type() == "Cast";
    for (int i = 0; i < node.input_size(); ++i) {
      auto alias = aliases.find(node.input(i));
      std::string source = alias == aliases.end() ? node.input(i) : alias->second;
      auto candidate = candidates.find(source);
      if (candidate == candidates.end()) {
        continue;
      }
      if (passes && node.output_size() == 1) {
        aliases[node.output(0)] = source;
        continue;
      }
      bool isVector =
          (node.op_type() == "Add" || node.op_type() == "Mul") && countOf(*candidate->second) > 1;
      bool isStatistic = node.op_type() == "BatchNormalization" && i >= 3;
      if (isStatistic || isWeightPlace(node, i) || (isVector && isFinite(*candidate->second))) {
        state.insert(source);
      }
    }
  }
  return state;
}

/// Drops initializers from the inputs and gives constants names that begin with '/'.
void normalizeNames(onnx::GraphProto &graph, const std::unordered_set<std::string> &state,
                    Notes &notes) {
  std::unordered_set<std::string> initializers, taken;
  std::unordered_map<std::string, std::string> renamed;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    initializers.insert(tensor.name());
  }
  taken = initializers;
  for (const onnx::NodeProto &node : graph.node()) {
    taken.insert(node.output().begin(), node.output().end());
  }
  for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
    bool isConstant = isFloat(tensor.data_type()) && !state.contains(tensor.name()) &&
                      !tensor.name().starts_with('/');
    if (!isConstant) {
      continue;
    }
    std::string name = "/" + tensor.name();
    while (!taken.insert(name).second) {
      name += "_";
    }
    if (countOf(tensor) > 1) {
      notes.push_back("initializer " + quoted(tensor.name()) +
                      " is taken for a constant and will not be trained");
    }
    renamed[tensor.name()] = name;
    tensor.set_name(name);
  }
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    for (std::string &input : *node.mutable_input()) {
      if (auto found = renamed.find(input); found != renamed.end()) {
        input = found->second;
      }
    }
  }
  google::protobuf::RepeatedPtrField<onnx::ValueInfoProto> inputs;
  for (onnx::ValueInfoProto &input : *graph.mutable_input()) {
    if (!initializers.contains(input.name())) {
      inputs.Add(std::move(input));
    }
  }
  graph.mutable_input()->Swap(&inputs);
}

/// PyTorch's default for a parameter, from where it is used.
Distribution defaultDistribution(const onnx::GraphProto &graph, const onnx::TensorProto &tensor) {
  for (const onnx::NodeProto &node : graph.node()) {
    for (int i = 1; i < node.input_size(); ++i) {
      bool normalizes = node.op_type().ends_with("Normalization");
      if (node.input(i) == tensor.name() && normalizes) {
        float value = i == 1 || i == 4 ? 1.0f : 0.0f; // weight and variance are 1
        return Distribution::constant(value);
      }
    }
  }
  auto fanIn = [](const onnx::TensorProto &weight) {
    int64_t fan = 1;
    for (int i = 1; i < weight.dims_size(); ++i) {
      fan *= std::max<int64_t>(weight.dims(i), 1);
    }
    return fan;
  };
  int64_t fan = tensor.dims_size() > 1 ? fanIn(tensor) : std::max<int64_t>(countOf(tensor), 1);
  size_t dot = tensor.name().rfind('.');
  if (tensor.dims_size() == 1 && dot != std::string::npos) {
    for (const onnx::TensorProto &weight : graph.initializer()) {
      fan = weight.name() == tensor.name().substr(0, dot) + ".weight" ? fanIn(weight) : fan;
    }
  }
  auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(fan)));
  return Distribution::uniform(-bound, bound);
}

/// Binds the matching state tensors, in their order, beside those that were bound before.
std::vector<Diagnostic> reinitialize(onnx::ModelProto &model,
                                     const std::vector<std::string> &texts) {
  std::vector<NamePattern> patterns;
  std::vector<int> hits(texts.size(), 0);
  for (const std::string &text : texts) {
    auto pattern = NamePattern::parse(text);
    if (!pattern) {
      return {{"--reinit", pattern.status().message()}};
    }
    patterns.push_back(std::move(*pattern));
  }
  if (model.training_info_size() == 0) {
    model.add_training_info();
  }
  onnx::TrainingInfoProto &info = *model.mutable_training_info(0);
  std::set<std::string> bound;
  for (const auto &binding : info.initialization_binding()) {
    bound.insert(binding.key());
  }
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    bool isState = isFloat(tensor.data_type()) && !tensor.name().starts_with('/');
    for (size_t i = 0; i < patterns.size() && isState; ++i) {
      if (!patterns[i].matches(tensor.name())) {
        continue;
      }
      ++hits[i];
      if (bound.insert(tensor.name()).second) {
        bindInitialization(info, tensor, defaultDistribution(model.graph(), tensor));
      }
    }
  }
  std::vector<Diagnostic> problems;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!hits[i]) {
      problems.push_back({"--reinit", "pattern " + quoted(texts[i]) + " matches no parameter"});
    }
  }
  return problems;
}

/// Frozen patterns that match nothing are mistakes.
std::vector<Diagnostic> checkFrozen(const onnx::ModelProto &model, const TrainSpec &spec) {
  std::vector<Diagnostic> problems;
  TrainSpec none;
  auto all = trainableParameters(model, none);
  for (const std::string &text : spec.frozen()) {
    auto pattern = NamePattern::parse(text);
    bool hits = pattern && std::any_of(all.begin(), all.end(),
                                       [&](const auto &name) { return pattern->matches(name); });
    if (pattern && !hits) {
      problems.push_back({"--freeze", "pattern " + quoted(text) + " matches no parameter" +
                                          suggestion(text, all)});
    }
  }
  return problems;
}

} // namespace

std::vector<Diagnostic> pack(onnx::ModelProto &model, const PackOptions &options, Notes &notes) {
  bool isOurs = findMetadata(model, forwardKey) != nullptr;
  removeAlgorithm(model); // the new one replaces it, whatever it was
  TrainSpec spec = options.spec;
  std::vector<std::string> evalLayers;
  if (!isOurs) {
    if (auto problems = takeExport(model, evalLayers, notes); !problems.empty()) {
      return problems;
    }
  }
  for (std::string &layer : evalLayers) {
    spec.add_eval_layers(std::move(layer));
  }
  if (auto problems = verify(model); !problems.empty()) {
    return problems;
  }
  if (!isOurs) {
    normalizeNames(*model.mutable_graph(), findState(model.graph()), notes);
    freeBatch(model, notes);
  }
  if (model.graph().output_size() > 1) {
    notes.push_back("the model has " + std::to_string(model.graph().output_size()) +
                    " outputs; the loss is that of the first, " +
                    quoted(model.graph().output(0).name()));
  }
  if (std::string misfit = lossMisfit(model.graph(), spec.loss()); !misfit.empty()) {
    notes.push_back(misfit);
  }
  ValueTypes types;
  if (auto problems = verify(model, &types); !problems.empty()) {
    return problems;
  }
  if (auto problems = checkFrozen(model, options.spec); !problems.empty()) {
    return problems;
  }
  if (!options.reinitialize.empty()) {
    if (auto problems = reinitialize(model, options.reinitialize); !problems.empty()) {
      return problems;
    }
  }
  const onnx::ValueInfoProto &output = model.graph().output(0);
  if (auto problems = generateTrainingInfo(model, spec, types[output.name()].type);
      !problems.empty()) {
    return problems;
  }
  if (!options.reinitialize.empty()) {
    if (Status drawn = drawInitialValues(model, options.spec.seed()); !drawn) {
      return {{"", drawn.message()}};
    }
  }
  return verify(model);
}

} // namespace ntc::format
