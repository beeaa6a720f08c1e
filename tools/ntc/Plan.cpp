// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc plan: the memory of a step, before anything is allocated.
#include "tools/ntc/PlanReport.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/train/OpenModel.h"
#include "tools/ntc/ArtifactCache.h"

namespace ntc::driver {
namespace {

constexpr size_t kRows = 20;

struct PlanFlags {
  std::optional<int64_t> batchSize;
  bool all = false;
  bool json = false;
  StepFlags step;
  TargetFlags target;
};

std::vector<Flag> planFlags(PlanFlags &flags) {
  using namespace rt::train;
  std::vector<Flag> table = {
      integerFlag("--batch-size", flags.batchSize, 1, 1 << 24,
                  "samples per step (default: the model's, else 64; of an artifact its greatest)"),
      switchFlag("--all", flags.all, "list every tensor alive at the peak (default: 20)"),
      jsonFlag(flags.json),
      refusedFlag("--memory-budget", "not available in this version"),
  };
  addModelFlags(table, flags.step, flags.target);
  return table;
}

} // namespace

int runPlan(const Verb &verb, Words words) {
  PlanFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, planFlags(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  const FileKind kind = kindOf(positionals[0]);
  const bool isCompiled = kind == FileKind::Elf || kind == FileKind::Folder;
  CompiledModel compiled;
  if (isCompiled) {
    auto path = rt::train::artifactPath(positionals[0]);
    if (!path) {
      return fail(verb, path.status());
    }
    compiled.path = path.take();
  } else {
    Model model;
    if (auto problem = loadModel(positionals[0], flags.step, NeedStep::No, model)) {
      return fail(verb, *problem);
    }
    int64_t size = flags.batchSize.value_or(defaultBatchSize(model));
    if (auto problem = compileOrReuse(model, compileOptions(model, flags.target, {size}),
                                      CacheUse::Yes, compiled)) {
      return fail(verb, *problem);
    }
  }
  auto manifest = rt::artifact::readManifest(compiled.path);
  if (!manifest) {
    return fail(verb, manifest.status());
  }
  std::optional<PlanReport> report = planReport(*manifest, flags.batchSize);
  if (!report) {
    return failUsage(
        verb, concat(positionals[0], " has no step for batch size ", flags.batchSize.value_or(0)));
  }
  if (flags.json) {
    printLine(toJson(*report));
  } else {
    print(text(*report, flags.all ? report->alive.size() : kRows));
  }
  return kDone;
}

} // namespace ntc::driver
