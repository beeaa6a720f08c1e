// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading models and applying flags to their recipes.
#include "tools/ntc/ModelInput.h"

#include "codegen/cpu/CpuTarget.h"
#include "frontend/format/ExporterForm.h"
#include "frontend/format/ModelFile.h"
#include "frontend/format/Names.h"
#include "frontend/format/Pack.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"
#include "frontend/import/OpTable.h"
#include "runtime/base/File.h"
#include "runtime/train/Options.h"
#include "tools/ntc/StepOverlay.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <unistd.h>

namespace ntc::driver {
namespace {

constexpr int64_t kDefaultBatch = 64;

ModelProblem problemsOf(const std::vector<format::Diagnostic> &diagnostics, int code) {
  ModelProblem problem{{}, code};
  for (const format::Diagnostic &diagnostic : diagnostics) {
    problem.messages.push_back(diagnostic.str());
  }
  return problem;
}

std::optional<ModelProblem> usageProblem(const Status &status) {
  return ModelProblem{{status.message()}, kUsage};
}

std::string nameOf(const onnx::ModelProto &proto, const TrainSpec &spec, const std::string &path) {
  if (!spec.model().empty()) {
    return spec.model();
  }
  std::string stem = std::filesystem::path(path).stem().string();
  return stem.empty() ? proto.graph().name() : stem;
}

std::optional<ModelProblem> packWith(TrainSpec spec, Model &model) {
  bool unsupported = hasUnsupportedOperator(model.proto);
  format::Notes notes;
  // Drawn afresh once: a model that was trained since keeps its values when it is packed again.
  model.reinit.assign(spec.reinit().begin(), spec.reinit().end());
  spec.clear_reinit();
  format::PackOptions options{std::move(spec), model.reinit};
  auto problems = format::pack(model.proto, options, notes);
  for (const std::string &each : notes) {
    note("note: " + each);
  }
  if (!problems.empty()) {
    return problemsOf(problems, unsupported ? kUnsupported : kFailed);
  }
  return std::nullopt;
}

/// What a file is that is no model, and what to do with it; "" for what may be one.
std::string otherKind(const std::string &path) {
  switch (kindOf(path)) {
  case FileKind::Elf:
    return "a compiled artifact, expected a model (model.pb or ONNX); 'ntc inspect' and 'ntc plan' "
           "say what it holds";
  case FileKind::Folder:
    return "a folder without a model.pb, expected a model (model.pb or ONNX) or a run folder";
  case FileKind::Safetensors:
    return "a file of weights, expected a model (model.pb or ONNX); weights are taken by "
           "--weights and --checkpoint";
  case FileKind::Mlir:
    return "a program as text, expected a model (model.pb or ONNX); only 'ntc compile' and 'ntc "
           "diff' take it";
  case FileKind::Missing:
  case FileKind::Model:
    break;
  }
  for (const char *end : {".csv", ".npz", ".jsonl", ".npy", ".txt"}) {
    if (path.ends_with(end)) {
      return kindOf(path) == FileKind::Missing
                 ? ""
                 : concat("data, expected a model (model.pb or ONNX); 'ntc data inspect ",
                          std::string_view(end + 1), ":", path, "' looks into data");
    }
  }
  return "";
}

/// A model that gets no training step: only what its exporter wrote is brought to our form.
std::optional<ModelProblem> takeUntrained(const std::string &path, onnx::ModelProto &proto) {
  std::vector<std::string> evalLayers;
  format::Notes notes;
  if (format::findMetadata(proto, format::forwardKey)) {
    return std::nullopt;
  }
  auto problems = format::takeExport(proto, evalLayers, notes);
  for (const std::string &each : notes) {
    note("note: " + each);
  }
  if (problems.empty()) {
    return std::nullopt;
  }
  ModelProblem problem = problemsOf(problems, kFailed);
  for (std::string &message : problem.messages) {
    message = concat(path, ": ", message);
  }
  return problem;
}

} // namespace

bool hasUnsupportedOperator(const onnx::ModelProto &model) {
  auto isLocal = [&](const onnx::NodeProto &node) {
    for (const onnx::FunctionProto &function : model.functions()) {
      if (function.domain() == node.domain() && function.name() == node.op_type()) {
        return true;
      }
    }
    return false;
  };
  for (const onnx::NodeProto &node : model.graph().node()) {
    std::string domain = node.domain() == "ai.onnx" ? "" : node.domain();
    if (!isLocal(node) && !importer::findOp(domain, node.op_type())) {
      return true;
    }
  }
  return false;
}

std::optional<rt::DType> dtypeOf(int32_t dtype) {
  switch (dtype) {
  case onnx::TensorProto::FLOAT:
    return rt::DType::F32;
  case onnx::TensorProto::DOUBLE:
    return rt::DType::F64;
  case onnx::TensorProto::INT64:
    return rt::DType::I64;
  case onnx::TensorProto::INT32:
    return rt::DType::I32;
  case onnx::TensorProto::UINT8:
    return rt::DType::U8;
  default:
    return std::nullopt;
  }
}

ModelProblem problemOf(const CompileError &error) {
  return {error.messages, error.unsupported ? kUnsupported : kFailed};
}

int fail(const Verb &verb, const ModelProblem &problem) {
  for (const std::string &message : problem.messages) {
    std::fprintf(stderr, "ntc %s: error: %s\n", std::string(verb.name).c_str(), message.c_str());
  }
  if (problem.code == kUsage) {
    std::fprintf(stderr, "try 'ntc help %s'\n", std::string(verb.name).c_str());
  }
  return problem.code;
}

std::string modelPath(const std::string &path) {
  const std::string inside = path + "/model.pb";
  return kindOf(path) == FileKind::Folder && kindOf(inside) == FileKind::Model ? inside : path;
}

std::optional<ModelProblem> loadModel(const std::string &given, const StepFlags &flags,
                                      NeedStep need, Model &model) {
  const std::string path = modelPath(given);
  if (std::string kind = otherKind(path); !kind.empty()) {
    return ModelProblem{{concat(path, " is ", kind)}, kUsage};
  }
  auto read = format::readModel(path);
  if (!read) {
    return ModelProblem{{read.status().message()}, kFailed};
  }
  model.proto = read.take();
  bool hasRecipe = format::findMetadata(model.proto, format::recipeKey) != nullptr;
  if (hasRecipe) {
    auto spec = format::recipeOf(model.proto);
    if (!spec) {
      return ModelProblem{{concat(path, ": ", spec.status().message())}, kFailed};
    }
    model.spec = *spec;
  }
  bool foreign = model.proto.training_info_size() > 0 && !format::isGenerated(model.proto);
  model.hasStep = model.proto.training_info_size() > 0;
  model.name = nameOf(model.proto, model.spec, path);
  TrainSpec lines;
  if (!flags.spec.empty()) {
    auto read = format::readSpec(flags.spec);
    if (!read) {
      return usageProblem(rt::withContext(read.status(), "--spec"));
    }
    lines = *read;
  }
  if (flags.lines == StepFlags::Lines::OfRun) {
    model.asked = format::takeLoop(lines);
  }
  std::vector<std::string> changes = flags.given();
  if (lines.ByteSizeLong() == 0) {
    std::erase(changes, "--spec"); // nothing of it concerns the step
  }
  if (foreign && !changes.empty()) {
    return ModelProblem{{concat(path, " has a training step of its own, which ", changes[0],
                                " cannot change; remove its training_info to use flags")},
                        kUsage};
  }
  TrainSpec spec = model.spec;
  if (Status status = overlay(lines, flags, model.proto, spec); !status) {
    return usageProblem(status);
  }
  if (!model.hasStep && (spec.loss().name().empty() || spec.optimizer().name().empty())) {
    if (need == NeedStep::Yes) {
      const char *missing = spec.loss().name().empty() ? "--loss" : "--optimizer";
      return ModelProblem{{concat(path,
                                  " has no training step; give it one with --loss and "
                                  "--optimizer (",
                                  missing, " is missing)")},
                          kUsage};
    }
    return takeUntrained(path, model.proto);
  }
  bool changed = !changes.empty() || !model.hasStep;
  if (!changed) {
    if (!flags.schedule.empty()) {
      format::setMetadata(model.proto, format::recipeKey, format::recipeText(spec));
      model.spec = spec;
    }
    return std::nullopt;
  }
  if (spec.model().empty()) {
    spec.set_model(model.name);
  }
  if (auto problem = packWith(spec, model)) {
    for (std::string &message : problem->messages) {
      message = concat(path, ": ", message);
    }
    return problem;
  }
  auto embedded = format::recipeOf(model.proto);
  if (!embedded) {
    return ModelProblem{{embedded.status().message()}, kFailed};
  }
  model.spec = *embedded;
  if (model.spec.precision() == Precision::F16) {
    return ModelProblem{{concat(path, ": the recipe's precision F16 is not available in this "
                                      "version; F32, F64 and BF16 are")},
                        kFailed};
  }
  model.hasStep = true;
  return std::nullopt;
}

namespace {

Result<rt::train::Recipe> recipeOf(const TrainSpec &spec) {
  std::string json;
  auto written = google::protobuf::util::MessageToJsonString(spec, &json);
  if (!written.ok()) {
    return rt::error(Code::Internal, "the recipe: ", written.ToString());
  }
  return rt::train::parseRecipe(json);
}

} // namespace

Result<rt::train::Recipe> loopRecipe(const Model &model) { return recipeOf(model.spec); }

Result<std::vector<std::string>> takeRecipe(const Model &model, rt::train::TrainOptions &options) {
  auto asked = recipeOf(model.asked);
  if (!asked) {
    return rt::withContext(asked.status(), "--spec");
  }
  if (options.resume == rt::train::ResumeMode::No) {
    if (model.asked.has_seed() && !options.seed) {
      options.seed = model.asked.seed();
    }
    if (!asked->batchSizes.empty() && !options.batchSize) {
      options.batchSize = asked->batchSizes.front();
    }
    options.reinit = model.reinit;
  }
  std::vector<std::string> notes = rt::train::applyTo(options, *asked);
  auto own = loopRecipe(model);
  if (!own) {
    return own.status();
  }
  std::ranges::move(rt::train::applyTo(options, *own), std::back_inserter(notes));
  return notes;
}

void TargetFlags::takeFrom(const rt::artifact::Manifest &manifest) {
  precision = manifest.precision == "f64" ? 1 : manifest.precision == "bf16" ? 2 : 0;
  denormals = manifest.flushDenormals ? 0 : 1;
}

/// What the flags say of the processor that is compiled for. Another's tiles and choices would be
/// as right, but nobody measured that they are fast.
static Tuning tuningFor(const TargetFlags &flags) {
  auto target = codegen::cpu::CpuTarget::create(flags.mcpu);
  if (!target) { // which compiling says
    llvm::consumeError(target.takeError());
    return {};
  }
  if (flags.tuning.isEmpty() || flags.tuning.processor == target->cpu) {
    return flags.tuning;
  }
  note(concat("note: ", flags.tuningFile, " is not used: it was measured on ",
              quoted(flags.tuning.processor), ", and this compiles for ", quoted(target->cpu)));
  return {};
}

CompileOptions compileOptions(const Model &model, const TargetFlags &flags,
                              std::vector<int64_t> batchSizes) {
  CompileOptions options;
  options.mcpu = flags.mcpu;
  options.batchSizes = std::move(batchSizes);
  const bool isSaid = flags.denormals < 2;
  bool isModels = flags.precision == TargetFlags::kModels;
  Precision asked = model.spec.precision();
  options.f64 = isModels ? asked == Precision::F64 : flags.precision == 1;
  options.bf16 = isModels ? asked == Precision::BF16 : flags.precision == 2;
  options.flushDenormals = isSaid ? flags.denormals == 0 : model.spec.denormals() != "keep";
  options.disabledPasses = flags.disabledPasses;
  options.level = flags.level;
  options.tuning = tuningFor(flags);
  return options;
}

std::optional<ModelProblem> compileFile(const std::string &input, const StepFlags &step,
                                        const TargetFlags &target, std::optional<int64_t> batchSize,
                                        const std::string &output) {
  Model model;
  if (auto problem = loadModel(input, step, NeedStep::Yes, model)) {
    return problem;
  }
  const int64_t batch = batchSize.value_or(defaultBatchSize(model));
  if (auto error = compileModel(model.proto, compileOptions(model, target, {batch}), output)) {
    return problemOf(*error);
  }
  return std::nullopt;
}

int64_t defaultBatchSize(const Model &model) {
  for (const onnx::ValueInfoProto &input : model.proto.graph().input()) {
    const auto &shape = input.type().tensor_type().shape();
    if (shape.dim_size() > 0 && shape.dim(0).dim_value() > 0) {
      return shape.dim(0).dim_value();
    }
  }
  return model.spec.batch_sizes_size() > 0 ? model.spec.batch_sizes(0) : kDefaultBatch;
}

std::vector<rt::artifact::InputSpec> batchInputs(const Model &model, int64_t batchSize) {
  std::vector<rt::artifact::InputSpec> inputs;
  const onnx::GraphProto &graph = model.proto.graph();
  auto isInitializer = [&](const std::string &name) {
    for (const onnx::TensorProto &tensor : graph.initializer()) {
      if (tensor.name() == name) {
        return true;
      }
    }
    return false;
  };
  auto add = [&](const onnx::ValueInfoProto &value, bool isTarget) {
    const auto &type = value.type().tensor_type();
    auto dtype = dtypeOf(type.elem_type());
    if (!dtype || type.shape().dim_size() == 0 || isInitializer(value.name())) {
      return;
    }
    rt::artifact::InputSpec input{value.name(), *dtype, {batchSize}, 0, -100, isTarget};
    for (int d = 1; d < type.shape().dim_size(); ++d) {
      input.shape.push_back(std::max<int64_t>(1, type.shape().dim(d).dim_value()));
    }
    inputs.push_back(std::move(input));
  };
  for (const onnx::ValueInfoProto &value : graph.input()) {
    add(value, false);
  }
  if (model.proto.training_info_size() > 0) {
    for (const onnx::ValueInfoProto &value : model.proto.training_info(0).algorithm().input()) {
      add(value, true);
    }
  }
  const std::string &loss = model.spec.loss().name();
  bool classes = (loss == "cross_entropy" || loss == "nll") && !model.spec.loss().probabilities();
  if (classes && graph.output_size() > 0 && !inputs.empty() && inputs.back().isTarget) {
    const auto &shape = graph.output(0).type().tensor_type().shape();
    inputs.back().classes = shape.dim_size() > 1 ? shape.dim(1).dim_value() : 0;
  }
  return inputs;
}

FileKind kindOf(const std::string &path) {
  if (isFolder(path)) {
    return FileKind::Folder;
  }
  if (::access(path.c_str(), F_OK) != 0) {
    return FileKind::Missing;
  }
  if (path.ends_with(".mlir")) {
    return FileKind::Mlir;
  }
  auto file = rt::openForReading(path);
  unsigned char head[9] = {};
  ssize_t got = file ? ::read(file->get(), head, sizeof(head)) : 0;
  if (got >= 4 && head[0] == 0x7f && head[1] == 'E' && head[2] == 'L' && head[3] == 'F') {
    return FileKind::Elf;
  }
  bool isSafetensors = got == 9 && head[8] == '{' && head[5] == 0 && head[6] == 0 && head[7] == 0;
  return isSafetensors || path.ends_with(".safetensors") ? FileKind::Safetensors : FileKind::Model;
}

} // namespace ntc::driver
