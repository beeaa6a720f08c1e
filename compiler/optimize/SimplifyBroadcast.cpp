// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Broadcasts: composed with each other and with reshapes, and moved behind the operations that use
// them, so that arithmetic happens before elements are repeated. All rewrites are exact.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

// broadcast(broadcast(a)) -> broadcast(a), dimensions composed
LogicalResult broadcastOfBroadcast(BroadcastOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<BroadcastOp>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> dims;
  for (int64_t dim : inner.getDims()) {
    dims.push_back(op.getDims()[dim]);
  }
  rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), inner.getInput(), dims);
  return success();
}

// broadcast(a) -> reshape(a), where nothing is repeated
LogicalResult broadcastWithoutRepetition(BroadcastOp op, PatternRewriter &rewriter) {
  if (typeOf(op.getInput()).getNumElements() != typeOf(op).getNumElements()) {
    return failure();
  }
  rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), op.getInput());
  return success();
}

/// The numbers of the dimensions of `type` whose size is not 1.
SmallVector<int64_t> properDims(RankedTensorType type) {
  SmallVector<int64_t> dims;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (type.getDimSize(d) != 1) {
      dims.push_back(d);
    }
  }
  return dims;
}

/// True where the types differ in dimensions of size 1 only.
bool differInUnits(RankedTensorType a, RankedTensorType b) {
  auto sizes = [](RankedTensorType type) {
    return llvm::map_to_vector(properDims(type), [&](int64_t d) { return type.getDimSize(d); });
  };
  return sizes(a) == sizes(b);
}

// broadcast(reshape(a)) -> broadcast(a), where the reshape only adds dimensions of size 1 to an `a`
// that has none
LogicalResult broadcastOfReshape(BroadcastOp op, PatternRewriter &rewriter) {
  auto reshape = op.getInput().getDefiningOp<ReshapeOp>();
  if (!reshape) {
    return failure();
  }
  RankedTensorType from = typeOf(reshape.getInput()), to = typeOf(reshape);
  SmallVector<int64_t> proper = properDims(to);
  if (!differInUnits(from, to) || from.getRank() != static_cast<int64_t>(proper.size())) {
    return failure();
  }
  SmallVector<int64_t> dims;
  for (int64_t d : proper) {
    dims.push_back(op.getDims()[d]);
  }
  rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), reshape.getInput(), dims);
  return success();
}

// reshape(broadcast(a)) -> broadcast(a), where the reshape only adds or drops dimensions of size 1
// that do not come from a
LogicalResult reshapeOfBroadcast(ReshapeOp op, PatternRewriter &rewriter) {
  auto broadcast = op.getInput().getDefiningOp<BroadcastOp>();
  if (!broadcast || !differInUnits(typeOf(broadcast), typeOf(op))) {
    return failure();
  }
  SmallVector<int64_t> before = properDims(typeOf(broadcast)), after = properDims(typeOf(op)), dims;
  for (int64_t dim : broadcast.getDims()) {
    auto *found = llvm::find(before, dim);
    if (found == before.end()) {
      return failure();
    }
    dims.push_back(after[found - before.begin()]);
  }
  rewriter.replaceOpWithNewOp<BroadcastOp>(op, op.getType(), broadcast.getInput(), dims);
  return success();
}

// transpose(broadcast(a)) -> broadcast(transpose(a))
LogicalResult transposeOfBroadcast(TransposeOp op, PatternRewriter &rewriter) {
  auto inner = op.getInput().getDefiningOp<BroadcastOp>();
  if (!inner) {
    return failure();
  }
  SmallVector<int64_t> dims, permutation;
  for (auto [to, from] : llvm::enumerate(op.getPermutation())) {
    auto found = llvm::find(inner.getDims(), from);
    if (found != inner.getDims().end()) {
      dims.push_back(to);
      permutation.push_back(found - inner.getDims().begin());
    }
  }
  Expr a(rewriter, op.getLoc(), inner.getInput());
  rewriter.replaceOp(op, Value(broadcast(a.make<TransposeOp>(a, permutation), typeOf(op), dims)));
  return success();
}

/// op(broadcast(a), broadcast(b), c) -> broadcast(op(a, b, c)), op elementwise, the broadcasts
/// alike, c a constant of equal elements.
struct ElementwiseOfBroadcasts : OpTraitRewritePattern<OpTrait::Elementwise> {
  using OpTraitRewritePattern::OpTraitRewritePattern;

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<NnDialect>(op->getDialect()) || op->getNumResults() != 1) {
      return failure();
    }
    BroadcastOp pattern = commonBroadcast(op);
    if (!pattern) {
      return failure();
    }
    ArrayRef<int64_t> shape = typeOf(pattern.getInput()).getShape();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (auto inner = operand.getDefiningOp<BroadcastOp>()) {
        operands.push_back(inner.getInput());
      } else {
        SplatElementsAttr splat;
        matchPattern(operand, m_Constant(&splat));
        auto small = splat.resizeSplat(typeOf(operand).clone(shape));
        operands.push_back(ConstantOp::create(rewriter, op->getLoc(), small));
      }
    }
    auto type = typeOf(op->getResult(0));
    Operation *small = rewriter.create(op->getLoc(), op->getName().getIdentifier(), operands,
                                       type.clone(shape), op->getAttrs());
    rewriter.replaceOpWithNewOp<BroadcastOp>(op, type, small->getResult(0), pattern.getDims());
    return success();
  }

private:
  /// The broadcast that all operands of `op` which are no splats share, in dimensions and in the
  /// shape of its input.
  static BroadcastOp commonBroadcast(Operation *op) {
    BroadcastOp common;
    for (Value operand : op->getOperands()) {
      if (splatNumber(operand)) {
        continue;
      }
      auto broadcast = operand.getDefiningOp<BroadcastOp>();
      if (!broadcast || (common && (common.getDims() != broadcast.getDims() ||
                                    typeOf(common.getInput()).getShape() !=
                                        typeOf(broadcast.getInput()).getShape()))) {
        return {};
      }
      common = broadcast;
    }
    return common;
  }
};

} // namespace

void populateSimplifyBroadcastPatterns(RewritePatternSet &patterns) {
  patterns.add(broadcastOfBroadcast);
  patterns.add(broadcastWithoutRepetition);
  patterns.add(broadcastOfReshape);
  patterns.add(reshapeOfBroadcast);
  patterns.add(transposeOfBroadcast);
  patterns.add<ElementwiseOfBroadcasts>(patterns.getContext());
}

} // namespace ntc::optimize
