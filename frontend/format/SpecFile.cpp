// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recipe from a file of its own, as text or JSON, and what it means beside a model's.
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/base/File.h"

#include <google/protobuf/util/json_util.h>

#include <vector>

namespace ntc::format {
namespace {

constexpr uint64_t kMostBytes = 1 << 20;

} // namespace

Result<TrainSpec> readSpec(const std::string &path) {
  auto bytes = rt::readFile(path, kMostBytes);
  if (!bytes) {
    return bytes.status();
  }
  std::string text(bytes->begin(), bytes->end());
  if (text.find_first_not_of(" \t\r\n") == std::string::npos ||
      text[text.find_first_not_of(" \t\r\n")] != '{') {
    return rt::withContext(parseRecipe(text), path);
  }
  TrainSpec spec;
  auto read = google::protobuf::util::JsonStringToMessage(text, &spec);
  if (!read.ok()) {
    return failure(path, ": ", std::string(read.message()));
  }
  return rt::withContext(parseRecipe(recipeText(spec)), path);
}

void replaceFields(const TrainSpec &given, const onnx::ModelProto &model, TrainSpec &spec) {
  TrainSpec rest = given;
  if (!given.loss().name().empty() && given.metrics_size() == 0) {
    replaceLoss(spec, given.loss(), model);
    rest.clear_loss();
  }
  const google::protobuf::Reflection &reflection = *rest.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor *> fields;
  reflection.ListFields(rest, &fields);
  for (const auto *field : fields) {
    reflection.ClearField(&spec, field);
  }
  spec.MergeFrom(rest);
}

} // namespace ntc::format
