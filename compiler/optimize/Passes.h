// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from the phase differentiated to the phase optimized; see Passes.td.
#pragma once

#include "dialects/nn/Nn.h"

#include "mlir/Pass/Pass.h"

namespace ntc::optimize {

#define GEN_PASS_DECL
#include "compiler/optimize/Passes.h.inc"

/// Registers the passes of this folder with the global registry, for tools that take a pipeline as
/// text.
#define GEN_PASS_REGISTRATION
#include "compiler/optimize/Passes.h.inc"

} // namespace ntc::optimize
