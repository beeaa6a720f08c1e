// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc compile: a model to an artifact, or to any phase or output on the way.
#include "codegen/cpu/CpuTarget.h"
#include "runtime/base/File.h"
#include "runtime/train/Interrupt.h"
#include "tools/ntc/ModelInput.h"
#include "tools/ntc/Tune.h"

#include "llvm/Support/Regex.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

namespace ntc::driver {
namespace {

using pipelines::Phase;

struct CompileFlags {
  std::string out;
  std::string from;
  std::string to;
  std::string emit = "so";
  std::string dumpPhasesTo;
  std::vector<int64_t> sizes;
  bool timing = false;
  std::string remarksFilter;
  StepFlags step;
  TargetFlags target;
  std::optional<double> tuneSeconds;
};

std::vector<std::string_view> phaseNames() {
  std::vector<std::string_view> names;
  for (const pipelines::PhaseInfo &info : pipelines::kPhases) {
    names.emplace_back(info.name.data(), info.name.size());
  }
  return names;
}

Flag phaseFlag(std::string name, std::string &target, std::string help) {
  auto set = [&target](std::string_view text) {
    size_t index = 0;
    Status status = choiceFlag("", "", phaseNames(), index, "").set(text);
    target = text;
    return status;
  };
  return {std::move(name), "PHASE", std::move(help), set, false};
}

Flag emitFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    if (text == "cuda" || text == "ptx") {
      return rt::error(Code::InvalidArgument, "the CUDA target is not available in this version");
    }
    size_t index = 0;
    target = text;
    return choiceFlag("", "", {"mlir", "llvm", "asm", "obj", "so"}, index, "").set(text);
  };
  return {"--emit", "KIND",
          "mlir, llvm, asm, obj or so; texts go to standard output unless -o is given "
          "(default: so)",
          set, false};
}

Flag remarksFlag(std::string &target) {
  auto set = [&target](std::string_view text) {
    std::string problem;
    target = text;
    if (!llvm::Regex(target).isValid(problem)) {
      return rt::error(Code::InvalidArgument, "'", text, "' is no regular expression: ", problem);
    }
    return Status();
  };
  return {"--remarks-filter", "REGEX",
          "say where optimizations whose names match applied, where not, and why (to standard "
          "error; .* for all)",
          set, false};
}

Flag targetFlag() {
  auto set = [](std::string_view text) {
    if (text == "cuda") {
      return rt::error(Code::InvalidArgument, "the CUDA target is not available in this version; "
                                              "leave it out or write --target=cpu");
    }
    size_t index = 0;
    return choiceFlag("", "", {"cpu"}, index, "").set(text);
  };
  return {"--target", "NAME", "cpu (default: cpu)", set, false};
}

/// With --tune the file of --tuning may be one that is yet to be written.
void letTuningBeNew(std::vector<Flag> &table, TargetFlags &target) {
  auto flag = std::ranges::find(table, "--tuning", &Flag::name);
  flag->set = [read = flag->set, &target](std::string_view path) {
    if (kindOf(std::string(path)) == FileKind::Missing) {
      target.tuningFile = path;
      return Status();
    }
    return read(path);
  };
}

std::vector<Flag> compileFlags(CompileFlags &flags) {
  using namespace rt::train;
  std::vector<Flag> table = {
      textFlag("--out,-o", "FILE", flags.out,
               "the file to write, - for standard output (default: the model's name with .so)"),
      sizesFlag("--batch-size", flags.sizes,
                "batch sizes to compile for, the training batch first (default: the model's, else "
                "64)"),
      targetFlag(),
      emitFlag(flags.emit),
      phaseFlag("--compile-from", flags.from, "phase that a .mlir input is in"),
      phaseFlag("--compile-to", flags.to,
                "stop after captured, differentiated, optimized, fused or planned and write its "
                "MLIR"),
      textFlag("--dump-phases-to", "DIR", flags.dumpPhasesTo,
               "write every phase's MLIR to a folder"),
      switchFlag("--timing", flags.timing,
                 "say how long each part took; LLVM's begins beside the kernels'"),
      remarksFlag(flags.remarksFilter),
  };
  table.push_back(rt::train::durationFlag(
      "--tune", flags.tuneSeconds,
      "measure alternatives on this machine for about so long, use what is faster, and write it to "
      "the file of --tuning, from which it then goes on (default: the artifact's name with "
      ".tuning)"));
  addModelFlags(table, flags.step, flags.target);
  letTuningBeNew(table, flags.target);
  for (const char *later : {"--gpu-arch", "--memory-budget"}) {
    table.push_back(refusedFlag(later, "not available in this version"));
  }
  return table;
}

