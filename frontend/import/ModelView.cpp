// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Versions, functions, nodes, recipe, inputs. Initializers are read in Initializers.cpp.
#include "frontend/import/ModelView.h"

#include "frontend/format/GradientNodes.h"
#include "frontend/format/TensorType.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/import/OpTable.h"

#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace ntc::importer {
namespace {

constexpr int64_t kMinIr = 7, kMaxIr = 14, kMinOpset = 13, kMaxOpset = 28;
/// Nodes after all functions are expanded; depth of calls.
constexpr int64_t kMaxNodes = int64_t{1} << 20;
constexpr int kMaxCallDepth = 64;
constexpr int64_t kMaxBatch = int64_t{1} << 24;
constexpr StringLiteral kPreviewDomain = "ai.onnx.preview.training";
constexpr StringLiteral kDenominator = "loss_denominator";

std::string key(StringRef domain, StringRef name) {
  return (canonicalDomain(domain) + "::" + name).str();
}

const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node, StringRef name) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name() == name) {
      return &attribute;
    }
  }
  return nullptr;
}

} // namespace

StringRef canonicalDomain(StringRef domain) { return domain == "ai.onnx" ? "" : domain; }

Opsets opsetsOf(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
  Opsets result;
  for (const onnx::OperatorSetIdProto &import : imports) {
    result[canonicalDomain(import.domain())] = import.version();
  }
  return result;
}

SmallVector<int64_t> BatchInput::shapeFor(int64_t batch) const {
  SmallVector<int64_t> result(shape);
  for (int64_t &size : result) {
    size = size < 0 ? batch : size;
  }
  return result;
}

ModelView::ModelView(const onnx::ModelProto &proto, MLIRContext &context,
                     const ImportOptions &options, Problems &problems,
                     std::map<std::string, ImportedTensor> &weights)
    : proto(proto), graph(proto.graph()), context(context), options(options), problems(problems),
      weights(weights) {
  readVersions();
  readFunctions();
  readRecipe();
  readTraining();
  readStages();
  checkNodes();
  readLossAncestors();
  readInitializers();
  readInputs();
  readBatchSizes();
}

bool ModelView::isGradient(const onnx::NodeProto &node) {
  return node.domain() == kPreviewDomain && node.op_type() == "Gradient";
}

bool ModelView::isEvaluationLayer(StringRef layer) const {
  return llvm::any_of(evaluationLayers,
                      [&](const auto &pattern) { return pattern.matches(layer.str()); });
}

const onnx::FunctionProto *ModelView::functionOf(const onnx::NodeProto &node) const {
  return functions.lookup(key(node.domain(), node.op_type()));
}

void ModelView::readVersions() {
  if (!proto.has_graph()) {
    problems.invalid("", "the model has no graph: this is no ONNX model, or an empty one");
    hopeless = true;
    return;
  }
  if (proto.ir_version() < kMinIr || proto.ir_version() > kMaxIr) {
    problems.unsupported("", "the model has IR version " + Twine(proto.ir_version()) +
                                 "; versions " + Twine(kMinIr) + " to " + Twine(kMaxIr) +
                                 " are read");
  }
  opsets = opsetsOf(proto.opset_import());
  auto standard = opsets.find("");
  if (standard == opsets.end()) {
    problems.invalid("", "the model imports no version of the standard operator set");
    opsets[""] = kMinOpset;
  } else if (standard->second < kMinOpset || standard->second > kMaxOpset) {
    problems.unsupported("", "the model imports opset " + Twine(standard->second) + "; opsets " +
                                 Twine(kMinOpset) + " to " + Twine(kMaxOpset) + " are read");
  }
}

void ModelView::readFunctions() {
  for (const onnx::FunctionProto &function : proto.functions()) {
    if (!functions.insert({key(function.domain(), function.name()), &function}).second) {
      problems.invalid("function " + format::quoted(function.name()), "is defined twice");
    }
  }
}

