// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Looks kernels up by their keys.

#include "compiler/pipelines/ApplyTuning.h"

#include "dialects/train/Train.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace ntc::pipelines {
namespace {

struct ApplyTuning : PassWrapper<ApplyTuning, OperationPass<ir::train::ProgramOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ApplyTuning)

  explicit ApplyTuning(std::vector<schedule::KernelTuning> tunings) : tunings(std::move(tunings)) {}

  StringRef getName() const override { return "ApplyTuning"; }

  void runOnOperation() override {
    llvm::StringMap<const schedule::KernelTuning *> byKey;
    for (const schedule::KernelTuning &tuning : tunings) {
      byKey[tuning.kernel] = &tuning;
    }
    for (auto kernel : getOperation().getBody().getOps<ir::plan::KernelOp>()) {
      if (const schedule::KernelTuning *tuning = byKey.lookup(schedule::kernelKey(kernel))) {
        schedule::setTuning(kernel, *tuning);
      }
    }
  }

  std::vector<schedule::KernelTuning> tunings;
};

} // namespace

std::unique_ptr<Pass> createApplyTuning(std::vector<schedule::KernelTuning> tunings) {
  return std::make_unique<ApplyTuning>(std::move(tunings));
}

} // namespace ntc::pipelines
