// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc profile: the time of every dispatch of a training step. A model is compiled first.
#include "runtime/train/Profile.h"

#include "tools/ntc/ArtifactCache.h"

namespace ntc::driver {
namespace {

struct ProfileFlags {
  rt::train::ProfileOptions options;
  StepFlags step;
  TargetFlags target;
};

std::vector<Flag> profileFlags(ProfileFlags &flags) {
  std::vector<Flag> table = rt::train::profileFlags(flags.options);
  addModelFlags(table, flags.step, flags.target);
  return table;
}

} // namespace

int runProfile(const Verb &verb, Words words) {
  ProfileFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, profileFlags(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  rt::train::ProfileOptions &options = flags.options;
  options.model = positionals[0];
  const FileKind kind = kindOf(options.model);
  TemporaryFolder folder;
  if (kind != FileKind::Elf && kind != FileKind::Folder) {
    auto made = TemporaryFolder::create();
    if (!made) {
      return fail(verb, made.status());
    }
    folder = made.take();
    options.model = folder.path() + "/model.so";
    if (auto problem = compileFile(positionals[0], flags.step, flags.target, options.batchSize,
                                   options.model)) {
      return fail(verb, *problem);
    }
  } else if (std::vector<std::string> given = flags.step.given(); !given.empty()) {
    return failUsage(verb, concat(given[0], " is compiled into the artifact; give it to 'ntc "
                                            "compile' or profile the model.pb"));
  }
  rt::train::Hooks hooks;
  hooks.print = [](std::string_view line) { printLine(line); };
  auto report = rt::train::runProfile(options, hooks);
  return report ? kDone : fail(verb, report.status());
}

} // namespace ntc::driver