void ModelView::readRecipe() {
  if (!format::findMetadata(proto, format::recipeKey)) {
    return;
  }
  auto recipe = format::recipeOf(proto);
  if (!recipe) {
    problems.invalid("metadata 'ntc.train_spec'", recipe.status().message());
    return;
  }
  spec = *recipe;
  for (const std::string &text : spec->eval_layers()) {
    auto pattern = format::NamePattern::parse(text);
    if (pattern) {
      evaluationLayers.push_back(*pattern);
    } else {
      problems.invalid("recipe, eval_layers", pattern.status().message());
    }
  }
}

int64_t ModelView::checkFunction(const onnx::FunctionProto &function, int depth) {
  auto [entry, isNew] = functionSizes.try_emplace(&function, -1);
  std::string where = "function " + format::quoted(function.name());
  if (!isNew) {
    if (entry->second < 0) {
      problems.invalid(where, "calls itself, directly or through others");
      hopeless = true;
    }
    return std::max<int64_t>(entry->second, 0);
  }
  if (depth > kMaxCallDepth) {
    problems.unsupported(where, "calls of functions are nested more than " + Twine(kMaxCallDepth) +
                                    " deep");
    hopeless = true;
    return 0;
  }
  Opsets versions = opsetsOf(function.opset_import());
  int64_t size = 1;
  for (const onnx::NodeProto &node : function.node()) {
    checkNode(node, versions, where + ", ", false);
    const onnx::FunctionProto *callee = functionOf(node);
    size = std::min(size + (callee ? checkFunction(*callee, depth + 1) : 1), kMaxNodes + 1);
  }
  return functionSizes[&function] = size;
}

void ModelView::checkNode(const onnx::NodeProto &node, const Opsets &versions, StringRef where,
                          bool inAlgorithm) {
  std::string place = (where + format::describe(node)).str();
  StringRef domain = canonicalDomain(node.domain());
  if (functionOf(node) || (inAlgorithm && isGradient(node))) {
    return;
  }
  if (isGradient(node)) {
    problems.unsupported(place,
                         "Gradient is supported among the nodes of training_info's algorithm only");
    return;
  }
  if (!domain.empty() && domain != kPreviewDomain) {
    problems.unsupported(place, "operator " + format::quoted(node.op_type()) + " of domain " +
                                    format::quoted(domain) +
                                    " is neither known nor a local function of the model");
    return;
  }
  auto version = versions.find(domain);
  if (version == versions.end()) {
    problems.invalid(place,
                     "no version of its operator set " + format::quoted(domain) + " is imported");
    return;
  }
  const OpRule *rule = findOp(domain, node.op_type());
  if (!rule) {
    problems.unsupported(place, "operator " + node.op_type() + " (opset " + Twine(version->second) +
                                    ") is not supported");
  } else if (version->second < rule->since) {
    problems.invalid(place, "operator " + node.op_type() + " exists since opset " +
                                Twine(rule->since) + ", the model imports " +
                                Twine(version->second));
  }
}

void ModelView::checkNodes() {
  int64_t total = 0;
  auto check = [&](const onnx::GraphProto &nodes, bool inAlgorithm) {
    for (const onnx::NodeProto &node : nodes.node()) {
      checkNode(node, opsets, "", inAlgorithm);
      const onnx::FunctionProto *callee = functionOf(node);
      total = std::min(total + (callee ? checkFunction(*callee, 1) : 1), kMaxNodes + 1);
    }
  };
  check(graph, false);
  if (algorithm) {
    check(*algorithm, true);
  }
  if (total > kMaxNodes) {
    problems.unsupported("", "the model expands to more than " + Twine(kMaxNodes) + " nodes");
    hopeless = true;
  }
}

