// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The algorithm graph is written top down: loss, gradient, clipping, one update per parameter.
// Generation works on a copy of what it replaces, so that a recipe that does not fit leaves the
// model as it was.
#include "frontend/format/TrainingInfo.h"

#include "frontend/format/LossNodes.h"
#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/SpecFlags.h"
#include "runtime/base/Sha256.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace ntc::format {
namespace {

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

/// Values that graph.output[0] depends on.
std::unordered_set<std::string> ancestorsOfOutput(const onnx::GraphProto &graph) {
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

std::unordered_set<std::string> runningStatistics(const onnx::GraphProto &graph) {
  std::unordered_set<std::string> names;
  for (const onnx::NodeProto &node : graph.node()) {
    if (node.op_type() == "BatchNormalization" && node.input_size() == 5) {
      names.insert({node.input(3), node.input(4)});
    }
  }
  return names;
}

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
  void addGradient(const LossNodes &loss);
  void addClipping();
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
  if (trained.empty()) {
    problems.push_back(
        {"", "the model has no trainable parameter" +
                 std::string(spec.frozen_size() ? "; the frozen patterns match all of them" : "")});
  }
}

void Generator::addGradient(const LossNodes &loss) {
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
  auto ancestors = ancestorsOfOutput(model.graph());
  for (const onnx::ValueInfoProto &input : model.graph().input()) {
    if (ancestors.contains(input.name()) && !initializers.contains(input.name())) {
      zs.add_strings(input.name());
    }
  }
  zs.add_strings(loss.target);
  for (const auto *list : {&xs, &zs}) {
    for (const std::string &name : list->strings()) {
      node.add_input(name);
    }
    *node.add_attribute() = *list;
  }
  *node.add_attribute() = attribute("y", "loss");
}

void Generator::addClipping() {
  // clip_grad_norm_: norm over the norms of all gradients, coefficient clamped to 1.
  int count = 0;
  auto op = [&](std::string_view type, std::vector<std::string> inputs,
                Attributes attributes = {}) {
    std::string output = "/clip/" + std::string(type) + "_" + std::to_string(count++);
    addNode(algorithm, type, inputs, std::span(&output, 1), attributes).set_name(output);
    return output;
  };
  addControl("max_norm");
  auto to = attribute(
      "to", static_cast<int64_t>(outputType.dtype)); // CastLike would need opset 15 of the graph
  std::vector<std::string> squares;
  for (const Trained &entry : trained) {
    squares.push_back(
        op("ReduceSumSquare", {"gradient." + entry.tensor->name()}, {attribute("keepdims", 0)}));
  }
  std::string norm = op("Sqrt", {op("Sum", squares)});
  std::string tiny = op("Constant", {}, {attribute("value", doubleScalar("", 1e-6))});
  std::string one = op("Constant", {}, {attribute("value", doubleScalar("", 1.0))});
  std::string bound = op("Add", {norm, op("Cast", {tiny}, {to})});
  std::string factor = op("Div", {op("Cast", {"max_norm"}, {to}), bound});
  factor = op("Min", {factor, op("Cast", {one}, {to})});
  for (const Trained &entry : trained) {
    std::vector<std::string> inputs = {"gradient." + entry.tensor->name(), factor};
    std::string output = "clipped." + entry.tensor->name();
    addNode(algorithm, "Mul", inputs, std::span(&output, 1))
        .set_name("/clip/" + entry.tensor->name());
  }
  gradientPrefix = "clipped.";
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
  if (slot.isCounter) {
    *algorithm.add_initializer() = scalarTensor(name, 0, onnx::TensorProto::INT64);
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
      bind(name, slot.isCounter ? TensorType{onnx::TensorProto::INT64, Shape{}}
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
  addGradient(*loss);
  if (spec.clip().max_norm() > 0) {
    addClipping();
  }
  addUpdates();
  return {};
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

/// Names of the functions of our domain that the nodes call, directly or through others.
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

/// Removes functions of our domain that only the algorithm called.
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

void hashMessage(rt::Sha256 &hash, const google::protobuf::MessageLite &message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  hash.update(bytes);
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

const std::string *findMetadata(const onnx::ModelProto &model, std::string_view key) {
  for (const auto &entry : model.metadata_props()) {
    if (entry.key() == key) {
      return &entry.value();
    }
  }
  return nullptr;
}

void setMetadata(onnx::ModelProto &model, std::string_view key, const std::string &value) {
  for (auto &entry : *model.mutable_metadata_props()) {
    if (entry.key() == key) {
      entry.set_value(value);
      return;
    }
  }
  auto *entry = model.add_metadata_props();
  entry->set_key(std::string(key));
  entry->set_value(value);
}

std::vector<std::string> trainableParameters(const onnx::ModelProto &model, const TrainSpec &spec) {
  std::vector<NamePattern> frozen = parsePatterns(spec.frozen());
  auto ancestors = ancestorsOfOutput(model.graph());
  auto statistics = runningStatistics(model.graph());
  std::vector<std::string> names;
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    const std::string &name = tensor.name();
    bool isState =
        isFloat(tensor.data_type()) && !name.starts_with('/') && !statistics.contains(name);
    if (isState && ancestors.contains(name) && !matchesAny(frozen, name)) {
      names.push_back(name);
    }
  }
  return names;
}

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

std::string recipeText(const TrainSpec &spec) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(spec, &text);
  return text;
}

namespace {
/// Keeps the first error of a parse.
struct FirstError : google::protobuf::io::ErrorCollector {
  std::string message;
  void AddError(int line, int column, const std::string &text) override {
    if (message.empty()) {
      message = "line " + std::to_string(line + 1) + ": " + text;
    }
  }
};
} // namespace

Result<TrainSpec> recipeOf(const onnx::ModelProto &model) {
  const std::string *text = findMetadata(model, recipeKey);
  if (!text) {
    return failure(
        "the model has no training recipe; give it one with ntc pack --loss … --optimizer …");
  }
  if (text->size() > (1u << 20)) {
    return failure("the model's recipe has ", text->size(), " bytes; at most 1048576 are read");
  }
  TrainSpec spec;
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(20);
  if (!parser.ParseFromString(*text, &spec)) {
    return failure("the model's recipe (", recipeKey, ") is not readable: ", errors.message);
  }
  return spec;
}

std::string trainingInfoHash(const onnx::ModelProto &model, const TrainSpec &spec) {
  TrainSpec structure = spec;
  structure.clear_model();
  structure.clear_seed();
  structure.clear_epochs();
  structure.clear_batch_sizes();
  structure.clear_schedule();
  structure.clear_metrics();
  structure.clear_precision();
  structure.mutable_optimizer()->clear_hyperparameters();
  for (ParameterGroup &group : *structure.mutable_optimizer()->mutable_groups()) {
    group.clear_hyperparameters();
  }
  if (structure.clip().max_norm() > 0) {
    structure.mutable_clip()->set_max_norm(1);
  }
  rt::Sha256 hash;
  hash.update("ntc.training_info.1\n");
  hash.update(recipeText(structure));
  hash.update(std::string_view("\0", 1));
  if (model.training_info_size()) {
    const onnx::TrainingInfoProto &info = model.training_info(0);
    hashMessage(hash, info.algorithm());
    for (const auto &binding : info.update_binding()) {
      hashMessage(hash, binding);
    }
    auto called = calledFunctions(model, info.algorithm().node());
    for (const onnx::FunctionProto &function : model.functions()) {
      if (function.domain() == trainingDomain && called.contains(function.name())) {
        hashMessage(hash, function);
      }
    }
  }
  return rt::hex(hash.finish());
}

bool isGenerated(const onnx::ModelProto &model) {
  const std::string *recorded = findMetadata(model, hashKey);
  auto spec = recipeOf(model);
  return recorded && spec && model.training_info_size() == 1 &&
         *recorded == trainingInfoHash(model, *spec);
}

} // namespace ntc::format
