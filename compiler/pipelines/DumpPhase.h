// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the program of a phase to a file.
#pragma once

#include "compiler/pipelines/Phases.h"

#include "mlir/Pass/Pass.h"

namespace ntc::pipelines {

/// A pass that writes its program to `folder/N-phase.mlir`, with locations, and changes nothing.
std::unique_ptr<mlir::Pass> createDumpPhase(Phase phase, std::string folder);

} // namespace ntc::pipelines