void ModelView::readTraining() {
  if (proto.training_info_size() > 1) {
    problems.unsupported("", "the model has " + Twine(proto.training_info_size()) +
                                 " training steps; one is supported");
  }
  if (proto.training_info_size() == 0) {
    return;
  }
  info = &proto.training_info(0);
  for (const auto &binding : info->initialization_binding()) {
    if (!initialization.insert({binding.key(), binding.value()}).second) {
      problems.invalid("initialization_binding",
                       "binds " + format::quoted(binding.key()) + " twice");
    }
  }
  if (!info->has_algorithm() || info->algorithm().node_size() == 0) {
    return;
  }
  algorithm = &info->algorithm();
  for (const auto &binding : info->update_binding()) {
    updates.emplace_back(binding.key(), binding.value());
    if (!updated.insert(binding.key()).second) {
      problems.invalid("update_binding", "binds " + format::quoted(binding.key()) + " twice");
    }
  }
  for (const onnx::NodeProto &node : algorithm->node()) {
    if (!isGradient(node)) {
      continue;
    }
    if (const auto *xs = findAttribute(node, "xs")) {
      for (const std::string &name : xs->strings()) {
        trained.insert(name);
      }
    }
    if (const auto *y = findAttribute(node, "y"); y && loss.empty()) {
      loss = y->s();
    }
  }
  for (const onnx::ValueInfoProto &output : algorithm->output()) {
    // With penalties another value is differentiated than the one that is reported.
    loss = output.name() == "loss" ? output.name() : loss;
  }
  if (loss.empty() && algorithm->output_size() != 0) {
    loss = algorithm->output(0).name();
  }
  if (loss.empty()) {
    problems.invalid(
        "training_info",
        "the algorithm has neither a Gradient node nor an output, so there is no loss");
  }
}

void ModelView::readStages() {
  if (!algorithm || !spec || spec->unfreeze().empty()) {
    return;
  }
  const format::FirstEpochs epochs(*spec);
  bool trainsAtFirst = false;
  for (const auto &parameter : trained) {
    const int64_t epoch = epochs.of(parameter.getKey().str()).value_or(0);
    trainsAtFirst |= epoch == 0;
    if (epoch > 0) {
      firstEpochs[parameter.getKey()] = epoch;
      stages.push_back(epoch);
    }
  }
  llvm::sort(stages);
  stages.erase(llvm::unique(stages), stages.end());
  if (!trainsAtFirst) {
    problems.invalid("recipe, unfreeze", "no parameter is trained in the first epochs");
  }
}

bool ModelView::isTrainedFrom(int64_t epoch, StringRef state) const {
  auto found = states.find(state.str());
  const bool belongs = found != states.end() && !found->second.of.empty();
  return firstEpochOf(belongs ? StringRef(found->second.of) : state) <= epoch;
}

void ModelView::readLossAncestors() {
  if (!algorithm) {
    return;
  }
  llvm::StringSet<> needed;
  needed.insert(loss);
  for (const onnx::ValueInfoProto &output : algorithm->output()) {
    denominator |= output.name() == kDenominator;
  }
  if (denominator) {
    needed.insert(kDenominator);
  }
  for (int i = algorithm->node_size() - 1; i >= 0; --i) {
    const onnx::NodeProto &node = algorithm->node(i);
    if (llvm::any_of(node.output(),
                     [&](const std::string &name) { return needed.contains(name); })) {
      lossNodes.insert(i);
      for (const std::string &input : node.input()) {
        needed.insert(input);
      }
    }
  }
}

std::optional<double> ModelView::defaultOf(StringRef control) const {
  if (!spec) {
    return std::nullopt;
  }
  if (control == "max_norm") {
    return spec->clip().max_norm();
  }
  if (control == "clip_value") {
    return spec->clip().clip_value();
  }
  for (int i = 0; i < spec->penalties_size(); ++i) {
    if (control == format::penaltyControl("l1", i)) {
      return spec->penalties(i).l1();
    }
    if (control == format::penaltyControl("l2", i)) {
      return spec->penalties(i).l2();
    }
  }
  const auto &common = spec->optimizer().hyperparameters();
  std::string name = control.str();
  for (const ParameterGroup &group : spec->optimizer().groups()) {
    if (control.starts_with(group.name() + ".")) {
      name = control.drop_front(group.name().size() + 1).str();
      auto rate = common.find("lr");
      if (name == "lr" && group.lr_factor() > 0 && rate != common.end()) {
        return group.lr_factor() * rate->second;
      }
      auto own = group.hyperparameters().find(name);
      if (own != group.hyperparameters().end()) {
        return own->second;
      }
    }
  }
  auto found = common.find(name);
  return found == common.end() ? std::nullopt : std::optional(found->second);
}

