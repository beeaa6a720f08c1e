// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recipe from a file of its own, as text or JSON, and what it means beside a model's.
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/base/File.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <vector>

namespace ntc::format {
namespace {

constexpr uint64_t kMostBytes = 1 << 20;

constexpr const char *kLoopFields[] = {
    "seed",           "epochs",   "batch_sizes", "init",      "early_stop",
    "monitor",        "data",     "val",         "val_split", "fold",
    "sampler",        "shuffle",  "drop_last",   "workers",   "weights",
    "max_steps",      "max_time", "save_every",  "keep",      "log_interval",
    "check_numerics", "controls", "tensorboard", "report",    "validation_metrics",
    "test_split"};

/// Fields of which a recipe means one thing together.
constexpr const char *kOneThing[][3] = {{"val", "val_split", "fold"},
                                        {"sampler", "shuffle", nullptr},
                                        {"epochs", "max_steps", nullptr}};

/// Clears what `given` says in other words.
void clearSaidOtherwise(const TrainSpec &given, TrainSpec &spec) {
  const google::protobuf::Descriptor &type = *TrainSpec::descriptor();
  const google::protobuf::Reflection &reflection = *TrainSpec::GetReflection();
  auto has = [&](const char *name) {
    return name && reflection.HasField(given, type.FindFieldByName(name));
  };
  for (const auto &group : kOneThing) {
    for (const char *name : group) {
      if (name && std::ranges::any_of(group, has)) {
        reflection.ClearField(&spec, type.FindFieldByName(name));
      }
    }
  }
}

/// PyTorch's names, AdamW and CrossEntropyLoss, become the recipe's.
Result<TrainSpec> withOwnNames(Result<TrainSpec> spec) {
  if (spec && !spec->optimizer().name().empty()) {
    spec->mutable_optimizer()->set_name(ownOptimizerName(spec->optimizer().name()));
  }
  if (spec && !spec->loss().name().empty()) {
    spec->mutable_loss()->set_name(ownLossName(spec->loss().name()));
  }
  return spec;
}

} // namespace

Result<TrainSpec> readSpec(const std::string &path) {
  auto bytes = rt::readFile(path, kMostBytes);
  if (!bytes) {
    return bytes.status();
  }
  std::string text(bytes->begin(), bytes->end());
  if (text.find_first_not_of(" \t\r\n") == std::string::npos ||
      text[text.find_first_not_of(" \t\r\n")] != '{') {
    return withOwnNames(rt::withContext(parseRecipe(text), path));
  }
  TrainSpec spec;
  auto read = google::protobuf::util::JsonStringToMessage(text, &spec);
  if (!read.ok()) {
    return failure(path, ": ", std::string(read.message()));
  }
  return withOwnNames(rt::withContext(parseRecipe(recipeText(spec)), path));
}

TrainSpec takeLoop(TrainSpec &spec) {
  TrainSpec loop;
  std::vector<const google::protobuf::FieldDescriptor *> fields;
  for (const char *name : kLoopFields) {
    fields.push_back(TrainSpec::descriptor()->FindFieldByName(name));
  }
  TrainSpec::GetReflection()->SwapFields(&spec, &loop, fields);
  return loop;
}

void replaceFields(const TrainSpec &given, const onnx::ModelProto &model, TrainSpec &spec) {
  TrainSpec rest = given;
  if (!given.loss().name().empty() && given.metrics_size() == 0) {
    replaceLoss(spec, given.loss(), model);
    rest.clear_loss();
  }
  clearSaidOtherwise(given, spec);
  const google::protobuf::Reflection &reflection = *rest.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor *> fields;
  reflection.ListFields(rest, &fields);
  for (const auto *field : fields) {
    reflection.ClearField(&spec, field);
  }
  spec.MergeFrom(rest);
}

} // namespace ntc::format
