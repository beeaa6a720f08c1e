// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pipeline from phase to phase. Each line says why it stands where it stands.

#include "compiler/pipelines/Phases.h"

#include "compiler/autodiff/Passes.h"
#include "compiler/fuse/Passes.h"
#include "compiler/memory/Passes.h"
#include "compiler/optimize/Passes.h"
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

std::vector<std::string> optionalPasses() {
  return {"simplify", "fuse-elementwise", "sparse-pool-gradients", "choose-layouts"};
}

namespace {

class PipelineBuilder {
public:
  PipelineBuilder(OpPassManager &pm, const PipelineOptions &options)
      : program(pm.nest<ir::train::ProgramOp>()), options(options) {}

  /// Appends what leads from the phase before to `phase`.
  void append(Phase phase) {
    switch (phase) {
    case Phase::Captured:
      program.addPass(verify::createVerifyCaptured());
      break;
    case Phase::Differentiated:
      // On the user's own operations, so that a rule can use the closed form of softmax or batch
      // normalization.
      program.addPass(autodiff::createDifferentiate());
      program.addPass(verify::createVerifyDifferentiated());
      break;
    case Phase::Optimized:
      // Before decomposition, while composite operations are still one operation each.
      addOptional("simplify", optimize::createSimplify());
      program.addPass(optimize::createDecompose());
      // Again: decomposition exposes common subexpressions of forward and backward.
      addOptional("simplify", optimize::createSimplify());
      program.addPass(createCSEPass());
      break;
    case Phase::Fused:
      // While gradients of pools are operations of their own.
      addOptional("sparse-pool-gradients", fuse::createSparsePoolGradients());
      program.addPass(fuse::createLowerToLinalg());
      // Windows and masks that are computed twice are merged while they are still visible as
      // operations.
      program.addPass(createCSEPass());
      addOptional("fuse-elementwise", fuse::createFuseElementwise());
      program.addPass(createCSEPass());
      // When nothing is merged any more: the copies that it writes would be merged into their
      // users.
      addOptional("choose-layouts", fuse::createChooseLayouts());
      program.addPass(createCSEPass());
      program.addPass(fuse::createFormDispatches());
      program.addPass(verify::createVerifyFused());
      break;
    case Phase::Planned:
      program.addPass(memory::createPlanMemory());
      program.addPass(verify::createVerifyPlanned());
      break;
    case Phase::Compiled:
      return; // code generation is the driver's next step
    }
    if (!options.dumpPhasesTo.empty()) {
      program.addPass(createDumpPhase(phase, options.dumpPhasesTo));
    }
  }

private:
  OpPassManager &program;
  const PipelineOptions &options;

  void addOptional(StringRef name, std::unique_ptr<Pass> pass) {
    bool disabled = llvm::any_of(options.disabledPasses, [&](StringRef disabled) {
      disabled.consume_front("ntc-");
      return disabled == name;
    });
    if (!disabled) {
      program.addPass(std::move(pass));
    }
  }
};

} // namespace

LogicalResult buildPipeline(OpPassManager &pm, Phase from, Phase to, const PipelineOptions &options,
                            std::string &error) {
  std::vector<std::string> known = optionalPasses();
  for (StringRef disabled : options.disabledPasses) {
    disabled.consume_front("ntc-");
    if (!llvm::is_contained(known, disabled.str())) {
      error = "--disable-pass=" + disabled.str() + ": not a pass that may be left out; those are " +
              llvm::join(known, ", ");
      return failure();
    }
  }
  PipelineBuilder builder(pm, options);
  if (from == Phase::Captured) {
    builder.append(Phase::Captured);
  }
  for (const PhaseInfo &info : kPhases) {
    if (info.phase > from && info.phase <= to) {
      builder.append(info.phase);
    }
  }
  return success();
}

} // namespace ntc::pipelines
