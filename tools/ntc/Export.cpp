// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc export: the state of a run as a file of another program's format.
#include "frontend/format/ModelFile.h"
#include "frontend/format/Names.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/format/Safetensors.h"
#include "runtime/train/ExportArtifact.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/Preprocessing.h"
#include "tools/ntc/ExportPreprocessing.h"
#include "tools/ntc/ModelInput.h"
#include "tools/ntc/TrainChecks.h"

#include <google/protobuf/util/json_util.h>

#include <cstring>
#include <set>

namespace ntc::driver {
namespace {

using rt::DType;
using rt::artifact::Role;
using rt::artifact::StateSpec;

bool isParameterOrBuffer(const StateSpec &state) {
  return state.role == Role::Parameter || state.role == Role::Buffer;
}

/// Bytes of `state` in the element type that the model file declares: an f64 compilation of an f32
/// model is rounded.
Result<std::string> bytesFor(const StateSpec &state, std::span<const uint8_t> bytes,
                             int32_t dtype) {
  const bool same = (state.dtype == DType::F32 && dtype == onnx::TensorProto::FLOAT) ||
                    (state.dtype == DType::F64 && dtype == onnx::TensorProto::DOUBLE) ||
                    (state.dtype == DType::I64 && dtype == onnx::TensorProto::INT64);
  if (same) {
    return std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  }
  if (state.dtype != DType::F64 || dtype != onnx::TensorProto::FLOAT) {
    return rt::error(Code::Unsupported, "state ", quoted(state.name), " has type ",
                     rt::nameOf(state.dtype), ", which the model file cannot hold");
  }
  std::string out(bytes.size() / 2, '\0');
  for (size_t i = 0; i < bytes.size() / sizeof(double); ++i) {
    double wide = 0;
    std::memcpy(&wide, bytes.data() + i * sizeof(double), sizeof(double));
    auto narrow = static_cast<float>(wide);
    std::memcpy(out.data() + i * sizeof(float), &narrow, sizeof(float));
  }
  return out;
}

/// Puts the session's states into the initializers of the same names.
Status fill(onnx::GraphProto &graph, rt::exec::Session &session) {
  for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
    for (const StateSpec &state : session.manifest().states) {
      if (state.name != tensor.name()) {
        continue;
      }
      Result<std::string> bytes = bytesFor(state, session.stateBytes(state), tensor.data_type());
      if (!bytes) {
        return bytes.status();
      }
      tensor.clear_float_data();
      tensor.clear_double_data();
      tensor.clear_int64_data();
      tensor.set_raw_data(bytes.take());
    }
  }
  return Status::ok();
}

/// Leaves the forward pass alone: no training step, no recipe, no functions or operator sets that
/// nothing uses any more.
void reduceToInference(onnx::ModelProto &model) {
  format::removeAlgorithm(model);
  model.clear_training_info();
  auto *metadata = model.mutable_metadata_props();
  for (int i = metadata->size() - 1; i >= 0; --i) {
    if (metadata->Get(i).key().starts_with("ntc.")) {
      metadata->DeleteSubrange(i, 1);
    }
  }
  std::set<std::string> domains = {"", "ai.onnx"};
  auto visit = [&](const auto &nodes) {
    for (const onnx::NodeProto &node : nodes) {
      domains.insert(node.domain());
    }
  };
  visit(model.graph().node());
  for (const onnx::FunctionProto &function : model.functions()) {
    visit(function.node());
  }
  auto *opsets = model.mutable_opset_import();
  for (int i = opsets->size() - 1; i >= 0; --i) {
    if (!domains.contains(opsets->Get(i).domain())) {
      opsets->DeleteSubrange(i, 1);
    }
  }
}

/// The forward pass with what is done to data before it.
Status reduceToOnnx(onnx::ModelProto &model, const rt::train::Preprocessing &preprocessing,
                    const std::string &out) {
  reduceToInference(model);
  auto attached = attachPreprocessing(model, preprocessing);
  if (!attached) {
    return attached.status();
  }
  std::string text;
  if (!attached->nodes.empty()) {
    text = concat("nodes of ", out, " do ", format::join(attached->nodes));
  }
  if (!attached->metadata.empty()) {
    text += concat(text.empty() ? concat("metadata_props of ", out) : "; its metadata_props",
                   " say ", format::join(attached->metadata));
  }
  if (!text.empty()) {
    note("note: " + text);
  }
  return Status::ok();
}

/// What was trained is kept, and the optimizer's state with it; the recipe gets the preprocessing.
/// A step that was generated stays one that flags may change.
Status keepTraining(onnx::ModelProto &model, const rt::train::Preprocessing &preprocessing,
                    rt::exec::Session &session) {
  const bool isGenerated = format::isGenerated(model);
  for (onnx::TrainingInfoProto &info : *model.mutable_training_info()) {
    info.clear_initialization();
    info.clear_initialization_binding();
    if (Status status = fill(*info.mutable_algorithm(), session); !status) {
      return status;
    }
  }
  if (format::findMetadata(model, format::recipeKey) == nullptr) {
    return Status::ok();
  }
  auto spec = format::recipeOf(model);
  if (!spec) {
    return Status(Code::Corrupt, spec.status().message());
  }
  spec->clear_preprocessing();
  if (const std::string json = rt::train::preprocessingJson(preprocessing); !json.empty()) {
    auto read = google::protobuf::util::JsonStringToMessage(json, spec->mutable_preprocessing());
    if (!read.ok()) {
      return rt::error(Code::Corrupt, "the run's preprocessing: ", std::string(read.message()));
    }
  }
  format::setMetadata(model, format::recipeKey, format::recipeText(*spec));
  // The hash covers the values of the optimizer's state.
  if (isGenerated) {
    format::setMetadata(model, format::hashKey, format::trainingInfoHash(model, *spec));
  }
  return Status::ok();
}

Status exportModel(rt::exec::Session &session, const rt::train::Preprocessing &preprocessing,
                   const std::string &out) {
  const std::vector<uint8_t> &embedded = session.manifest().modelPb;
  if (embedded.empty()) {
    return rt::error(Code::Unsupported, "the artifact embeds no model; export to .safetensors");
  }
  auto model = format::parseModel(embedded, "the artifact's model");
  if (!model) {
    return Status(Code::Corrupt, model.status().message());
  }
  if (Status status = fill(*model->mutable_graph(), session); !status) {
    return status;
  }
  Status status = out.ends_with(".onnx") ? reduceToOnnx(*model, preprocessing, out)
                                         : keepTraining(*model, preprocessing, session);
  if (!status) {
    return status;
  }
  status = format::writeModel(*model, out);
  return status ? status : Status(Code::Io, status.message());
}

Status exportStates(rt::exec::Session &session, const rt::train::Preprocessing &preprocessing,
                    const std::string &out) {
  std::vector<rt::format::TensorToStore> tensors;
  for (const StateSpec &state : session.manifest().states) {
    if (isParameterOrBuffer(state)) {
      tensors.push_back({state.name, state.dtype, state.shape, session.stateBytes(state)});
    }
  }
  rt::format::Metadata metadata = {{"format", "pt"}};
  if (std::string json = rt::train::preprocessingJson(preprocessing); !json.empty()) {
    metadata.emplace(rt::train::kPreprocessingKey, std::move(json));
  }
  return rt::format::writeSafetensors(out, std::move(tensors), std::move(metadata),
                                      rt::format::Checksum::Without);
}

bool isKnownFormat(const std::string &out) {
  return out.ends_with(".onnx") || out.ends_with(".so") || out.ends_with(".pb") ||
         out.ends_with(".safetensors");
}

/// Writes in the format that the ending of `out` says; `model` is what the session was opened from.
Status write(rt::exec::Session &session, const std::string &model,
             const rt::train::Preprocessing &preprocessing, const std::string &out) {
  if (out.ends_with(".so")) {
    Result<std::string> source = rt::train::artifactPath(model);
    return source ? rt::train::exportArtifact(session, *source, preprocessing, out)
                  : source.status();
  }
  return out.ends_with(".safetensors") ? exportStates(session, preprocessing, out)
                                       : exportModel(session, preprocessing, out);
}

} // namespace

