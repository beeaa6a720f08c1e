// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from the phase captured to the phase differentiated; see Passes.td.
#pragma once

#include "dialects/nn/Nn.h"
#include "dialects/train/Train.h"

#include "mlir/Pass/Pass.h"

namespace ntc::autodiff {

#define GEN_PASS_DECL
#include "compiler/autodiff/Passes.h.inc"

/// Registers the passes of this folder with the global registry, for tools that take a pipeline as
/// text.
#define GEN_PASS_REGISTRATION
#include "compiler/autodiff/Passes.h.inc"

} // namespace ntc::autodiff
