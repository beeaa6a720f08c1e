// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random programs of the dialect `nn` for tests that a transformation keeps values.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <cstdint>

namespace ntc::optimize::test {

/// A module with one entry that takes f64 tensors and returns every value that it does not use
/// itself. It holds the shapes and operations that rewrites look for: constants of equal elements,
/// broadcasts, transpositions, sums, signs, masks. It is continuous in its arguments but where it
/// compares two of them, and divides by numbers of at least 1 only, so that differences of rounding
/// stay small.
mlir::OwningOpRef<mlir::ModuleOp> randomProgram(mlir::MLIRContext &context, uint64_t randomSeed);

} // namespace ntc::optimize::test
