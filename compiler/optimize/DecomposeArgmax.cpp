// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The index of the first maximum as a minimum of indices. A NaN counts as larger than every number,
// as in PyTorch: it is the maximum, which equals nothing, so the elements that differ from
// themselves are hits too and the first of them wins.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Decompose.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

/// The constant 0, 1, ..., V - 1.
Expr iota(Expr place, int64_t size) {
  auto type = RankedTensorType::get({size}, place.getBuilder().getI64Type());
  SmallVector<int64_t> indices = llvm::to_vector(llvm::seq<int64_t>(0, size));
  return place.make<ConstantOp>(DenseElementsAttr::get(type, ArrayRef<int64_t>(indices)));
}

// %i = nn.argmax %x {axis}                                                 V elements along the
// axis
// ->  %hit = or(%x == max(%x), %x != %x),  %i = min(select(%hit, index, V))
LogicalResult decomposeArgmax(ArgmaxOp op, PatternRewriter &rewriter) {
  int64_t axis = op.getAxis();
  Expr x(rewriter, op.getLoc(), op.getInput());
  int64_t size = x.type().getDimSize(axis);
  Expr equal = compare(Predicate::eq, x, spread(max(x, axis), x.type(), axis));
  Expr hit = x.make<OrOp>(equal, compare(Predicate::ne, x, x));
  Expr index = broadcast(iota(x, size), x.type().clone(rewriter.getI64Type()), axis);
  rewriter.replaceOp(
      op, Value(min(select(hit, index, index.constant(static_cast<double>(size))), axis)));
  return success();
}

} // namespace

void populateDecomposeArgmaxPatterns(RewritePatternSet &patterns) { patterns.add(decomposeArgmax); }

} // namespace ntc::optimize
