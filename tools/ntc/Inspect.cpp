// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc inspect: what a file of ours holds.
#include "frontend/format/ModelFile.h"
#include "frontend/format/TensorType.h"
#include "runtime/artifact/Artifact.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/format/Safetensors.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/LoopState.h"
#include "runtime/train/RunFolder.h"
#include "tools/ntc/InspectReport.h"
#include "tools/ntc/ModelInput.h"

#include <cstring>

namespace ntc::driver {
namespace {

std::string_view nameOf(rt::artifact::Role role) {
  using rt::artifact::Role;
  return role == Role::Parameter ? "parameter"
         : role == Role::Buffer  ? "buffer"
         : role == Role::Moment  ? "moment"
                                 : "counter";
}

void addEntry(const rt::artifact::EntrySpec &entry, Report &report) {
  report.beginGroup(entry.name,
                    concat(entry.calls.size(), entry.calls.size() == 1 ? " call" : " calls"));
  report.count("batch_size", entry.batchSize);
  report.count("calls", static_cast<int64_t>(entry.calls.size()));
  report.beginRows("inputs");
  for (const auto &input : entry.inputs) {
    report.row(input.name, rt::nameOf(input.dtype), input.shape,
               concat(input.isTarget ? "target" : "input",
                      input.classes > 0 ? concat(", ", input.classes, " classes") : ""));
  }
  report.endList();
  report.beginRows("outputs");
  for (const auto &output : entry.outputs) {
    report.row(output.name, rt::nameOf(output.dtype), output.shape,
               output.isMetric ? "metric" : "output");
  }
  report.endList();
  report.endGroup();
}

Status inspectArtifact(const std::string &path, Report &report) {
  auto manifest = rt::artifact::readManifest(path);
  if (!manifest) {
    return manifest.status();
  }
  std::string features;
  for (const std::string &feature : manifest->cpuFeatures) {
    features += (features.empty() ? "" : " ") + feature;
  }
  report.text("kind", "artifact");
  report.text("model", manifest->modelName);
  report.text("ntc", manifest->ntcVersion);
  report.text("program", manifest->programHash);
  report.text("cpu", manifest->cpu);
  report.text("needs", features);
  report.text("precision", manifest->precision);
  report.bytes("arena_bytes", manifest->arenaBytes);
  report.number("kernels", manifest->kernelCount);
  if (!manifest->weightsFile.empty()) {
    report.text("weights", manifest->weightsFile);
  }
  std::string controls;
  for (const auto &control : manifest->controls) {
    controls +=
        (controls.empty() ? "" : ", ") +
        (control.isInteger ? control.name : concat(control.name, "=", control.defaultValue));
  }
  report.text("controls", controls);
  report.beginList("entries");
  for (const auto &entry : manifest->entries) {
    addEntry(entry, report);
  }
  report.endList();
  report.beginList("states");
  for (const auto &state : manifest->states) {
    report.row(state.name, rt::nameOf(state.dtype), state.shape, nameOf(state.role));
  }
  report.endList();
  return Status::ok();
}

/// What the loop remembers, in words.
std::string loopGist(std::string_view text) {
  auto loop = rt::format::parseJson(text);
  const rt::format::JsonValue *epochs = loop ? loop->find("epochs") : nullptr;
  return epochs ? concat("metrics of ", epochs->items().size(),
                         epochs->items().size() == 1 ? " epoch" : " epochs", " (all with --json)")
                : concat(text.size(), " bytes");
}

Status inspectSafetensors(const std::string &path, Report &report) {
  auto file = rt::format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  auto checked = file->verifyChecksum();
  if (!checked) {
    return rt::withContext(checked.status(), path);
  }
  auto program = file->metadataValue("ntc.program");
  report.text("kind", program ? "checkpoint" : "safetensors");
  report.text("checksum", *checked ? "right" : "none");
  for (const auto &[key, value] : file->metadata()) {
    key == rt::train::kLoopKey ? report.gist(key, value, loopGist(value)) : report.text(key, value);
  }
  for (const char *key : {"train.step", "train.epoch", "train.cursor", "train.seed"}) {
    const auto *tensor = file->find(key);
    if (tensor && tensor->dtype == rt::DType::I64 && tensor->bytes.size() == 8) {
      int64_t value = 0;
      std::memcpy(&value, tensor->bytes.data(), sizeof(value));
      report.number(key, value);
    }
  }
  uint64_t total = 0;
  for (const auto &tensor : file->tensors()) {
    total += tensor.bytes.size();
  }
  report.bytes("data_bytes", total);
  report.beginList("tensors");
  for (const auto &tensor : file->tensors()) {
    report.row(tensor.name, tensor.dtypeName, tensor.shape, "");
  }
  report.endList();
  return Status::ok();
}

/// Whether the training step takes the value at every step.
bool isControl(const Model &model, const std::string &name) {
  for (const onnx::TrainingInfoProto &info : model.proto.training_info()) {
    for (const onnx::ValueInfoProto &input : info.algorithm().input()) {
      if (input.name() == name) {
        return true;
      }
    }
  }
  return false;
}

/// Whether the first dimension of an input or target has no fixed size.
bool hasFreeBatch(const Model &model, const std::string &name) {
  auto isFree = [&](const auto &values) {
    for (const onnx::ValueInfoProto &value : values) {
      const auto &shape = value.type().tensor_type().shape();
      if (value.name() == name) {
        return shape.dim_size() > 0 && shape.dim(0).dim_value() == 0;
      }
    }
    return false;
  };
  bool out = isFree(model.proto.graph().input());
  for (const onnx::TrainingInfoProto &info : model.proto.training_info()) {
    out = out || isFree(info.algorithm().input());
  }
  return out;
}

std::optional<ModelProblem> inspectModel(const std::string &path, Report &report) {
  Model model;
  if (auto problem = loadModel(path, {}, NeedStep::No, model)) {
    return problem;
  }
  const onnx::GraphProto &graph = model.proto.graph();
  report.text("kind", "model");
  report.text("model", model.name);
  const std::string &version = model.proto.producer_version();
  report.text("producer", model.proto.producer_name() + (version.empty() ? "" : " ") + version);
  std::string opsets;
  for (const auto &opset : model.proto.opset_import()) {
    opsets += concat(opsets.empty() ? "" : ", ",
                     opset.domain().empty() ? "ai.onnx" : opset.domain(), " ", opset.version());
  }
  report.text("opsets", opsets);
  report.number("nodes", graph.node_size());
  report.text("training_step",
              !model.hasStep ? "none"
              : model.spec.loss().name().empty()
                  ? "of its own"
                  : model.spec.loss().name() + ", " + model.spec.optimizer().name());
  std::string controls, fixed;
  for (const auto &[name, value] : model.spec.optimizer().hyperparameters()) {
    std::string &list = isControl(model, name) ? controls : fixed;
    list += concat(list.empty() ? "" : ", ", name, "=", value);
  }
  if (!controls.empty()) {
    report.text("controls", controls);
  }
  if (!fixed.empty()) {
    report.text("not in the step", fixed);
  }
  report.beginList("inputs");
  for (const auto &input : batchInputs(model, defaultBatchSize(model))) {
    report.row(input.name, rt::nameOf(input.dtype), input.shape,
               input.isTarget ? "target" : "input", hasFreeBatch(model, input.name));
  }
  report.endList();
  report.beginList("initializers");
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    std::vector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
    report.row(tensor.name(), format::dtypeName(tensor.data_type()), shape, "");
  }
  report.endList();
  return std::nullopt;
}

Status inspectRun(const std::string &path, Report &report) {
  if (!rt::train::holdsRun(path)) {
    return rt::error(Code::NotFound, "folder '", path, "' holds no run");
  }
  auto record = rt::train::readRunRecord(path);
  if (!record) {
    return record.status();
  }
  auto checkpoints = rt::train::Checkpoints::view(path);
  report.text("kind", "run");
  report.text("data", record->data);
  if (!record->val.empty()) {
    report.text("val", record->val);
  }
  report.number("val_split", record->valSplit);
  report.number("samples", record->samples);
  report.number("batch_size", record->batchSize);
  report.number("seed", record->seed);
  report.text("program", record->program);
  std::string steps;
  for (int64_t step : checkpoints.steps()) {
    steps += concat(steps.empty() ? "" : ", ", step);
  }
  report.text("checkpoints", steps);
  for (auto mark : {rt::train::Mark::Latest, rt::train::Mark::Best}) {
    if (auto step = checkpoints.marked(mark)) {
      report.number(rt::train::nameOf(mark), *step);
    }
  }
  return Status::ok();
}

Status inspectData(const std::string &text, Report &report) {
  auto source = rt::data::DataSource::parse(text);
  if (!source && text.find(':') == std::string::npos) {
    return rt::error(Code::NotFound, "there is no file ", rt::quoted(text));
  }
  if (!source) {
    return rt::error(Code::InvalidArgument, "there is no file ", quoted(text),
                     ", and it is no data: ", source.status().message());
  }
  auto data = rt::data::openDataset(*source, rt::data::Split::Train, {});
  if (!data) {
    return data.status();
  }
  report.text("kind", "data");
  report.text("data", text);
  report.number("samples", (*data)->size());
  report.beginList("fields");
  for (const rt::data::Field &field : (*data)->fields()) {
    std::string role = field.isTarget ? "target" : "input";
    role += field.classes > 0 ? concat(", ", field.classes, " classes") : "";
    report.row(field.name, rt::nameOf(field.dtype), field.shape, role);
  }
  report.endList();
  return Status::ok();
}

} // namespace

int runInspect(const Verb &verb, Words words) {
  bool json = false;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, {jsonFlag(json)}, {1, 1, "one file"}, positionals)) {
    return *code;
  }
  const std::string &path = positionals[0];
  Report report;
  Status status = Status::ok();
  switch (kindOf(path)) {
  case FileKind::Folder:
    status = inspectRun(path, report);
    break;
  case FileKind::Elf:
    status = inspectArtifact(path, report);
    break;
  case FileKind::Safetensors:
    status = inspectSafetensors(path, report);
    break;
  case FileKind::Missing:
    status = inspectData(path, report);
    break;
  case FileKind::Mlir:
    return failUsage(verb, path + " is text: read it, or run ntc-opt on it");
  case FileKind::Model:
    if (auto problem = inspectModel(path, report)) {
      return fail(verb, *problem);
    }
    break;
  }
  return status ? report.finish(json) : fail(verb, status);
}

} // namespace ntc::driver
