// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contracts between phases; see Passes.td.
#pragma once

#include "dialects/nn/Nn.h"
#include "dialects/plan/Plan.h"
#include "dialects/train/Train.h"

#include "mlir/Pass/Pass.h"

namespace ntc::verify {

#define GEN_PASS_DECL
#include "compiler/verify/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/verify/Passes.h.inc"

/// Checks one planned program: see the pass VerifyPlanned. Emits an error on the call or slot that
/// is wrong.
mlir::LogicalResult verifyPlan(ir::train::ProgramOp program);

} // namespace ntc::verify
