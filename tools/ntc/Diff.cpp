// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc diff: finds out what the two sides are.
#include "tools/ntc/Diff.h"

#include "runtime/format/Safetensors.h"
#include "runtime/train/Checkpoints.h"

namespace ntc::driver {
namespace {

using pipelines::Phase;

constexpr size_t kRows = 20;
/// Phases rewrite sums in another order: with some thousand terms of f32 (2^-24 each) the results
/// part by about 1e-6 of their size, and a rewrite that is wrong by far more.
constexpr double kPhaseTolerance = 1e-5;

struct DiffFlags {
  DiffOptions options;
  std::optional<double> tolerance;
  std::optional<int64_t> steps;
  std::optional<uint64_t> seed;
  std::string phases;
  bool json = false;
  StepFlags step;
};

std::vector<Flag> diffFlags(DiffFlags &flags) {
  using namespace rt::train;
  std::vector<Flag> table = {
      numberFlag("--tolerance", flags.tolerance, 0.0,
                 "let values pass that differ by at most X times their size or 1 (default: 0, the "
                 "same value; with --phases 1e-5, for phases reorder sums)"),
      integerFlag("--steps", flags.steps, 1, INT32_MAX,
                  "artifacts and programs: training steps to compare (default: 1)"),
      unsignedFlag("--seed", flags.seed, "seed of parameters and random inputs (default: 0)"),
      integerFlag("--batch-size", flags.options.batchSize, 1, 1 << 24,
                  "samples per step (default: one that both sides have)"),
      textFlag("--phases", "A,B", flags.phases,
               "compare two phases of one model: differentiated, optimized, fused"),
      jsonFlag(flags.json),
  };
  for (Flag &flag : stepFlags(flags.step)) {
    table.push_back(std::move(flag));
  }
  return table;
}

Result<Phase> comparablePhase(std::string_view name) {
  auto phase = pipelines::phaseNamed(llvm::StringRef(name.data(), name.size()));
  if (phase && *phase >= Phase::Differentiated && *phase <= Phase::Fused) {
    return *phase;
  }
  return rt::error(Code::InvalidArgument,
                   "--phases: expected two of differentiated, optimized and fused, found ",
                   quoted(name));
}

/// The checkpoint that a side means: itself, or the newest one of a run folder.
Result<std::string> stateFile(const std::string &path) {
  if (!isFolder(path)) {
    return path;
  }
  auto checkpoints = rt::train::Checkpoints::view(path);
  std::vector<int64_t> steps = checkpoints.steps();
  if (steps.empty()) {
    return rt::error(Code::NotFound, "folder '", path, "' holds no checkpoint");
  }
  return checkpoints.path(steps.front());
}

int finish(const DiffFlags &flags, const DiffReport &report) {
  if (flags.json) {
    printLine(report.json());
  } else {
    print(report.text(kRows));
  }
  return report.isEqual() ? kDone : kFailed;
}

int diffModelPhases(const Verb &verb, const DiffFlags &flags, const std::string &path,
                    DiffReport &report) {
  size_t comma = flags.phases.find(',');
  Result<Phase> a = comparablePhase(std::string_view(flags.phases).substr(0, comma));
  Result<Phase> b = comma == std::string::npos
                        ? a
                        : comparablePhase(std::string_view(flags.phases).substr(comma + 1));
  if (!a || !b || comma == std::string::npos) {
    return !a   ? fail(verb, a.status())
           : !b ? fail(verb, b.status())
                : failUsage(verb, "--phases: expected two phases divided by a comma");
  }
  Model model;
  if (auto problem = loadModel(path, flags.step, NeedStep::No, model)) {
    return fail(verb, *problem);
  }
  if (auto problem = diffPhases(model, *a, *b, flags.options, report)) {
    return fail(verb, *problem);
  }
  return finish(flags, report);
}

} // namespace

Status diffStates(const std::string &a, const std::string &b, DiffReport &report) {
  std::vector<NamedTensor> sides[2];
  const std::string paths[2] = {a, b};
  for (size_t side = 0; side < 2; ++side) {
    auto file = rt::format::Safetensors::open(paths[side]);
    if (!file) {
      return file.status();
    }
    for (const rt::format::StoredTensor &tensor : file->tensors()) {
      if (!tensor.dtype) {
        return rt::error(Code::Unsupported, paths[side], ": tensor ", quoted(tensor.name),
                         " has type ", tensor.dtypeName, ", which this version does not read");
      }
      sides[side].push_back({tensor.name, tensor.shape, asDoubles(*tensor.dtype, tensor.bytes)});
    }
  }
  report.compare("", sides[0], sides[1]);
  return Status::ok();
}

int runDiff(const Verb &verb, Words words) {
  DiffFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, diffFlags(flags), {1, 2, "two things"}, positionals)) {
    return *code;
  }
  flags.options.steps = flags.steps.value_or(1);
  flags.options.seed = flags.seed.value_or(0);
  DiffReport report(flags.tolerance.value_or(0.0));
  if (!flags.phases.empty()) {
    report.setTolerance(flags.tolerance.value_or(kPhaseTolerance));
    return positionals.size() == 1
               ? diffModelPhases(verb, flags, positionals[0], report)
               : failUsage(verb, "--phases compares phases of one model, found two files");
  }
  if (positionals.size() < 2) {
    return failUsage(verb, "expected two things to compare, or one model with --phases A,B");
  }
  FileKind kinds[2] = {kindOf(positionals[0]), kindOf(positionals[1])};
  for (size_t side = 0; side < 2; ++side) {
    if (kinds[side] == FileKind::Missing) {
      return fail(verb, rt::error(Code::NotFound, "there is no '", positionals[side], "'"));
    }
    kinds[side] = kinds[side] == FileKind::Folder ? FileKind::Safetensors : kinds[side];
  }
  if (kinds[0] != kinds[1] || kinds[0] == FileKind::Model) {
    return failUsage(verb, "expected two checkpoints or run folders, two artifacts, or two .mlir "
                           "programs; compile models first, or give one with --phases");
  }
  if (kinds[0] == FileKind::Mlir) {
    auto problem = diffPrograms(positionals[0], positionals[1], flags.options, report);
    return problem ? fail(verb, *problem) : finish(flags, report);
  }
  Status status = Status::ok();
  if (kinds[0] == FileKind::Elf) {
    status = diffArtifacts(positionals[0], positionals[1], flags.options, report);
  } else {
    Result<std::string> a = stateFile(positionals[0]), b = stateFile(positionals[1]);
    status = !a ? a.status() : !b ? b.status() : diffStates(*a, *b, report);
  }
  return status ? finish(flags, report) : fail(verb, status);
}

} // namespace ntc::driver
