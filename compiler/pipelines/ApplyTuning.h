// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Puts what was measured on the kernels that it is for.
#pragma once

#include "compiler/schedule/KernelTuning.h"

#include "mlir/Pass/Pass.h"

namespace ntc::pipelines {

/// A pass that sets the tuning of every kernel of a planned program whose key `tunings` hold.
/// Entries for other kernels do nothing; kernels without an entry keep what they have.
std::unique_ptr<mlir::Pass> createApplyTuning(std::vector<schedule::KernelTuning> tunings);

} // namespace ntc::pipelines
