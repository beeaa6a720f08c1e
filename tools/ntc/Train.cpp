// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc train: compiles where that is needed, then trains.
#include "runtime/train/Train.h"
#include "frontend/format/ModelFile.h"
#include "runtime/train/Interrupt.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/RunLock.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/DataSizes.h"
#include "tools/ntc/TrainChecks.h"

#include <algorithm>
#include <filesystem>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;
using rt::train::ResumeMode;
using rt::train::TrainOptions;

struct TrainFlags {
  TrainOptions options;
  StepFlags step;
  TargetFlags target;
  bool noCache = false;
  std::string run; ///< of which run the model is: empty, or its folder
};

std::vector<Flag> modelFlags(TrainFlags &flags) {
  std::vector<Flag> table = rt::train::trainFlags(flags.options);
  addModelFlags(table, flags.step, flags.target, TakeSchedule::No);
  table.push_back(rt::train::switchFlag("--no-cache", flags.noCache,
                                        "compile anew and keep nothing in the cache"));
  table.push_back(rt::train::refusedFlag("--memory-budget", "not available in this version"));
  return table;
}

/// The table for a compiled model: what would change its step is refused with the reason.
std::vector<Flag> artifactFlags(TrainOptions &options) {
  std::vector<Flag> table = rt::train::trainFlags(options);
  for (Flag &flag : rt::train::stepFlagsRefused()) {
    table.push_back(std::move(flag));
  }
  return table;
}

int finish(const Verb &verb, const Result<rt::train::TrainReport> &report,
           const rt::train::Hooks &hooks) {
  int code = report ? kDone : fail(verb, report.status());
  return hooks.isStopped() && code <= kFailed ? kInterrupted : code;
}

/// The model.pb of a run, beside what the runtime writes. It is removed again unless the run began.
class RunModel {
public:
  ~RunModel() {
    if (folder_.empty() || rt::train::holdsRun(folder_)) {
      return;
    }
    std::error_code ignored;
    if (!hadModel_) {
      fs::remove(folder_ + "/model.pb", ignored);
    }
    if (auto lock = rt::train::RunLock::take(folder_); lock) {
      lock->discard();
    }
    if (isNew_) {
      fs::remove(folder_, ignored); // only if it is empty
    }
  }

  Status write(const std::string &folder, const Model &model) {
    Result<bool> created = rt::createFolders(folder);
    if (!created) {
      return created.status();
    }
    isNew_ = *created;
    Result<rt::train::RunLock> lock = rt::train::RunLock::take(folder);
    if (!lock) {
      return lock.status();
    }
    folder_ = folder;
    std::error_code problem;
    hadModel_ = fs::exists(folder + "/model.pb", problem);
    Status status = format::writeModel(model.proto, folder + "/model.pb");
    return status ? status : Status(Code::Io, status.message());
  }

private:
  std::string folder_;
  bool isNew_ = false;
  bool hadModel_ = false; ///< somebody else's, perhaps the very file that is trained
};

/// The artifact of the run whose model is trained anew, where it is what would be compiled.
bool takeRunsArtifact(TrainFlags &flags, const std::vector<int64_t> &sizes) {
  if (flags.run.empty() || flags.noCache || !flags.step.given().empty()) {
    return false;
  }
  const std::string path = flags.run + "/model.so";
  auto manifest = rt::artifact::readManifest(path);
  if (!manifest) {
    return false;
  }
  TargetFlags &target = flags.target;
  TargetFlags theirs;
  theirs.takeFrom(*manifest);
  const bool isPlain =
      target.mcpu == theirs.mcpu && target.disabledPasses.empty() && target.tuningFile.empty() &&
      target.level == theirs.level &&
      (target.precision == TargetFlags::kModels || target.precision == theirs.precision);
  if (target.precision == TargetFlags::kModels) {
    target.precision = theirs.precision;
  }
  if (target.denormals == 2) {
    target.denormals = theirs.denormals;
  }
  if (target.denormals != theirs.denormals) {
    return false;
  }
  auto has = [&](int64_t size) {
    return std::ranges::any_of(manifest->entries, [&](const rt::artifact::EntrySpec &entry) {
      return entry.kind == rt::artifact::EntryKind::TrainStep && entry.batchSize == size;
    });
  };
  if (!isPlain || !std::ranges::all_of(sizes, has)) {
    return false;
  }
  flags.options.model = path;
  return true;
}

