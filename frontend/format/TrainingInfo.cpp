// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The algorithm graph is written top down: loss, gradient, clipping, one update per parameter.
// Generation works on a copy of what it replaces, so that a recipe that does not fit leaves the
// model as it was.
#include "frontend/format/TrainingInfo.h"

#include "frontend/format/GradientNodes.h"
#include "frontend/format/LossNodes.h"
#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingGraph.h"
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace ntc::format {
namespace {

/// A trainable parameter and the group whose controls it uses (-1: the optimizer's).
struct Trained {
  const onnx::TensorProto *tensor;
  int group = -1;
};

/// Writes one TrainingInfoProto's algorithm half.
class Generator {
public:
  Generator(onnx::ModelProto &model, const TrainSpec &spec, TensorType output)
      : model(model), spec(spec), outputType(std::move(output)),
        algorithm(*info.mutable_algorithm()) {
    algorithm.set_name("train_step");
  }

  std::vector<Diagnostic> run();
  onnx::TrainingInfoProto take() { return std::move(info); }

private:
  void collectParameters();
  void checkGroups(std::span<const std::string> names);
  void addGradient(const LossNodes &loss, const std::string &objective);
  void addUpdates();
  void addSlot(const Slot &slot, const onnx::TensorProto &parameter, const std::string &name);
  void addControl(const std::string &name);
  void addOutput(const std::string &name, const TensorType &type);
  void bind(const std::string &state, const TensorType &type);

  onnx::ModelProto &model;
  const TrainSpec &spec;
  TensorType outputType;
  onnx::TrainingInfoProto info;
  onnx::GraphProto &algorithm;
  std::vector<Trained> trained;
  std::string gradientPrefix = "gradient.";
  std::set<std::string> controls;
  std::vector<Diagnostic> problems;
};

TensorType typeOfTensor(const onnx::TensorProto &tensor) {
  return {tensor.data_type(), Shape(tensor.dims().begin(), tensor.dims().end())};
}

void Generator::collectParameters() {
  std::vector<std::vector<NamePattern>> groups;
  for (const ParameterGroup &group : spec.optimizer().groups()) {
    groups.push_back(parsePatterns(group.patterns()));
  }
  std::vector<std::string> list = trainableParameters(model, spec);
  std::unordered_set<std::string> names(list.begin(), list.end());
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    if (!names.contains(tensor.name())) {
      continue;
    }
    Trained entry{&tensor};
    for (size_t g = 0; g < groups.size() && entry.group < 0; ++g) {
      entry.group = matchesAny(groups[g], tensor.name()) ? static_cast<int>(g) : -1;
    }
    if (tensor.data_type() != onnx::TensorProto::FLOAT &&
        tensor.data_type() != onnx::TensorProto::DOUBLE) {
      problems.push_back(
          {"parameter " + quoted(tensor.name()),
           "expected f32 or f64 to train it, found " + dtypeName(tensor.data_type())});
    }
    trained.push_back(entry);
  }
  checkGroups(list);
  std::ranges::copy(checkUnfreeze(spec, list), std::back_inserter(problems));
  if (trained.empty()) {
    problems.push_back(
        {"", "the model has no trainable parameter" +
                 std::string(spec.frozen_size() ? "; the frozen patterns match all of them" : "")});
  }
}

/// A group without a parameter is a mistake.
void Generator::checkGroups(std::span<const std::string> names) {
  for (int g = 0; g < spec.optimizer().groups_size(); ++g) {
    const ParameterGroup &group = spec.optimizer().groups(g);
    if (std::ranges::any_of(trained, [&](const Trained &entry) { return entry.group == g; })) {
      continue;
    }
    auto patterns = parsePatterns(group.patterns());
    bool isTaken = std::ranges::any_of(
        names, [&](const std::string &name) { return matchesAny(patterns, name); });
    std::string text = group.patterns_size() ? group.patterns(0) : "";
    problems.push_back({"--param-group",
                        "pattern " + quoted(text) +
                            (isTaken ? " matches only parameters of earlier groups"
                                     : " matches no trained parameter" + suggestion(text, names))});
  }
}

void Generator::addGradient(const LossNodes &loss, const std::string &objective) {
  onnx::NodeProto &node = *algorithm.add_node();
  node.set_op_type("Gradient");
  node.set_domain(std::string(previewDomain));
  node.set_name("/Gradient");
  onnx::AttributeProto xs, zs;
  for (auto [list, name] : {std::pair(&xs, "xs"), std::pair(&zs, "zs")}) {
    list->set_name(name);
    list->set_type(onnx::AttributeProto::STRINGS);
  }
  for (const Trained &entry : trained) {
    xs.add_strings(entry.tensor->name());
    node.add_output("gradient." + entry.tensor->name());
    onnx::ValueInfoProto &type =
        *algorithm.add_value_info(); // no tool infers the types of Gradient
    type.set_name("gradient." + entry.tensor->name());
    *type.mutable_type() = protoOf(typeOfTensor(*entry.tensor));
  }
  std::unordered_set<std::string> initializers;
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    initializers.insert(tensor.name());
  }
  auto ancestors = ancestorsOfLoss(model.graph(), spec.loss());
  for (const onnx::ValueInfoProto &input : model.graph().input()) {
    bool isTarget = loss.isModelInput && input.name() == loss.target;
    if ((ancestors.contains(input.name()) || isTarget) && !initializers.contains(input.name())) {
      zs.add_strings(input.name());
    }
  }
  if (!loss.isModelInput) {
    zs.add_strings(loss.target);
  }
  for (const auto *list : {&xs, &zs}) {
    for (const std::string &name : list->strings()) {
      node.add_input(name);
    }
    *node.add_attribute() = *list;
  }
  *node.add_attribute() = attribute("y", objective);
}

