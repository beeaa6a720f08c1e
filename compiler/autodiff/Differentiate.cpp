// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Differentiate: from `train.gradient` to the operations that compute it.
//
// Reverse mode over a straight-line block. The values that matter ("active") depend on a value to
// differentiate by, and the loss depends on them. Operations are visited from last to first; each
// one's rule adds to the cotangents of its operands, and since all users of a value come after it,
// its cotangent is complete when its own operation is visited.

#include "compiler/autodiff/Differentiate.h"
#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "compiler/autodiff/Passes.h"

#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace ntc::autodiff {

#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/autodiff/Passes.h.inc"

namespace {

bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

/// The values that `op` reads: its operands, and what its regions use from around it.
llvm::SetVector<Value> valuesReadBy(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

/// The operations of `block` on which `loss` depends, in program order. Fails where one lies in
/// another block: a derivative through it would be lost in silence.
FailureOr<SmallVector<Operation *>> operationsOf(Value loss, Block *block) {
  llvm::DenseSet<Operation *> seen;
  SmallVector<Value> pending = {loss};
  SmallVector<Operation *> slice;
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    if (!op || !seen.insert(op).second) {
      continue;
    }
    if (op->getBlock() != block) {
      return op->emitError() << "'" << op->getName()
                             << "' lies outside of the block in which a loss that depends on it is "
                                "differentiated";
    }
    slice.push_back(op);
    llvm::append_range(pending, valuesReadBy(op));
  }
  llvm::sort(slice, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return slice;
}

/// `wrt` and all values of floating point that `slice` computes from it.
llvm::DenseSet<Value> activeValues(ArrayRef<Operation *> slice, ValueRange wrt) {
  llvm::DenseSet<Value> active(wrt.begin(), wrt.end());
  for (Operation *op : slice) {
    if (llvm::any_of(valuesReadBy(op), [&](Value value) { return active.contains(value); })) {
      auto results = llvm::make_filter_range(op->getResults(), isFloat);
      active.insert(results.begin(), results.end());
    }
  }
  return active;
}

/// Adds the contribution of `op` to the cotangents of its operands.
LogicalResult differentiateOp(Operation *op, Cotangents &cotangents) {
  bool reached = llvm::any_of(op->getResults(),
                              [&](Value result) { return cotangents.of(result) != nullptr; });
  bool matters =
      llvm::any_of(valuesReadBy(op), [&](Value value) { return cotangents.needs(value); });
  if (!reached || !matters) {
    return success();
  }
  auto differentiable = dyn_cast<DifferentiableOpInterface>(op);
  if (!differentiable) {
    return op->emitError() << "'" << op->getName()
                           << "' lies between a loss and a value it is differentiated by, "
                           << "but has no derivative rule";
  }
  cotangents.setLocation(gradientLocation(op->getLoc()));
  differentiable.buildCotangents(cotangents);
  return success();
}

} // namespace

Location gradientLocation(Location location) {
  MLIRContext *context = location.getContext();
  if (auto name = dyn_cast<NameLoc>(location)) {
    return NameLoc::get(StringAttr::get(context, name.getName().getValue() + ".grad"),
                        name.getChildLoc());
  }
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    return FusedLoc::get(context, llvm::map_to_vector(fused.getLocations(), gradientLocation),
                         fused.getMetadata());
  }
  return location;
}

FailureOr<SmallVector<Value>> buildGradients(OpBuilder &builder, Location location, Value loss,
                                             ValueRange wrt) {
  for (Value value : wrt) {
    if (!isFloat(value)) {
      return emitError(location) << "cannot differentiate by a value of type " << value.getType()
                                 << ": a derivative needs floating point";
    }
  }
  auto slice = operationsOf(loss, builder.getInsertionBlock());
  if (failed(slice)) {
    return failure();
  }
  llvm::DenseSet<Value> active = activeValues(*slice, wrt);
  Cotangents cotangents(builder, active);
  if (active.contains(loss)) {
    cotangents.setLocation(gradientLocation(loss.getLoc()));
    cotangents.accumulate(loss, cotangents.at(loss).constant(1));
  }
  for (Operation *op : llvm::reverse(*slice)) {
    if (failed(differentiateOp(op, cotangents))) {
      return failure();
    }
  }
  SmallVector<Value> gradients;
  for (Value value : wrt) {
    Value gradient = cotangents.of(value);
    gradients.push_back(gradient ? gradient : Value(Expr(builder, location, value).constant(0)));
  }
  return gradients;
}

LogicalResult differentiate(RewriterBase &rewriter, Operation *root) {
  SmallVector<ir::train::GradientOp> gradients;
  root->walk([&](ir::train::GradientOp op) { gradients.push_back(op); });
  SmallVector<Operation *> changed;
  for (ir::train::GradientOp op : gradients) {
    if (changed.empty() || changed.back() != op->getParentOp()) {
      changed.push_back(op->getParentOp());
    }
    rewriter.setInsertionPoint(op);
    auto values = buildGradients(rewriter, op.getLoc(), op.getLoss(), op.getWrt());
    if (failed(values)) {
      return failure();
    }
    rewriter.replaceOp(op, *values);
  }
  for (Operation *op : changed) {
    // Fails only in the sense of "found nothing to remove".
    (void)runRegionDCE(rewriter, op->getRegions());
  }
  return success();
}

namespace {

struct Differentiate : impl::DifferentiateBase<Differentiate> {
  void getDependentDialects(DialectRegistry &registry) const override {
    impl::DifferentiateBase<Differentiate>::getDependentDialects(registry);
    registerDifferentiationRules(registry);
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    if (failed(differentiate(rewriter, getOperation()))) {
      signalPassFailure();
    }
  }
};

} // namespace

} // namespace ntc::autodiff