struct Output {
  Emit emit = Emit::So;
  std::string path;
};

/// Where the result goes by default: artifacts and objects beside the working folder's files, texts
/// to standard output.
Output chooseOutput(const CompileFlags &flags, const std::string &input) {
  constexpr std::array<std::pair<std::string_view, Emit>, 5> kinds = {{{"mlir", Emit::Mlir},
                                                                       {"llvm", Emit::Llvm},
                                                                       {"asm", Emit::Asm},
                                                                       {"obj", Emit::Obj},
                                                                       {"so", Emit::So}}};
  Output output;
  for (const auto &[name, emit] : kinds) {
    output.emit = name == flags.emit ? emit : output.emit;
  }
  bool isText = output.emit != Emit::So && output.emit != Emit::Obj;
  isText |= !flags.to.empty() && flags.to != "compiled";
  std::string stem = std::filesystem::path(input).stem().string();
  output.path = !flags.out.empty() ? flags.out
                : isText           ? "-"
                                   : stem + (output.emit == Emit::Obj ? ".o" : ".so");
  return output;
}

void printTimes(const CompileTimes &times) {
  std::fprintf(stderr, "import %.3f s, passes %.3f s, kernels %.3f s, LLVM %.3f s, link %.3f s\n",
               times.import, times.passes, times.emit, times.llvm, times.link);
}

/// Why --tune does not go with the other words; empty: it does.
std::string whyNotTuned(const CompileFlags &flags, FileKind kind, const Output &output) {
  if (!flags.tuneSeconds) {
    return flags.target.tuningFile.empty() || kindOf(flags.target.tuningFile) != FileKind::Missing
               ? ""
               : concat("no file ", flags.target.tuningFile, "; --tune=SECONDS writes one");
  }
  if (kind == FileKind::Mlir || output.emit != Emit::So ||
      (!flags.to.empty() && flags.to != "compiled")) {
    return "--tune runs a model's training step; it needs a model and compiles to an artifact";
  }
  return "";
}

/// Searches, and writes what was found to the file of --tuning; `options` have it then.
std::optional<ModelProblem> tuneInto(const CompileFlags &flags, const Model &model,
                                     CompileOptions &options, const Output &output) {
  auto target = codegen::cpu::CpuTarget::create(options.mcpu);
  if (!target) {
    return ModelProblem{{llvm::toString(target.takeError())}, kUsage};
  }
  const std::string path =
      !flags.target.tuningFile.empty()
          ? flags.target.tuningFile
          : std::filesystem::path(output.path).replace_extension(".tuning").string();
  const std::string &theirs = flags.target.tuning.processor;
  if (!theirs.empty() && theirs != target->cpu) {
    return ModelProblem{{concat(path, " was measured on ", quoted(theirs), ", and this is ",
                                quoted(target->cpu), "; name another file with --tuning")},
                        kUsage};
  }
  if (!model.hasStep) {
    return ModelProblem{{"--tune runs a training step, and the model has none; --loss and "
                         "--optimizer give it one"},
                        kUsage};
  }
  options.tuning.processor = target->cpu;
  rt::train::Interrupt interrupt;
  if (auto problem = tune(model, options, {*flags.tuneSeconds, &interrupt.flag()})) {
    return problem;
  }
  const std::string text = tuningText(options.tuning);
  const Status written =
      rt::writeFileAtomically(path, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  if (!written) {
    return ModelProblem{{written.message()}, kFailed};
  }
  note(concat("wrote ", path));
  return std::nullopt;
}

/// The line that ends a compilation to an artifact.
void sayWritten(const std::string &path, const rt::artifact::Manifest &manifest) {
  std::string sizes;
  bool trains = false;
  for (auto kind : {rt::artifact::EntryKind::TrainStep, rt::artifact::EntryKind::Predict}) {
    for (const auto &entry : manifest.entries) {
      bool isNew = entry.kind == kind && entry.fromEpoch == 0 &&
                   (kind == rt::artifact::EntryKind::TrainStep || !trains);
      sizes += isNew ? concat(sizes.empty() ? "" : ", ", entry.batchSize) : "";
    }
    trains = !sizes.empty();
  }
  note(concat("wrote ", path, ": ", manifest.modelName, ", ", manifest.precision, ", batch size ",
              sizes, ", ", manifest.kernelCount, " kernels, ", bytesText(manifest.arenaBytes),
              " for a session, for ", manifest.cpu));
}

} // namespace

