// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tables of flags of verbs that read and compile a model.
#include "tools/ntc/ModelInput.h"

#include "codegen/cpu/CpuTarget.h"
#include "frontend/format/SpecFlags.h"
#include "runtime/train/Options.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"

#include <algorithm>
#include <iterator>

namespace ntc::driver {
namespace {

/// Refuses a processor that LLVM does not know, without the warnings that LLVM prints when it is
/// asked to compile for one.
Status checkProcessor(const std::string &name) {
  auto native = codegen::cpu::CpuTarget::create("native");
  if (name == "native" || !native) {
    return native ? Status::ok()
                  : rt::error(Code::InvalidArgument, llvm::toString(native.takeError()));
  }
  std::string problem;
  const llvm::Triple triple(native->triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, problem);
  std::unique_ptr<llvm::MCSubtargetInfo> info(
      backend ? backend->createMCSubtargetInfo(triple, "", "") : nullptr);
  return info && info->isCPUStringValid(name)
             ? Status::ok()
             : rt::error(Code::InvalidArgument, rt::quoted(name),
                         " is not a processor that LLVM knows; native, x86-64-v2, x86-64-v3 and "
                         "x86-64-v4 are always there on x86-64");
}

std::string optimizationNames() {
  std::string names;
  for (const pipelines::OptimizationInfo &info : pipelines::kOptimizations) {
    names += (names.empty() ? "" : ", ") + info.name.str();
  }
  return names;
}

/// What level `level` adds to the one below it.
std::string levelHelp(unsigned level) {
  std::string names;
  for (const pipelines::OptimizationInfo &info : pipelines::kOptimizations) {
    if (info.level == level) {
      names += (names.empty() ? "" : ", ") + info.name.str();
    }
  }
  return concat(level == 0      ? std::string("no optimization of the program")
                : names.empty() ? concat("as -O", level - 1)
                                : concat("-O", level - 1, " and ", names),
                level == pipelines::kDefaultLevel ? " (the default)" : "");
}

} // namespace

std::vector<std::string> StepFlags::given() const {
  std::vector<std::string> names;
  auto add = [&](const char *name, bool there) {
    if (there) {
      names.emplace_back(name);
    }
  };
  add("--spec", !spec.empty());
  add("--loss", !loss.empty());
  add("--optimizer", !optimizer.empty());
  add("--freeze", !freeze.empty());
  add("--unfreeze", !unfreeze.empty());
  add("--reinit", !reinit.empty());
  add("--param-group", !groups.empty());
  add("--penalty", !penalties.empty());
  add("--clip-grad-norm", clipNorm.has_value());
  add("--clip-grad-value", clipValue.has_value());
  add("--log-grad-norm", gradNorm);
  add("--accumulate", accumulate.has_value());
  add("--average", !average.empty());
  return names;
}

std::vector<Flag> stepFlags(StepFlags &flags) {
  using namespace rt::train;
  return {
      textFlag("--spec", "FILE", flags.spec,
               "recipe as a TrainSpec in text form or JSON (a run's train.json): what it names "
               "takes the place of the model's, flags the place of both"),
      textFlag("--loss", "LOSS", flags.loss,
               "cross_entropy, nll, mse, l1, bce or bce_with_logits, with settings after commas: "
               "cross_entropy,label_smoothing=0.1 (default: the model's)"),
      textFlag("--optimizer", "OPTIMIZER", flags.optimizer,
               "sgd, adam, adamw, adadelta, rmsprop, adagrad, adamax, radam, nadam or lion, with "
               "settings after commas: "
               "sgd,lr=0.1,momentum=0.9,weight_decay=5e-4,nesterov (default: the model's)"),
      scheduleFlag(flags.schedule),
      listFlag("--freeze", "PATTERN", flags.freeze,
               "parameters that are not trained: a glob over names such as 'layer1.*', or an "
               "expression between slashes; may be repeated"),
      listFlag("--unfreeze", "PATTERN@EPOCH", flags.unfreeze,
               "parameters that are frozen at first and trained after EPOCH epochs: 'conv2.*@3'; "
               "where several match, the earliest counts; may be repeated"),
      listFlag("--reinit", "PATTERN", flags.reinit,
               "parameters that are drawn afresh instead of kept; may be repeated"),
      numberFlag("--clip-grad-norm", flags.clipNorm, 0.0,
                 "limit of the 2-norm of all gradients together (default: the model's; 0: none)"),
      numberFlag("--clip-grad-value", flags.clipValue, 0.0,
                 "limit of the absolute value of every element of every gradient (default: the "
                 "model's; 0: none)"),
      switchFlag("--log-grad-norm", flags.gradNorm,
                 "report the 2-norm of all gradients, before clipping, as metric grad_norm"),
      integerFlag("--accumulate", flags.accumulate, 1, format::mostAccumulated,
                  "batches whose gradients are joined for one step, as if they were one batch "
                  "(default: the model's, 1)"),
      textFlag("--average", "KIND", flags.average,
               "keep an average of the weights for validation and --averaged: "
               "ema,decay=0.999 after every step or swa,start=5 after every epoch from the sixth "
               "on; every=N: after every N steps"),
      listFlag("--param-group", "PATTERN:SETTINGS", flags.groups,
               "hyperparameters of the parameters that match: 'fc*:lr=0.1x,weight_decay=0', with "
               "0.1x a multiple of the optimizer's lr, or 'conv*:freeze'; the first match counts; "
               "may be repeated"),
      listFlag("--penalty", "[PATTERN:]SETTINGS", flags.penalties,
               "what is added to the loss for the parameters that match: 'fc*.weight:l1=1e-5', "
               "'l2=1e-4', or both (an elastic net); may be repeated"),
  };
}

Flag tuningFlag(TargetFlags &flags) {
  auto set = [&flags](std::string_view path) {
    flags.tuningFile = path;
    Result<Tuning> tuning = readTuning(flags.tuningFile);
    flags.tuning = tuning ? *tuning : Tuning();
    return tuning.status();
  };
  return {"--tuning", "FILE",
          "what 'ntc compile --tune' learned on this processor; may change the order of sums", set,
          false};
}

std::vector<Flag> targetFlags(TargetFlags &flags) {
  auto precision =
      choiceFlag("--precision", "TYPE", {"f32", "f64", "bf16", "f16"}, flags.precision,
                 "element type of the step: f32, f64, or bf16: products of bf16, sums and "
                 "parameters of f32 (default: the model's, f32)");
  auto choose = precision.set;
  precision.set = [choose](std::string_view text) {
    if (text == "f16") {
      return rt::error(Code::InvalidArgument, text,
                       " is not available in this version; f32, f64 and bf16 are");
    }
    return choose(text);
  };
  Flag processor = rt::train::textFlag("--mcpu", "NAME", flags.mcpu,
                                       "processor to compile for: native, x86-64-v3, znver4, … as "
                                       "clang takes it (default: native)");
  processor.set = [&flags](std::string_view name) {
    flags.mcpu = name;
    return checkProcessor(flags.mcpu);
  };
  std::vector<Flag> table = {
      processor,
      precision,
      choiceFlag("--denormals", "HOW", {"flush", "keep"}, flags.denormals,
                 "subnormal numbers: flush to zero or keep (default: flush)"),
      listFlag("--disable-pass", "NAME", flags.disabledPasses,
               "leave out an optimization by name: " + optimizationNames() + "; may be repeated"),
      tuningFlag(flags),
  };
  for (unsigned level = 0; level <= pipelines::kHighestLevel; ++level) {
    auto set = [&flags, level](std::string_view) {
      flags.level = level;
      return Status();
    };
    table.push_back({concat("-O", level), "", levelHelp(level), set, false});
  }
  return table;
}

void addModelFlags(std::vector<Flag> &table, StepFlags &step, TargetFlags &target,
                   TakeSchedule schedule) {
  for (Flag &flag : stepFlags(step)) {
    if (schedule == TakeSchedule::Yes || flag.name != "--schedule") {
      table.push_back(std::move(flag));
    }
  }
  std::ranges::move(targetFlags(target), std::back_inserter(table));
}

} // namespace ntc::driver