int trainModel(const Verb &verb, TrainFlags &flags, const std::string &path,
               const rt::train::Hooks &hooks) {
  TrainOptions &options = flags.options;
  Model model;
  flags.step.lines = StepFlags::Lines::OfRun;
  if (auto problem = loadModel(path, flags.step, NeedStep::Yes, model)) {
    return fail(verb, *problem);
  }
  if (options.resume != ResumeMode::No && !options.out.empty()) {
    auto record = rt::train::readRunRecord(options.out);
    if (!record) {
      return fail(verb, record.status());
    }
    if (Status status = rt::train::continueFrom(*record, options); !status) {
      return fail(verb, status);
    }
  }
  const auto notes = takeRecipe(model, options);
  if (!notes) {
    return fail(verb, notes.status());
  }
  if (options.data.empty()) {
    return failUsage(verb, "say what to train on with --data DATA");
  }
  for (const std::string &each : *notes) {
    note(each);
  }
  if (Status status = checkTraining(model, options); !status) {
    return fail(verb, status);
  }
  Result<std::vector<int64_t>> sizes = trainSizes(model, options);
  if (!sizes) {
    return fail(verb, sizes.status());
  }
  options.batchSize = sizes->front();
  CompiledModel compiled;
  if (!takeRunsArtifact(flags, *sizes)) {
    CompileOptions compile = compileOptions(model, flags.target, *sizes);
    const CacheUse use = flags.noCache ? CacheUse::No : CacheUse::Yes;
    if (auto problem = compileOrReuse(model, compile, use, compiled)) {
      return fail(verb, *problem);
    }
    options.model = compiled.path;
  }
  if (hooks.isStopped()) {
    return kInterrupted;
  }
  RunModel kept;
  if (!options.dryRun && options.resume == ResumeMode::No && options.out != "-") {
    auto folder = rt::train::newRunFolder(options.out, model.name);
    if (!folder) {
      return fail(verb, folder.status());
    }
    options.out = folder.take();
    if (Status status = kept.write(options.out, model); !status) {
      return fail(verb, status);
    }
  }
  return finish(verb, rt::train::runTrain(options, hooks), hooks);
}

} // namespace

int runTrain(const Verb &verb, Words words) {
  TrainFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, modelFlags(flags), {0, 1, "one model"}, positionals)) {
    return *code;
  }
  rt::train::Interrupt interrupt;
  rt::train::Hooks hooks;
  hooks.stop = &interrupt.flag();
  hooks.command = hooks.typed = "ntc train";
  for (const std::string &word : words) {
    hooks.typed += " " + rt::train::shellWord(word);
  }
  const bool resumes = flags.options.resume != ResumeMode::No;
  std::string model = positionals.empty() && resumes ? flags.options.out
                      : positionals.empty()          ? ""
                                                     : positionals[0];
  if (model.empty()) {
    return failUsage(verb, resumes ? "say which run to resume with --out DIR"
                                   : "expected a model, found nothing more");
  }
  const FileKind kind = kindOf(model);
  if (kind != FileKind::Elf && kind != FileKind::Folder) {
    return trainModel(verb, flags, model, hooks);
  }
  if (kind == FileKind::Folder && !resumes && kindOf(model + "/model.pb") == FileKind::Model) {
    note(rt::train::newRunNote(model));
    flags.run = model;
    return trainModel(verb, flags, model + "/model.pb", hooks);
  }
  TrainOptions options;
  positionals.clear();
  if (auto code =
          parseWords(verb, words, artifactFlags(options), {0, 1, "one model"}, positionals)) {
    return *code;
  }
  options.model = model;
  return finish(verb, rt::train::runTrain(options, hooks), hooks);
}

} // namespace ntc::driver
