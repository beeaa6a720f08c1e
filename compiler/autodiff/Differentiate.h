// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse-mode differentiation of programs in the dialects `nn` and `train`.
#pragma once

#include "dialects/train/Train.h"

#include "mlir/IR/PatternMatch.h"

namespace ntc::autodiff {

/// Builds at `builder`'s insertion point the derivatives of `loss`, a scalar of floating point, by
/// each of `wrt`. Result i has the type of `wrt[i]` and is a constant zero where `loss` does not
/// depend on it. `loss` and the operations between `wrt` and it must lie in the block of the
/// insertion point, before it. Fails, with a diagnostic on the operation, where one between `wrt`
/// and `loss` has no derivative rule, and where one of `wrt` is not of floating point. New
/// operations carry the location of the forward operation that they belong to, a name `fc1`
/// becoming `fc1.grad`. Needs the rules of registerDifferentiationRules.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> buildGradients(mlir::OpBuilder &builder,
                                                               mlir::Location location,
                                                               mlir::Value loss,
                                                               mlir::ValueRange wrt);

/// Replaces every `train.gradient` inside `root` by operations of the dialect `nn`, in program
/// order, so that a gradient of a gradient finds the first one already replaced; then removes what
/// nothing uses. Fails as buildGradients does.
mlir::LogicalResult differentiate(mlir::RewriterBase &rewriter, mlir::Operation *root);

/// `location` with `.grad` after each name in it.
mlir::Location gradientLocation(mlir::Location location);

} // namespace ntc::autodiff
