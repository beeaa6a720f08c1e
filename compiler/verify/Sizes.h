// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sizes of tensors that every phase may compute with: no shape is empty, and no product of sizes
// leaves 64 bits.
#pragma once

#include "dialects/train/Train.h"

namespace ntc::verify {

/// Emits an error on `op` unless `type` is no shaped type, or has fixed sizes, at least one element
/// and no more than nn::kMostElements.
mlir::LogicalResult verifySize(mlir::Operation *op, mlir::Type type);

/// The same of everything that `program` computes, holds or takes.
mlir::LogicalResult verifySizes(ir::train::ProgramOp program);

} // namespace ntc::verify