int runExport(const Verb &verb, Words words) {
  rt::train::ModelOptions options;
  std::string out;
  bool isBare = false;
  std::vector<Flag> flags = {
      rt::train::textFlag("--out,-o", "FILE", out,
                          "FILE.onnx, FILE.so, FILE.pb or FILE.safetensors"),
      rt::train::textFlag("--checkpoint", "WHICH", options.checkpoint,
                          "best, latest or a file (default: best, else latest)"),
      rt::train::averagedFlag(options),
      rt::train::switchFlag("--bare", isBare,
                            "the network alone, without what the run does to data before it"),
  };
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, flags, {1, 1, "one run"}, positionals)) {
    return *code;
  }
  if (out.empty()) {
    return failUsage(verb, "say where to write with -o trained.onnx");
  }
  if (!isKnownFormat(out)) {
    return failUsage(verb,
                     concat("-o: expected FILE.onnx, FILE.so, FILE.pb or FILE.safetensors, found ",
                            quoted(out)));
  }
  if (kindOf(positionals[0]) == FileKind::Model) {
    return failUsage(verb, positionals[0] + " is not trained; name a run folder or a compiled "
                                            "model with --checkpoint");
  }
  if (Status status = checkOutputFile("-o", out); !status) {
    return fail(verb, status);
  }
  options.model = positionals[0];
  options.threads = 1;
  auto session = rt::train::openModel(options, {});
  if (!session) {
    return fail(verb, session.status());
  }
  auto preprocessing =
      isBare ? rt::Result<rt::train::Preprocessing>(rt::train::Preprocessing())
             : rt::train::preprocessingOfModel(options.model, (*session)->manifest().trainSpecJson,
                                               options.checkpoint);
  if (!preprocessing) {
    return fail(verb, preprocessing.status());
  }
  Status status = write(**session, options.model, *preprocessing, out);
  if (!status) {
    return fail(verb, status);
  }
  note(concat("wrote ", out));
  return kDone;
}

} // namespace ntc::driver