void Generator::addControl(const std::string &name) {
  if (controls.insert(name).second) {
    onnx::ValueInfoProto &input = *algorithm.add_input();
    input.set_name(name);
    *input.mutable_type() = protoOf({onnx::TensorProto::DOUBLE, Shape{}});
  }
}

void Generator::addOutput(const std::string &name, const TensorType &type) {
  onnx::ValueInfoProto &output = *algorithm.add_output();
  output.set_name(name);
  *output.mutable_type() = protoOf(type);
}

void Generator::bind(const std::string &state, const TensorType &type) {
  addOutput(state + ".next", type);
  auto *binding = info.add_update_binding();
  binding->set_key(state);
  binding->set_value(state + ".next");
}

void Generator::addSlot(const Slot &slot, const onnx::TensorProto &parameter,
                        const std::string &name) {
  if (slot.kind == SlotKind::Counter) {
    *algorithm.add_initializer() = scalarTensor(name, 0, onnx::TensorProto::INT64);
    return;
  }
  if (slot.kind == SlotKind::Product) {
    *algorithm.add_initializer() = scalarTensor(name, 1, onnx::TensorProto::DOUBLE);
    return;
  }
  onnx::SparseTensorProto &zeros = *algorithm.add_sparse_initializer();
  zeros.mutable_values()->set_name(name);
  zeros.mutable_values()->set_data_type(parameter.data_type());
  zeros.mutable_values()->add_dims(0);
  zeros.mutable_values()->set_raw_data("");
  zeros.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
  zeros.mutable_indices()->add_dims(0);
  zeros.mutable_indices()->set_raw_data("");
  *zeros.mutable_dims() = parameter.dims();
}

void Generator::addUpdates() {
  const OptimizerRule &rule = *findOptimizer(spec.optimizer().name());
  std::set<std::string> written;
  for (const Trained &entry : trained) {
    std::map<std::string, double> values(spec.optimizer().hyperparameters().begin(),
                                         spec.optimizer().hyperparameters().end());
    std::string prefix;
    if (entry.group >= 0) {
      const ParameterGroup &group = spec.optimizer().groups(entry.group);
      prefix = group.name() + ".";
      for (const auto &[name, value] : group.hyperparameters()) {
        values[name] = value;
      }
    }
    OptimizerUpdate update = makeUpdate(rule, values, spec.optimizer().nesterov());
    const std::string &parameter = entry.tensor->name();
    onnx::NodeProto &node = *algorithm.add_node();
    node.set_op_type(update.function.name());
    node.set_domain(std::string(trainingDomain));
    node.set_name("/optimizer/" + parameter);
    for (const std::string &control : update.controls) {
      addControl(prefix + control);
      node.add_input(prefix + control);
    }
    node.add_input(parameter);
    node.add_input(gradientPrefix + parameter);
    node.add_output(parameter + ".next");
    bind(parameter, typeOfTensor(*entry.tensor));
    for (const Slot &slot : update.slots) {
      std::string name = "optimizer." + slot.name + "." + parameter;
      addSlot(slot, *entry.tensor, name);
      node.add_input(name);
      node.add_output(name + ".next");
      bind(name, slot.kind == SlotKind::Counter   ? TensorType{onnx::TensorProto::INT64, Shape{}}
                 : slot.kind == SlotKind::Product ? TensorType{onnx::TensorProto::DOUBLE, Shape{}}
                                                  : typeOfTensor(*entry.tensor));
    }
    if (written.insert(update.function.name()).second) {
      *model.add_functions() = std::move(update.function);
    }
  }
}