void ModelView::addInput(const onnx::ValueInfoProto &input, bool isTarget) {
  std::string where = "input " + format::quoted(input.name());
  auto declared = format::typeOf(input.type());
  Type element = declared ? elementTypeOf(declared->dtype, options.f64, &context) : Type();
  if (!declared || !element) {
    problems.unsupported(where, declared ? "element type " + format::dtypeName(declared->dtype) +
                                               " is not supported"
                                         : std::string(declared.status().message()));
    return;
  }
  if (!declared->shape) {
    problems.invalid(where, "has no shape");
    return;
  }
  if (declared->shape->empty()) {
    if (isTarget && isa<FloatType>(element)) {
      controls.push_back({input.name(), element, defaultOf(input.name())});
    } else {
      problems.unsupported(
          where,
          "is a scalar; only inputs with a batch dimension, and scalars of floating point as "
          "controls of the training step, are supported");
    }
    return;
  }
  BatchInput result{input.name(), element, {}, isTarget};
  const format::Dim &batch = declared->shape->front();
  for (auto [d, dim] : llvm::enumerate(*declared->shape)) {
    bool isBatch = d == 0 ? !dim.isNumber() : !dim.symbol.empty() && dim == batch;
    if (!isBatch && !dim.isNumber()) {
      problems.unsupported(where, "dimension " + Twine(d) + " (" + format::str(dim) +
                                      ") has no fixed size; only the batch dimension may vary");
      return;
    }
    if (dim.isNumber() && dim.factor == 0) {
      problems.invalid(where, "dimension " + Twine(d) + " has no elements");
      return;
    }
    result.shape.push_back(isBatch ? -1 : dim.factor);
  }
  if (int64_t size = result.shape.front(); size > 0) {
    if (fixedBatch && *fixedBatch != size) {
      problems.invalid(where, "has the batch size " + Twine(size) + ", another input has " +
                                  Twine(*fixedBatch));
    } else {
      fixedBatch = size;
    }
  }
  inputs.push_back(std::move(result));
}

void ModelView::readInputs() {
  llvm::StringSet<> seen;
  auto read = [&](const onnx::GraphProto &nodes, bool isTarget) {
    for (const onnx::ValueInfoProto &input : nodes.input()) {
      if (initializerNames.contains(input.name())) {
        continue; // an overridable initializer of old files
      }
      if (!seen.insert(input.name()).second) {
        problems.invalid("input " + format::quoted(input.name()), "is declared twice");
        continue;
      }
      addInput(input, isTarget);
    }
  };
  read(graph, false);
  if (algorithm) {
    read(*algorithm, true);
  }
}

void ModelView::readBatchSizes() {
  batchSizes = options.batchSizes;
  if (batchSizes.empty() && fixedBatch) {
    batchSizes.push_back(*fixedBatch);
  }
  if (batchSizes.empty() && spec) {
    batchSizes.append(spec->batch_sizes().begin(), spec->batch_sizes().end());
  }
  if (batchSizes.empty()) {
    problems.invalid("", "no batch size: neither the command, the recipe nor the model names one");
  }
  llvm::DenseSet<int64_t> seen;
  llvm::erase_if(batchSizes, [&](int64_t size) { return !seen.insert(size).second; });
  for (int64_t size : batchSizes) {
    if (size <= 0 || size > kMaxBatch) {
      problems.invalid("", "batch size " + Twine(size) + " is outside of [1, 2^24]");
      hopeless = true;
    } else if (fixedBatch && size != *fixedBatch) {
      problems.invalid("", "the model's inputs have the fixed batch size " + Twine(*fixedBatch) +
                               ", but " + Twine(size) +
                               " was asked for; export it with a dynamic batch dimension");
    }
  }
}

} // namespace ntc::importer
