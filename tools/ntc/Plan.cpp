// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc plan: the memory of a step, before anything is allocated, and its predicted time.
#include "tools/ntc/PlanReport.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/train/OpenModel.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/CostReport.h"
#include "tools/ntc/SpeedsFile.h"

namespace ntc::driver {
namespace {

constexpr size_t kRows = 20;

struct PlanFlags {
  std::optional<int64_t> batchSize;
  std::optional<int64_t> threads;
  bool all = false;
  bool cost = false;
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
      switchFlag("--cost", flags.cost, "predict the time of every dispatch and of the step"),
      integerFlag("--threads", flags.threads, 1, 1024,
                  "of the prediction (default: all that 'ntc doctor --measure' had)"),
      jsonFlag(flags.json),
      refusedFlag("--memory-budget", "not available in this version"),
  };
  addModelFlags(table, flags.step, flags.target);
  return table;
}

/// Prints the prediction for `entry`.
int printCost(const Verb &verb, const PlanFlags &flags, const rt::artifact::Manifest &manifest,
              const rt::artifact::EntrySpec &entry) {
  auto kept = keptOrMeasured();
  if (!kept) {
    return fail(verb, kept.status());
  }
  const unsigned most = kept->speeds.threads;
  if (flags.threads && *flags.threads > most) {
    return failUsage(verb, concat("flag '--threads': ", *flags.threads, " is more than the ", most,
                                  " for which this machine's limits were measured"));
  }
  const auto threads = static_cast<unsigned>(flags.threads.value_or(most));
  CostReport report = costReport(manifest, entry, kept->speeds, threads);
  flags.json ? printLine(toJson(report)) : print(text(report));
  return kDone;
}

} // namespace

int runPlan(const Verb &verb, Words words) {
  PlanFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, planFlags(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  if (flags.threads && !flags.cost) {
    return failUsage(verb, "flag '--threads' is of a prediction: give --cost, too");
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
  const rt::artifact::EntrySpec *entry = findEntry(*manifest, flags.batchSize);
  if (flags.cost && entry) {
    return printCost(verb, flags, *manifest, *entry);
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
