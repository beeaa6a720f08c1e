// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Algebraic simplification of the dialect `nn`, one function per family of rewrites.
#pragma once

#include "dialects/nn/Nn.h"

#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace ntc::optimize {

/// Sums, differences, products, quotients, powers, maxima: neutral and absorbing elements, signs,
/// chains of constants.
void populateSimplifyArithmeticPatterns(mlir::RewritePatternSet &patterns);
/// Selections, comparisons and conversions.
void populateSimplifySelectPatterns(mlir::RewritePatternSet &patterns);
/// Operations whose operands are all splat constants.
void populateSimplifyConstantPatterns(mlir::RewritePatternSet &patterns);
/// Reshapes, transpositions, slices and padding.
void populateSimplifyShapePatterns(mlir::RewritePatternSet &patterns);
/// Broadcasts, and elementwise operations on broadcast operands.
void populateSimplifyBroadcastPatterns(mlir::RewritePatternSet &patterns);
/// Reductions.
void populateSimplifyReductionPatterns(mlir::RewritePatternSet &patterns);
/// Matrix products.
void populateSimplifyContractionPatterns(mlir::RewritePatternSet &patterns);
/// Gradients of poolings.
void populateSimplifyPoolingPatterns(mlir::RewritePatternSet &patterns);

/// The type of a tensor.
inline mlir::RankedTensorType typeOf(mlir::Value tensor) {
  return mlir::cast<mlir::RankedTensorType>(tensor.getType());
}
/// The number that all elements of the constant `value` equal; nothing if it is no such constant.
std::optional<double> splatNumber(mlir::Value value);
/// True for a constant whose elements all equal `number`.
bool isSplat(mlir::Value value, double number);

/// Applies every pattern above, with folding, and removes common subexpressions, until nothing
/// changes. Fails if there is no fixpoint.
mlir::LogicalResult simplify(mlir::Operation *root);

} // namespace ntc::optimize
