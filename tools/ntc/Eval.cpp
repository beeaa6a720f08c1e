// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc eval: metrics of a trained model. The artifact of a run has the batch sizes of its training
// data; where the data to evaluate needs others, the run's model is compiled for those.
#include "runtime/artifact/Artifact.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/Interrupt.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/Preprocessing.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/RunPart.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/DataSizes.h"

#include <algorithm>
#include <unistd.h>

namespace ntc::driver {
namespace {

using rt::artifact::EntryKind;
using rt::train::Checkpoints;
using rt::train::EvalOptions;

/// The checkpoint that `which` ("", best, latest or a file) means in a run folder; empty where
/// there is none.
std::string checkpointFile(const std::string &run, const std::string &which) {
  if (!which.empty() && which != "best" && which != "latest") {
    return which;
  }
  const std::optional<int64_t> step = rt::train::chosenStep(run, which);
  return step ? Checkpoints::view(run).path(*step) : "";
}

/// The sizes of the artifact's evaluation entries and the inputs of one of them.
std::vector<int64_t> evalEntries(const rt::artifact::Manifest &manifest,
                                 std::vector<rt::artifact::InputSpec> &inputs) {
  std::vector<int64_t> sizes;
  for (const rt::artifact::EntrySpec &entry : manifest.entries) {
    if (entry.kind == EntryKind::EvalStep) {
      sizes.push_back(entry.batchSize);
      inputs = entry.inputs;
    }
  }
  return sizes;
}

/// The --metrics that a run was trained with; none of what is no run.
std::vector<std::string> metricsOfRun(const std::string &run) {
  std::vector<std::string> out;
  auto record = rt::train::holdsRun(run) ? rt::train::readRunRecord(run)
                                         : Result<rt::train::RunRecord>(rt::train::RunRecord());
  std::string_view left = record ? std::string_view(record->metrics) : "";
  while (!left.empty()) {
    const size_t end = std::min(left.find(','), left.size());
    out.emplace_back(left.substr(0, end));
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return out;
}

/// Compiles the run's model for the sizes that the data needs, if its artifact lacks them and the
/// run has all that is needed. `options` then name that artifact and the checkpoint's file.
std::optional<ModelProblem> compileMissingSizes(EvalOptions &options, CompiledModel &compiled) {
  const std::string run = options.model.model;
  const std::string source = run + "/model.pb";
  if (kindOf(run) != FileKind::Folder || ::access(source.c_str(), R_OK) != 0) {
    return std::nullopt;
  }
  auto manifest = rt::artifact::readManifest(run + "/model.so");
  std::string checkpoint = checkpointFile(run, options.model.checkpoint);
  if (!manifest || checkpoint.empty()) {
    return std::nullopt; // the verb itself says what is wrong
  }
  std::vector<rt::artifact::InputSpec> inputs;
  const std::vector<int64_t> sizes = evalEntries(*manifest, inputs);
  if (sizes.empty()) {
    return std::nullopt;
  }
  int64_t batch = options.batchSize.value_or(std::ranges::max(sizes));
  auto preprocessing = rt::train::preprocessingOfModel(run, "");
  if (!preprocessing) {
    return ModelProblem{{preprocessing.status().message()},
                        rt::train::exitCodeOf(preprocessing.status())};
  }
  auto chosen =
      rt::train::chooseData(options.data, nullptr, options.part, run, inputs, preprocessing->known);
  if (!chosen) {
    return ModelProblem{{chosen.status().message()}, rt::train::exitCodeOf(chosen.status())};
  }
  const std::vector<int64_t> needed = evalSizes(chosen->dataset->size(), batch, options.dropLast);
  auto has = [&](int64_t size) { return std::ranges::find(sizes, size) != sizes.end(); };
  if (std::ranges::all_of(needed, has)) {
    return std::nullopt;
  }
  Model model;
  if (auto problem = loadModel(source, {}, NeedStep::Yes, model)) {
    return problem;
  }
  TargetFlags target;
  target.takeFrom(*manifest);
  if (auto problem =
          compileOrReuse(model, compileOptions(model, target, needed), CacheUse::Yes, compiled)) {
    return problem;
  }
  options.run = run; // the artifact in the cache knows nothing of it
  options.model.model = compiled.path;
  options.model.checkpoint = checkpoint;
  options.batchSize = needed.front();
  return std::nullopt;
}

} // namespace

int runEval(const Verb &verb, Words words) {
  EvalOptions options;
  std::vector<std::string> positionals;
  if (auto code =
          parseWords(verb, words, rt::train::evalFlags(options), {1, 1, "one run"}, positionals)) {
    return *code;
  }
  options.model.model = positionals[0];
  if (kindOf(positionals[0]) == FileKind::Model) {
    return failUsage(verb, positionals[0] + " is not trained; name a run folder or a compiled "
                                            "model with --checkpoint");
  }
  if (options.metrics.empty()) {
    options.metrics = metricsOfRun(positionals[0]);
  }
  CompiledModel compiled;
  if (auto problem = compileMissingSizes(options, compiled)) {
    return fail(verb, *problem);
  }
  rt::train::Interrupt interrupt;
  rt::train::Hooks hooks;
  hooks.stop = &interrupt.flag();
  hooks.command = "ntc eval";
  auto report = rt::train::runEval(options, hooks);
  int code = report ? kDone : fail(verb, report.status());
  return hooks.isStopped() && code <= kFailed ? kInterrupted : code;
}

} // namespace ntc::driver
