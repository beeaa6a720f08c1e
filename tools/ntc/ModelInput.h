// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model as verbs take it: a model.pb or an ONNX file, with the recipe that flags change.
#pragma once

#include "frontend/format/train_spec.pb.h"
#include "runtime/artifact/Manifest.h"
#include "runtime/train/Recipe.h"
#include "tools/ntc/CompileModel.h"
#include "tools/ntc/Verb.h"

#include <onnx/onnx_pb.h>

namespace ntc::driver {

/// Flags that change the training step, as texts until a model is there.
struct StepFlags {
  std::string spec;
  /// What becomes of the spec's lines that are no part of the step: part of the model's recipe, or
  /// the model's `asked`.
  enum class Lines : uint8_t { OfModel, OfRun } lines = Lines::OfModel;
  std::string loss;
  std::string optimizer;
  std::string schedule;
  std::vector<std::string> freeze;
  std::vector<std::string> unfreeze;
  std::vector<std::string> reinit;
  std::vector<std::string> groups;
  std::vector<std::string> penalties;
  std::optional<double> clipNorm;
  std::optional<double> clipValue;
  bool gradNorm = false;
  std::optional<int64_t> accumulate;
  std::string average;

  /// The names of those that were given.
  std::vector<std::string> given() const;
};
std::vector<Flag> stepFlags(StepFlags &flags);

/// Flags that decide how a step is compiled.
struct TargetFlags {
  std::string mcpu = "native";
  static constexpr size_t kModels = 4;
  size_t precision = kModels; ///< index into f32, f64, bf16, f16; kModels: what the model says
  size_t denormals = 2;       ///< index into flush, keep; 2: what the model says, else flush
  std::vector<std::string> disabledPasses;
  unsigned level = pipelines::kDefaultLevel;
  std::string tuningFile; ///< as it was named, or empty
  Tuning tuning;          ///< what it says

  /// Compiles as an artifact was: with its precision and its subnormal numbers.
  void takeFrom(const rt::artifact::Manifest &manifest);
};
std::vector<Flag> targetFlags(TargetFlags &flags);

/// The flag --tuning; reads the file.
Flag tuningFlag(TargetFlags &flags);

/// Whether a table takes --schedule with the flags of the step. A verb that trains has a flag of
/// its own: the schedule belongs to the run, and the model is not compiled anew for it.
enum class TakeSchedule : uint8_t { Yes, No };

/// Appends the flags of a verb that compiles a model. `step` and `target` must outlive the table.
void addModelFlags(std::vector<Flag> &table, StepFlags &step, TargetFlags &target,
                   TakeSchedule schedule = TakeSchedule::Yes);

/// What went wrong with a model: sentences, and how the program ends.
struct ModelProblem {
  std::vector<std::string> messages;
  int code = kFailed;
};
ModelProblem problemOf(const CompileError &error);
/// Prints every sentence and returns the exit status.
int fail(const Verb &verb, const ModelProblem &problem);

/// A model with its recipe.
struct Model {
  onnx::ModelProto proto;
  TrainSpec spec;   ///< as embedded
  std::string name; ///< for titles: the recipe's model, the graph's name, or the file's
  bool hasStep = false;
  TrainSpec asked;                 ///< lines of --spec that are not in `spec`
  std::vector<std::string> reinit; ///< patterns of what was drawn afresh
};

/// What a verb wants from a model without a training step.
enum class NeedStep : uint8_t { Yes, No };

/// The model.pb of a run folder, and every other path as it is.
std::string modelPath(const std::string &path);

/// True where a node is of an operator that the importer does not know: the model is sound but
/// beyond this compiler.
bool hasUnsupportedOperator(const onnx::ModelProto &model);

/// Reads `path` (a file, or a run folder for its model.pb) and applies `flags`: an inference model
/// gets a training step from --loss and
/// --optimizer, a generated step is generated anew, a foreign one refuses flags by name. Remarks go
/// to standard error.
std::optional<ModelProblem> loadModel(const std::string &path, const StepFlags &flags,
                                      NeedStep need, Model &model);

/// The recipe as the loop reads it: what the artifact of the model would say.
Result<rt::train::Recipe> loopRecipe(const Model &model);

/// Puts the lines of --spec, then those of the model's recipe, where `options` leave them open.
/// Returns a note for each that is left out. Errors: as parseRecipe.
Result<std::vector<std::string>> takeRecipe(const Model &model, rt::train::TrainOptions &options);

/// How `model` is compiled for `batchSizes`; the recipe's precision counts where no flag is given.
/// A tuning for another processor is left out, with a note.
CompileOptions compileOptions(const Model &model, const TargetFlags &flags,
                              std::vector<int64_t> batchSizes);

/// Reads the model of `input` with `step` and compiles it to the artifact `output`, for training
/// batches of `batchSize` (nothing: defaultBatchSize).
std::optional<ModelProblem> compileFile(const std::string &input, const StepFlags &step,
                                        const TargetFlags &target, std::optional<int64_t> batchSize,
                                        const std::string &output);

/// The size of a training batch: the recipe's first, the size that the inputs fix, or 64.
int64_t defaultBatchSize(const Model &model);

/// The runtime's element type for one of ONNX, or nothing.
std::optional<rt::DType> dtypeOf(int32_t dtype);

/// Inputs and target of the model for a batch, as a data set is bound to them; dimensions that are
/// unknown become 1.
std::vector<rt::artifact::InputSpec> batchInputs(const Model &model, int64_t batchSize);

/// What a path holds, by its first bytes.
enum class FileKind : uint8_t { Missing, Folder, Elf, Safetensors, Mlir, Model };
FileKind kindOf(const std::string &path);

} // namespace ntc::driver
