// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The recipe inside a model file: its text, its entry in metadata_props, and the hash by which a
// generated training step is known again.
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingGraph.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/base/Sha256.h"
#include "runtime/base/Utf8.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <cmath>
#include <optional>

namespace ntc::format {
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

/// Why a value of a recipe cannot be used, or empty: text that is not UTF-8, which protobuf reads
/// and fails to write again, and numbers that are not finite, as 1e999 becomes.
std::string problemOf(const google::protobuf::Message &message,
                      const google::protobuf::FieldDescriptor &field, int i) {
  using Field = google::protobuf::FieldDescriptor;
  const google::protobuf::Reflection &reflection = *message.GetReflection();
  const bool isList = field.is_repeated();
  if (field.cpp_type() == Field::CPPTYPE_STRING) {
    const std::string text = isList ? reflection.GetRepeatedString(message, &field, i)
                                    : reflection.GetString(message, &field);
    return rt::isUtf8(text) ? "" : " is not UTF-8 text";
  }
  double number = 0;
  if (field.cpp_type() == Field::CPPTYPE_DOUBLE) {
    number = isList ? reflection.GetRepeatedDouble(message, &field, i)
                    : reflection.GetDouble(message, &field);
  } else if (field.cpp_type() == Field::CPPTYPE_FLOAT) {
    number = isList ? reflection.GetRepeatedFloat(message, &field, i)
                    : reflection.GetFloat(message, &field);
  }
  return std::isfinite(number) ? "" : rt::concat(" should be a finite number, found ", number);
}

/// The first value of a message that cannot be used: its path, "loss.target", and why.
std::optional<std::string> brokenValue(const google::protobuf::Message &message,
                                       const std::string &prefix = "") {
  const google::protobuf::Reflection &reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor *> fields;
  reflection.ListFields(message, &fields);
  for (const auto *field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      std::string path = prefix + field->name();
      if (field->is_repeated() && !field->is_map()) {
        path += "[" + std::to_string(i) + "]";
      }
      if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
        const auto &inner = field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                 : reflection.GetMessage(message, field);
        if (auto broken = brokenValue(inner, path + ".")) {
          return broken;
        }
      } else if (std::string problem = problemOf(message, *field, i); !problem.empty()) {
        return path + problem;
      }
    }
  }
  return std::nullopt;
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

std::string recipeText(const TrainSpec &spec) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(spec, &text);
  return text;
}

Result<TrainSpec> parseRecipe(const std::string &text) {
  if (text.size() > (1u << 20)) {
    return failure("has ", text.size(), " bytes; at most 1048576 are read");
  }
  TrainSpec spec;
  FirstError errors;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(20);
  if (!parser.ParseFromString(text, &spec)) {
    return failure("is not readable: ", errors.message);
  }
  if (auto broken = brokenValue(spec)) {
    return failure(*broken);
  }
  return spec;
}

Result<TrainSpec> recipeOf(const onnx::ModelProto &model) {
  const std::string *text = findMetadata(model, recipeKey);
  if (!text) {
    return failure(
        "the model has no training recipe; give it one with ntc pack --loss … --optimizer …");
  }
  return rt::withContext(parseRecipe(*text), rt::concat("the model's recipe (", recipeKey, ")"));
}

std::string trainingInfoHash(const onnx::ModelProto &model, const TrainSpec &spec) {
  TrainSpec structure = spec;
  takeLoop(structure);
  structure.clear_model();
  structure.clear_schedule();
  structure.clear_metrics();
  structure.clear_precision();
  structure.clear_accumulate();
  structure.clear_average();
  structure.clear_value_metrics();
  structure.clear_reinit();
  structure.clear_denormals();
  structure.mutable_optimizer()->clear_hyperparameters();
  for (ParameterGroup &group : *structure.mutable_optimizer()->mutable_groups()) {
    group.clear_hyperparameters();
    group.clear_lr_factor();
  }
  if (structure.clip().max_norm() > 0) {
    structure.mutable_clip()->set_max_norm(1);
  }
  if (structure.clip().clip_value() > 0) {
    structure.mutable_clip()->set_clip_value(1);
  }
  for (PenaltySpec &penalty : *structure.mutable_penalties()) {
    penalty.set_l1(penalty.l1() > 0 ? 1 : 0);
    penalty.set_l2(penalty.l2() > 0 ? 1 : 0);
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
