// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// (Re)generates the training step of a model from its forward pass and its recipe: loss, Gradient,
// optimizer calls, slots and bindings as docs/formats/model-pb.md §2 defines them.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/Names.h"
#include "frontend/format/TensorType.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ntc::format {

/// Keys of metadata_props.
inline constexpr std::string_view forwardKey = "ntc.forward";
inline constexpr std::string_view recipeKey = "ntc.train_spec";
inline constexpr std::string_view hashKey = "ntc.train_spec_sha256";

/// Nullptr when there is no such entry.
const std::string *findMetadata(const onnx::ModelProto &model, std::string_view key);
void setMetadata(onnx::ModelProto &model, std::string_view key, const std::string &value);

/// From which epoch on a recipe trains a parameter.
class FirstEpochs {
public:
  explicit FirstEpochs(const TrainSpec &spec);
  /// 0: always; nothing: never.
  std::optional<int64_t> of(const std::string &parameter) const;

private:
  struct Stage {
    std::vector<NamePattern> patterns;
    int64_t epoch;
  };
  std::vector<NamePattern> frozen;
  std::vector<Stage> stages; ///< ascending
};

/// What is wrong with gradual unfreezing in a model of the trainable parameters `names`: a pattern
/// that matches none of them, or that nothing is trained at first.
std::vector<Diagnostic> checkUnfreeze(const TrainSpec &spec, std::span<const std::string> names);

/// Names of the state tensors that a step may train, in the order of graph.initializer:
/// floating-point, not named "/…", no running statistics, an ancestor of graph.output[0] or of a
/// term of the loss, and trained in some epoch.
std::vector<std::string> trainableParameters(const onnx::ModelProto &model, const TrainSpec &spec);

/// Completes `spec` and replaces algorithm, update_binding and the functions that only the old
/// algorithm called; the initialization half stays. Embeds the recipe and its hash. `outputType` is
/// that of graph.output[0], whose declared type is used when it is absent. On problems, all of them
/// are returned and `model` is left unchanged.
std::vector<Diagnostic>
generateTrainingInfo(onnx::ModelProto &model, TrainSpec spec,
                     const std::optional<TensorType> &outputType = std::nullopt);

/// Removes algorithm, update bindings and the functions that only the algorithm calls; the
/// initialization stays.
void removeAlgorithm(onnx::ModelProto &model);

/// The embedded recipe; fails when it is absent or does not parse (at most 1 MiB, unknown fields
/// and text that is not UTF-8 refused).
Result<TrainSpec> recipeOf(const onnx::ModelProto &model);

/// A recipe from its text; fails as recipeOf.
Result<TrainSpec> parseRecipe(const std::string &text);

/// The recipe as protobuf text.
std::string recipeText(const TrainSpec &spec);

/// The SHA-256 (64 hex digits) of docs/formats/model-pb.md §5.1.
std::string trainingInfoHash(const onnx::ModelProto &model, const TrainSpec &spec);

/// True when the algorithm is the one that was generated from the embedded recipe, so that it may
/// be generated again.
bool isGenerated(const onnx::ModelProto &model);

} // namespace ntc::format
