// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline from phase to phase. Each line says why it stands where it stands.

#include "compiler/pipelines/Phases.h"

#include "compiler/autodiff/Passes.h"
#include "compiler/fuse/Passes.h"
#include "compiler/memory/Passes.h"
#include "compiler/optimize/Passes.h"
#include "compiler/pipelines/ApplyTuning.h"
#include "compiler/pipelines/DumpPhase.h"
#include "compiler/verify/Passes.h"

#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace ntc::pipelines {

std::optional<Phase> phaseNamed(StringRef name) {
  for (const PhaseInfo &info : kPhases) {
    if (info.name == name) {
      return info.phase;
    }
  }
  return std::nullopt;
}

StringRef nameOf(Phase phase) { return kPhases[static_cast<size_t>(phase)].name; }

/// By the level, and not left out by name.
static bool isEnabled(const OptimizationInfo &info, const PipelineOptions &options) {
  return info.level <= options.level &&
         llvm::none_of(options.disabledPasses, [&](StringRef disabled) {
           disabled.consume_front("ntc-");
           return disabled == info.name;
         });
}

KernelChoices kernelChoices(const PipelineOptions &options) {
  KernelChoices choices;
  for (const OptimizationInfo &info : kOptimizations) {
    if (info.choice && !isEnabled(info, options)) {
      choices.remove(*info.choice);
    }
  }
  return choices;
}

namespace {

class PipelineBuilder {
public:
  PipelineBuilder(OpPassManager &pm, const PipelineOptions &options)
      : program(pm.nest<ir::train::ProgramOp>()), options(options) {}

  /// Appends the check of what holds in `phase`.
  void check(Phase phase) {
    switch (phase) {
    case Phase::Captured:
      program.addPass(verify::createVerifyCaptured());
      break;
    case Phase::Differentiated:
    case Phase::Optimized: // which promises no more
      program.addPass(verify::createVerifyDifferentiated());
      break;
    case Phase::Fused:
      program.addPass(verify::createVerifyFused());
      break;
    case Phase::Planned:
      program.addPass(verify::createVerifyPlanned());
      break;
    case Phase::Compiled:
      break;
    }
  }

  /// Appends what leads from the phase before to `phase`.
  void append(Phase phase) {
    switch (phase) {
    case Phase::Captured:
      check(phase);
      break;
    case Phase::Differentiated:
      // On the user's own operations, so that a rule can use the closed form of softmax or batch
      // normalization.
      program.addPass(autodiff::createDifferentiate());
      check(phase);
      break;
    case Phase::Optimized:
      // Before decomposition, while composite operations are still one operation each.
      simplify();
      program.addPass(optimize::createDecompose());
      // Again: decomposition exposes common subexpressions of forward and backward.
      simplify();
      break;
    case Phase::Fused:
      // While gradients of pools are operations of their own.
      if (enabled("sparse-pool-gradients")) {
        program.addPass(fuse::createSparsePoolGradients());
      }
      // Behind the gradients of pools, which stay f32 where they are sums over winners; before
      // linalg, while contractions are operations of their own.
      if (options.bf16) {
        program.addPass(optimize::createMixedPrecision());
        program.addPass(createCSEPass());
      }
      // When it is decided which operands are narrow; before all other convolutions are lowered.
      if (enabled("split-strided-gradients")) {
        program.addPass(fuse::createSplitStridedGradients());
      }
      program.addPass(fuse::createLowerToLinalg());
      // Windows and masks that are computed twice are merged while they are still visible as
      // operations.
      program.addPass(createCSEPass());
      if (enabled("fuse-elementwise")) {
        program.addPass(fuse::createFuseElementwise());
        program.addPass(createCSEPass());
      }
      // When nothing is merged any more: the copies that it writes would be merged into their
      // users.
      if (enabled("choose-layouts")) {
        program.addPass(fuse::createChooseLayouts());
        program.addPass(createCSEPass());
      }
      program.addPass(fuse::createFormDispatches(
          {enabled("join-dispatches"), enabled("merge-small-dispatches"), enabled("read-padded")}));
      check(phase);
      break;
    case Phase::Planned:
      // When dispatches are final.
      if (enabled("choose-owners")) {
        program.addPass(memory::createChooseOwners());
      }
      program.addPass(
          memory::createPlanMemory({enabled("update-in-place"), enabled("reuse-slots")}));
      // On kernels, whose loop groups are final.
      if (enabled("pipeline-updates")) {
        program.addPass(memory::createPipelineUpdates());
      }
      // On kernels as they are emitted: their keys cover all that is decided above.
      applyTuning();
      check(phase);
      break;
    case Phase::Compiled:
      return; // code generation is the driver's next step
    }
    if (!options.dumpPhasesTo.empty()) {
      program.addPass(createDumpPhase(phase, options.dumpPhasesTo));
    }
  }

  /// Appends what `--tuning` says about kernels.
  void applyTuning() {
    if (!options.kernelTunings.empty()) {
      program.addPass(createApplyTuning(options.kernelTunings));
    }
  }

private:
  OpPassManager &program;
  const PipelineOptions &options;

  bool enabled(StringRef name) const {
    return isEnabled(
        *llvm::find_if(kOptimizations, [&](const OptimizationInfo &o) { return o.name == name; }),
        options);
  }

  void simplify() {
    if (enabled("simplify")) {
      program.addPass(optimize::createSimplify());
      program.addPass(createCSEPass());
    }
  }
};

} // namespace

LogicalResult buildPipeline(OpPassManager &pm, Phase from, Phase to, const PipelineOptions &options,
                            std::string &error) {
  auto names = llvm::map_range(kOptimizations, [](const OptimizationInfo &o) { return o.name; });
  for (StringRef disabled : options.disabledPasses) {
    disabled.consume_front("ntc-");
    if (!llvm::is_contained(names, disabled)) {
      error = "--disable-pass=" + disabled.str() +
              ": no optimization that may be left out; those are " + llvm::join(names, ", ");
      return failure();
    }
  }
  PipelineBuilder builder(pm, options);
  if (from == Phase::Captured) {
    builder.append(Phase::Captured);
  } else {
    // What is read back may have been edited.
    builder.check(from);
    if (from == Phase::Planned) {
      builder.applyTuning();
    }
  }
  for (const PhaseInfo &info : kPhases) {
    if (info.phase > from && info.phase <= to) {
      builder.append(info.phase);
    }
  }
  return success();
}

} // namespace ntc::pipelines
