// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a module tree to a model: state in the order of the state_dict, one symbolic run of forward,
// then the training step of the recipe and the initial draw. The result is verified like any file
// that comes from outside.
#include "frontend/capture/Capture.h"

#include "frontend/capture/Recorder.h"
#include "frontend/format/ModelFile.h"
#include "frontend/format/Names.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"

#include <map>
#include <set>

namespace ntc {
namespace {

int32_t onnxType(DType dtype) {
  switch (dtype) {
  case DType::F64:
    return onnx::TensorProto::DOUBLE;
  case DType::I64:
    return onnx::TensorProto::INT64;
  case DType::Bool:
    return onnx::TensorProto::BOOL;
  case DType::F32:
    break;
  }
  return onnx::TensorProto::FLOAT;
}

format::Distribution distributionOf(const nn::Init &init) {
  auto first = static_cast<float>(init.first), second = static_cast<float>(init.second);
  switch (init.kind) {
  case nn::Init::Kind::Constant:
    break;
  case nn::Init::Kind::Uniform: // an empty range is its limit
    return first == second ? format::Distribution::constant(first)
                           : format::Distribution::uniform(first, second);
  case nn::Init::Kind::Normal:
    return format::Distribution::normal(first, second);
  }
  return format::Distribution::constant(first);
}

void setGroups(const optim::Optimizer &optimizer, OptimizerSpec &spec) {
  for (const optim::ParameterGroup &group : optimizer.groups) {
    ParameterGroup &added = *spec.add_groups();
    added.set_name(group.name.empty() ? rt::concat("group", spec.groups_size()) : group.name);
    added.mutable_patterns()->Assign(group.patterns.begin(), group.patterns.end());
    added.set_lr_factor(group.lr_factor);
    for (const auto &[name, value] : group.hyperparameters) {
      (*added.mutable_hyperparameters())[name] = value;
    }
  }
}

void setGradients(const CaptureOptions &options, TrainSpec &spec) {
  spec.mutable_clip()->set_max_norm(options.clip_grad_norm);
  spec.mutable_clip()->set_clip_value(options.clip_grad_value);
  spec.set_grad_norm(options.log_grad_norm);
  if (const Average &average = options.average; !average.name.empty()) {
    spec.mutable_average()->set_name(average.name);
    spec.mutable_average()->set_decay(average.name == "ema" ? average.decay : 0);
    spec.mutable_average()->set_every(static_cast<uint32_t>(std::max(average.every, 0)));
    spec.mutable_average()->set_start(static_cast<uint64_t>(std::max(average.start, 0)));
  }
  spec.mutable_init()->Assign(options.init.begin(), options.init.end());
  spec.set_early_stop(options.early_stop);
  spec.set_monitor(options.monitor);
  spec.mutable_validation_metrics()->Assign(options.metrics.begin(), options.metrics.end());
  spec.set_accumulate(static_cast<uint32_t>(std::max(options.accumulate, 1)));
  for (const Penalty &penalty : options.penalties) {
    PenaltySpec &added = *spec.add_penalties();
    added.mutable_patterns()->Assign(penalty.patterns.begin(), penalty.patterns.end());
    added.set_l1(penalty.l1);
    added.set_l2(penalty.l2);
  }
}

/// One capture in progress.
class Capture {
public:
  Capture(const CaptureOptions &options, nn::Module &net)
      : options(options), net(net),
        recorder(std::make_shared<detail::Recorder>(onnxType(options.dtype))),
        impl(std::make_shared<Program::Impl>()) {}

  void run(size_t arity, const detail::Forward &forward);
  void train(const nn::Loss &loss, const optim::Optimizer &optimizer);
  Program finish() { return Program(impl); }

private:
  void fail(const std::string &message) { impl->errors.push_back(message); }
  void declare(nn::Module &module, const std::string &path, int depth);
  void declareState(const nn::Module &module, const std::string &path);
  std::vector<Tensor> addInputs();
  void nameValues(const Tensor &output);
  void setOutput(const Tensor &output);

