// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The emitters as a pass, so that what they write for a program can be read and tested.

#include "codegen/cpu/CompileKernels.h"
#include "codegen/cpu/Passes.h"

using namespace mlir;

namespace ntc::codegen::cpu {

#define GEN_PASS_DEF_EMITKERNELS
#include "codegen/cpu/Passes.h.inc"

namespace {

struct EmitKernels : impl::EmitKernelsBase<EmitKernels> {
  using EmitKernelsBase::EmitKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto found = CpuTarget::create(mcpu);
    if (!found) {
      module.emitError(llvm::toString(found.takeError()));
      return signalPassFailure();
    }
    pipelines::KernelChoices choices;
    for (const std::string &name : disable) {
      std::optional<pipelines::KernelChoice> choice = pipelines::kernelChoiceNamed(name);
      if (!choice) {
        module.emitError("no choice of the emitters has the name '") << name << "'";
        return signalPassFailure();
      }
      choices.remove(*choice);
    }
    VectorEmitter emitter(*found, choices);
    for (auto program : llvm::to_vector(module.getOps<ir::train::ProgramOp>())) {
      auto kernels = emitKernels(program, emitter);
      if (failed(kernels)) {
        return signalPassFailure();
      }
      program->getBlock()->getOperations().splice(program->getIterator(),
                                                  (*kernels)->getBody()->getOperations());
      program.erase();
    }
  }
};

} // namespace
} // namespace ntc::codegen::cpu
