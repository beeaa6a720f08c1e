// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the phase *fused*; see Passes.td.
#pragma once

#include "dialects/nn/Nn.h"
#include "dialects/plan/Plan.h"
#include "dialects/train/Train.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace ntc::fuse {

#define GEN_PASS_DECL
#include "compiler/fuse/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/fuse/Passes.h.inc"

} // namespace ntc::fuse
