// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc lr-find: compiles where that is needed, then tests learning rates.
#include "runtime/train/LrFind.h"
#include "runtime/train/Interrupt.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/DataSizes.h"

namespace ntc::driver {

int runLrFind(const Verb &verb, Words words) {
  rt::train::LrFindOptions options;
  StepFlags step;
  TargetFlags target;
  std::vector<Flag> flags = rt::train::lrFindFlags(options);
  addModelFlags(flags, step, target, TakeSchedule::No);
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, std::move(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  rt::train::Interrupt interrupt;
  rt::train::Hooks hooks;
  hooks.stop = &interrupt.flag();
  options.train.model = positionals[0];
  CompiledModel compiled;
  if (kindOf(positionals[0]) != FileKind::Elf) {
    Model model;
    step.lines = StepFlags::Lines::OfRun;
    if (auto problem = loadModel(positionals[0], step, NeedStep::Yes, model)) {
      return fail(verb, *problem);
    }
    if (auto notes = takeRecipe(model, options.train); !notes) {
      return fail(verb, notes.status());
    }
    options.train.val.clear(); // nothing is validated
    if (options.train.data.empty()) {
      return failUsage(verb, "say what to train on with --data DATA");
    }
    options.train.dropLast = true;
    Result<std::vector<int64_t>> sizes = trainSizes(model, options.train);
    if (!sizes) {
      return fail(verb, sizes.status());
    }
    options.train.batchSize = sizes->front();
    CompileOptions compile = compileOptions(model, target, *sizes);
    if (auto problem = compileOrReuse(model, compile, CacheUse::Yes, compiled)) {
      return fail(verb, *problem);
    }
    options.train.model = compiled.path;
  }
  auto report = rt::train::runLrFind(options, hooks);
  int code = report ? kDone : fail(verb, report.status());
  return hooks.isStopped() && code <= kFailed ? kInterrupted : code;
}

} // namespace ntc::driver