int runCompile(const Verb &verb, Words words) {
  CompileFlags flags;
  std::vector<std::string> positionals;
  if (auto code = parseWords(verb, words, compileFlags(flags), {1, 1, "one model"}, positionals)) {
    return *code;
  }
  const std::string &input = positionals[0];
  const FileKind kind = kindOf(input);
  if (kind == FileKind::Elf || kind == FileKind::Folder) {
    return failUsage(verb, concat(input, kind == FileKind::Elf ? " is compiled already"
                                                               : " is a folder; name the model"));
  }
  const Output output = chooseOutput(flags, input);
  if (output.path == "-" && (output.emit == Emit::So || output.emit == Emit::Obj) &&
      (flags.to.empty() || flags.to == "compiled")) {
    return failUsage(verb, "machine code is not written to standard output; name a file with -o");
  }
  if (std::string why = whyNotTuned(flags, kind, output); !why.empty()) {
    return failUsage(verb, why);
  }
  rt::artifact::Manifest manifest;
  CompileTimes times;
  CompileOptions options;
  std::optional<CompileError> error;
  auto finishOptions = [&] {
    options.emit = output.emit;
    options.dumpPhasesTo = flags.dumpPhasesTo;
    options.timing = flags.timing;
    options.remarksFilter = flags.remarksFilter;
    options.compileTo = flags.to.empty() ? Phase::Compiled : *pipelines::phaseNamed(flags.to);
    options.compileFrom = flags.from.empty() ? Phase::Captured : *pipelines::phaseNamed(flags.from);
  };
  if (kind == FileKind::Mlir) {
    if (flags.from.empty()) {
      return failUsage(verb, "say which phase " + input + " is in with --compile-from=PHASE");
    }
    std::vector<std::string> given = flags.step.given();
    if (!given.empty()) {
      return failUsage(verb, concat(given[0], " changes the step of a model; ", input,
                                    " is a program with its step written out"));
    }
    options = compileOptions({}, flags.target, flags.sizes);
    finishOptions();
    error = compileMlir(input, options, output.path, &manifest);
  } else {
    if (!flags.from.empty() && flags.from != "captured") {
      return failUsage(verb, "--compile-from needs a .mlir file of that phase, found " + input);
    }
    Model model;
    if (auto problem = loadModel(input, flags.step, NeedStep::No, model)) {
      return fail(verb, *problem);
    }
    if (!model.hasStep) {
      note(concat("note: ", input, " has no training step and compiles for predictions only; ",
                  "--loss and --optimizer give it one"));
    }
    std::vector<int64_t> sizes = flags.sizes;
    if (sizes.empty() && model.spec.batch_sizes_size() > 0) {
      sizes.assign(model.spec.batch_sizes().begin(), model.spec.batch_sizes().end());
    } else if (sizes.empty()) {
      sizes = {defaultBatchSize(model)};
    }
    options = compileOptions(model, flags.target, std::move(sizes));
    if (flags.tuneSeconds) {
      if (auto problem = tuneInto(flags, model, options, output)) {
        return fail(verb, *problem);
      }
    }
    finishOptions();
    error = compileModel(model.proto, options, output.path, &manifest, &times);
  }
  if (error) {
    return fail(verb, problemOf(*error));
  }
  if (flags.timing) {
    printTimes(times);
  }
  if (output.emit == Emit::So && options.compileTo == Phase::Compiled) {
    sayWritten(output.path, manifest);
  }
  return kDone;
}

} // namespace ntc::driver
