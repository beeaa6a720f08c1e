// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rewrites of composite operations into elementwise operations and reductions, one function per
// family.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace ntc::optimize {

/// `nn.softmax` and `nn.log_softmax`, with the maximum subtracted.
void populateDecomposeSoftmaxPatterns(mlir::RewritePatternSet &patterns);
/// `nn.batch_norm`: statistics of the batch, then a scale and a shift per channel.
void populateDecomposeBatchNormPatterns(mlir::RewritePatternSet &patterns);
/// `nn.argmax`: the smallest index among the maxima.
void populateDecomposeArgmaxPatterns(mlir::RewritePatternSet &patterns);

} // namespace ntc::optimize
