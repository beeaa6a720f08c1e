// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transpositions around matrix products become flags of the product. Exact, but for the order in
// which a back end sums.

#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

/// True where `op` exchanges the last two dimensions and nothing else.
bool swapsLastTwo(TransposeOp op) {
  ArrayRef<int64_t> permutation = op.getPermutation();
  int64_t rank = permutation.size();
  return rank >= 2 && permutation[rank - 2] == rank - 1 && permutation[rank - 1] == rank - 2 &&
         llvm::equal(permutation.drop_back(2), llvm::seq<int64_t>(0, rank - 2));
}

// matmul(transpose(a), b) -> matmul(a, b) {transpose_lhs};  likewise for b
LogicalResult matmulOfTranspose(MatmulOp op, PatternRewriter &rewriter) {
  auto swapped = [](Value value) -> TransposeOp {
    auto transpose = value.getDefiningOp<TransposeOp>();
    return transpose && swapsLastTwo(transpose) ? transpose : TransposeOp();
  };
  TransposeOp lhs = swapped(op.getLhs()), rhs = swapped(op.getRhs());
  if (!lhs && !rhs) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<MatmulOp>(op, lhs ? lhs.getInput() : op.getLhs(),
                                        rhs ? rhs.getInput() : op.getRhs(),
                                        op.getTransposeLhs() != static_cast<bool>(lhs),
                                        op.getTransposeRhs() != static_cast<bool>(rhs));
  return success();
}

// transpose(matmul(a, b)) -> matmul(b, a) with both flags inverted, where the product has no other
// use
LogicalResult transposeOfMatmul(TransposeOp op, PatternRewriter &rewriter) {
  auto matmul = op.getInput().getDefiningOp<MatmulOp>();
  if (!matmul || !matmul->hasOneUse() || !swapsLastTwo(op)) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<MatmulOp>(op, matmul.getRhs(), matmul.getLhs(),
                                        !matmul.getTransposeRhs(), !matmul.getTransposeLhs());
  return success();
}

} // namespace

void populateSimplifyContractionPatterns(RewritePatternSet &patterns) {
  patterns.add(matmulOfTranspose);
  patterns.add(transposeOfMatmul);
}

} // namespace ntc::optimize