std::vector<Diagnostic> Generator::run() {
  collectParameters();
  if (!problems.empty()) {
    return problems;
  }
  auto loss = addLoss(spec.loss(), model.graph().output(0).name(), outputType, algorithm, model);
  if (!loss) {
    return {{"", loss.status().message()}};
  }
  addOutput("loss", {outputType.dtype, Shape{}});
  if (loss->hasDenominator) {
    addOutput("loss_denominator", {outputType.dtype, Shape{}});
  }
  std::vector<std::string> names;
  for (const Trained &entry : trained) {
    names.push_back(entry.tensor->name());
  }
  GradientNodes nodes(spec, names, outputType.dtype, algorithm);
  addGradient(*loss, nodes.addObjective(problems));
  gradientPrefix = nodes.addClipping();
  for (const std::string &control : nodes.controls()) {
    addControl(control);
  }
  for (std::string_view metric : nodes.metrics()) {
    addOutput(std::string(metric), {outputType.dtype, Shape{}});
  }
  addUpdates();
  return problems;
}

void importOpset(onnx::ModelProto &model, std::string_view domain, int64_t version) {
  for (const auto &import : model.opset_import()) {
    if (import.domain() == domain) {
      return;
    }
  }
  auto *import = model.add_opset_import();
  import->set_domain(std::string(domain));
  import->set_version(version);
}

/// Names that the algorithm makes and the graph already uses.
std::vector<Diagnostic> nameClashes(const onnx::GraphProto &graph,
                                    const onnx::GraphProto &algorithm) {
  std::unordered_set<std::string> taken;
  for (const auto &input : graph.input()) {
    taken.insert(input.name());
  }
  for (const auto &tensor : graph.initializer()) {
    taken.insert(tensor.name());
  }
  for (const auto &node : graph.node()) {
    taken.insert(node.output().begin(), node.output().end());
  }
  std::vector<Diagnostic> problems;
  auto check = [&](const std::string &name, const char *what) {
    if (taken.contains(name)) {
      problems.push_back(
          {"", std::string(what) + " " + quoted(name) +
                   " of the training step has the name of a value of the model; rename that"});
    }
  };
  for (const auto &input : algorithm.input()) {
    check(input.name(), "input");
  }
  for (const auto &node : algorithm.node()) {
    for (const auto &output : node.output()) {
      check(output, "value");
    }
  }
  return problems;
}

} // namespace

std::vector<Diagnostic> generateTrainingInfo(onnx::ModelProto &model, TrainSpec spec,
                                             const std::optional<TensorType> &outputType) {
  std::vector<Diagnostic> problems = complete(spec);
  if (model.graph().output_size() == 0) {
    problems.push_back({"", "the model has no output"});
  }
  if (!problems.empty()) {
    return problems;
  }
  TensorType output;
  if (outputType) {
    output = *outputType;
  } else if (auto declared = typeOf(model.graph().output(0).type())) {
    output = *declared;
  } else {
    return {{"output " + quoted(model.graph().output(0).name()), declared.status().message()}};
  }
  auto oldFunctions = model.functions();
  dropAlgorithmFunctions(model);
  Generator generator(model, spec, std::move(output));
  problems = generator.run();
  onnx::TrainingInfoProto info = generator.take();
  if (problems.empty()) {
    problems = nameClashes(model.graph(), info.algorithm());
  }
  if (!problems.empty()) {
    model.mutable_functions()->Swap(&oldFunctions);
    return problems;
  }
  if (model.training_info_size()) {
    *info.mutable_initialization() =
        std::move(*model.mutable_training_info(0)->mutable_initialization());
    info.mutable_initialization_binding()->Swap(
        model.mutable_training_info(0)->mutable_initialization_binding());
    if (info.initialization_binding_size() == 0) {
      info.clear_initialization();
    }
  }
  model.clear_training_info();
  *model.add_training_info() = std::move(info);
  model.set_ir_version(
      std::max<int64_t>(model.ir_version(), writtenIr)); // functions came with IR 8
  importOpset(model, previewDomain, 1);
  importOpset(model, trainingDomain, 1);
  setMetadata(model, forwardKey, "eval");
  setMetadata(model, recipeKey, recipeText(spec));
  setMetadata(model, hashKey, trainingInfoHash(model, spec));
  return {};
}

void removeAlgorithm(onnx::ModelProto &model) {
  dropAlgorithmFunctions(model);
  if (model.training_info_size()) {
    model.mutable_training_info(0)->clear_algorithm();
    model.mutable_training_info(0)->clear_update_binding();
  }
}

} // namespace ntc::format