  const CaptureOptions &options;
  nn::Module &net;
  std::shared_ptr<detail::Recorder> recorder;
  std::shared_ptr<Program::Impl> impl;
  std::vector<std::string> buffers;
  std::set<std::string> stateNames;
};

std::string label(const nn::Module &module, const std::string &path) {
  return path.empty() ? module.typeName() : path + " (" + module.typeName() + ")";
}

bool isName(const std::string &name) {
  return !name.empty() && name.find('.') == std::string::npos &&
         name.find('/') == std::string::npos;
}

void Capture::declareState(const nn::Module &module, const std::string &path) {
  for (const nn::StateInfo &info : module.stateInfos()) {
    std::string name = path.empty() ? info.name : path + "." + info.name;
    auto count = format::elementCount(info.shape);
    constexpr int64_t limit = int64_t{1} << 28; // a model file holds 2 GiB
    if (!isName(info.name) || !stateNames.insert(name).second) {
      fail(label(module, path) + ": parameter name \"" + info.name +
           "\" is empty, has a dot or is used twice");
    } else if (!count || *count == 0 || *count > limit) {
      fail(label(module, path) + ": parameter \"" + info.name + "\" has shape " +
           rt::shapeText(info.shape) + "; expected positive sizes and at most 2^28 elements");
    } else {
      recorder->addState(name, info.shape, distributionOf(info.init));
    }
    if (!info.isParameter) {
      buffers.push_back(name);
    }
  }
  for (const std::string &name : module.unknownStateNames()) {
    fail(label(module, path) + ": no parameter \"" + name + "\" to initialize");
  }
}

void Capture::declare(nn::Module &module, const std::string &path, int depth) {
  if (depth > 200) {
    fail("modules are nested deeper than 200; is one registered inside itself?");
    return;
  }
  if (module.isDetached()) {
    fail(label(module, path) +
         ": was copied or moved after it registered its layers; register them in its final "
         "place, or own them with std::make_shared");
    return;
  }
  if (!recorder->paths.emplace(&module, path).second) {
    return; // shared layer: the first name counts
  }
  declareState(module, path);
  std::set<std::string> names;
  for (const nn::Module::Child &child : module.children()) {
    bool known = child.module && isName(child.name) && names.insert(child.name).second;
    if (!known) {
      fail(label(module, path) + ": layer name \"" + child.name +
           "\" is empty, has a dot or is used twice");
      continue;
    }
    declare(*child.module, path.empty() ? child.name : path + "." + child.name, depth + 1);
  }
}

std::vector<Tensor> Capture::addInputs() {
  std::vector<Tensor> tensors;
  std::set<std::string> names;
  for (const Input &input : options.inputs) {
    format::TensorType type{onnxType(input.dtype), format::Shape{}};
    bool sound = !input.name.empty() && input.name[0] != '/' && names.insert(input.name).second;
    for (size_t i = 0; i < input.shape.size(); ++i) {
      const Dim &dim = input.shape[i];
      sound &= dim.timesBatch ? i == 0 && dim.factor == 1 : dim.factor > 0;
      type.shape->push_back(dim.timesBatch ? format::Dim(1, format::batchSymbol)
                                           : format::Dim(dim.factor));
    }
    if (!sound || stateNames.contains(input.name)) {
      fail("input \"" + input.name +
           "\": expected a name of its own and positive sizes, Batch only as the first, "
           "found shape " +
           format::str(*type.shape));
      continue;
    }
    tensors.push_back(recorder->addInput(input.name, type));
  }
  return tensors;
}

/// Terms of the loss and metrics get their names; a value with several gets copies.
void Capture::nameValues(const Tensor &output) {
  // Copies first: a handle of a renamed value is useless.
  std::set<std::string> renamed = {output.name};
  std::vector<std::pair<Tensor, std::string>> named;
  auto add = [&](const std::string &value, const std::string &name) {
    Tensor recorded(recorder, value);
    bool isFree = recorder->isMade(recorded) && renamed.insert(value).second;
    named.emplace_back(isFree ? recorded : recorder->add("Identity", {recorded}), name);
  };
  for (const detail::Recorder::LossTerm &term : recorder->lossTerms()) {
    add(term.value, term.name);
  }
  for (const detail::Recorder::Metric &metric : recorder->metrics()) {
    add(metric.value, metric.name);
  }
  for (const auto &[value, name] : named) {
    recorder->rename(value, name);
  }
}

void Capture::setOutput(const Tensor &output) {
  onnx::GraphProto &graph = *recorder->model.mutable_graph();
  bool isTaken = stateNames.contains("output");
  for (const Input &input : options.inputs) {
    isTaken |= input.name == "output";
  }
  Tensor value = recorder->isMade(output) ? output : recorder->add("Identity", {output});
  value = isTaken ? value : recorder->rename(value, "output");
  onnx::ValueInfoProto &info = *graph.add_output();
  info.set_name(value.name);
  *info.mutable_type() = format::protoOf(recorder->typeOf(value));
  for (const onnx::NodeProto &node : graph.node()) {
    if (node.output(0) != value.name) {
      onnx::ValueInfoProto &intermediate = *graph.add_value_info();
      intermediate.set_name(node.output(0));
      *intermediate.mutable_type() =
          format::protoOf(recorder->typeOf(Tensor(recorder, node.output(0))));
    }
  }
}

void Capture::run(size_t arity, const detail::Forward &forward) {
  recorder->model.mutable_graph()->set_name(options.name.empty() ? "model" : options.name);
  if (options.dtype != DType::F32 && options.dtype != DType::F64) {
    fail("parameters are f32 or f64");
  }
  if (options.inputs.size() != arity) {
    fail(net.typeName() + ": forward takes " + std::to_string(arity) + " inputs, " +
         std::to_string(options.inputs.size()) + " are given");
  }
  declare(net, "", 0);
  std::vector<Tensor> inputs = addInputs();
  if (!impl->errors.empty()) {
    return;
  }
  Tensor output;
  {
    nn::detail::ScopeGuard scope(net, inputs[0]);
    output = forward(inputs);
  }
  for (const std::string &problem : recorder->errors()) {
    fail(problem);
  }
  if (impl->errors.empty() && (!output.isValid() || output.recorder != recorder)) {
    fail(net.typeName() + ": forward returned a tensor that does not come from its inputs");
  }
  if (impl->errors.empty()) {
    nameValues(output);
    setOutput(output);
  }
}

void Capture::train(const nn::Loss &loss, const optim::Optimizer &optimizer) {
  if (!impl->errors.empty()) {
    return;
  }
  TrainSpec spec;
  spec.set_model(recorder->model.graph().name());
  if (options.seed != 0) {
    spec.set_seed(options.seed);
  }
  if (options.dtype == DType::F64) {
    spec.set_precision(F64);
  }
  LossSpec &target = *spec.mutable_loss();
  target.set_name(loss.name);
  target.set_reduction(loss.reduction);
  target.set_label_smoothing(loss.label_smoothing);
  target.mutable_weight()->Assign(loss.weight.begin(), loss.weight.end());
  target.mutable_pos_weight()->Assign(loss.pos_weight.begin(), loss.pos_weight.end());
  target.set_probabilities(loss.probabilities);
  target.set_target(loss.target);
  if (loss.ignore_index) {
    target.set_ignore_index(*loss.ignore_index);
  }
  for (const detail::Recorder::LossTerm &term : recorder->lossTerms()) {
    LossTerm &added = *target.add_terms();
    added.set_value(term.name);
    added.set_weight(term.weight);
  }
  for (const detail::Recorder::Metric &metric : recorder->metrics()) {
    spec.add_value_metrics(metric.name);
  }
  bool hasClasses = (loss.name == "cross_entropy" || loss.name == "nll") && !loss.probabilities;
  if (hasClasses) {
    spec.add_metrics("accuracy");
  }
  spec.mutable_optimizer()->set_name(optimizer.name);
  spec.mutable_optimizer()->set_nesterov(optimizer.nesterov);
  for (const auto &[name, value] : optimizer.hyperparameters) {
    (*spec.mutable_optimizer()->mutable_hyperparameters())[name] = value;
  }
  setGroups(optimizer, *spec.mutable_optimizer());
  setGradients(options, spec);
  for (const Unfreeze &unfreeze : options.unfreeze) {
    UnfreezeSpec &added = *spec.add_unfreeze();
    added.mutable_patterns()->Assign(unfreeze.patterns.begin(), unfreeze.patterns.end());
    added.set_epoch(static_cast<uint32_t>(std::max(unfreeze.epoch, 0)));
  }
  spec.mutable_frozen()->Assign(options.freeze.begin(), options.freeze.end());
  // Running statistics are known by their use; any other buffer must be kept from the optimizer by
  // name.
  auto trainable = format::trainableParameters(recorder->model, spec);
  std::set<std::string> candidates(trainable.begin(), trainable.end());
  for (const std::string &buffer : buffers) {
    if (candidates.contains(buffer)) {
      spec.add_frozen(buffer);
    }
  }
  auto problems = format::generateTrainingInfo(recorder->model, spec);
  if (problems.empty()) {
    if (format::Status drawn = format::drawInitialValues(recorder->model, options.seed); !drawn) {
      problems.push_back({"", drawn.message()});
    }
  }
  if (problems.empty()) {
    problems = format::verify(recorder->model);
  }
  for (const format::Diagnostic &problem : problems) {
    fail(problem.str());
  }
  impl->model = std::move(recorder->model);
}

} // namespace

namespace detail {
Program capture(nn::Module &net, size_t arity, const Forward &forward,
                const CaptureOptions &options, const nn::Loss &loss,
                const optim::Optimizer &optimizer) {
  Capture capture(options, net);
  capture.run(arity, forward);
  capture.train(loss, optimizer);
  return capture.finish();
}
} // namespace detail

Status Program::status() const {
  return impl->errors.empty() ? Status() : Status(format::join(impl->errors, "\n"));
}

Status Program::save(const std::string &path) const {
  if (!impl->errors.empty()) {
    return status();
  }
  format::Status written = format::writeModel(impl->model, path);
  return written ? Status() : Status(written.message());
}

int64_t Program::parameterCount() const {
  TrainSpec everything;
  auto trained = format::trainableParameters(impl->model, everything);
  std::set<std::string> names(trained.begin(), trained.end());
  int64_t total = 0;
  for (const onnx::TensorProto &tensor : impl->model.graph().initializer()) {
    auto count =
        format::elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())});
    total += names.contains(tensor.name()) ? count.value_or(0) : 0;
  }
  return total;
}

} // namespace ntc
