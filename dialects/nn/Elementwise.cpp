// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of the elementwise operations: identities that hold for every value, bit for bit. A
// folder that needs arithmetic on constants belongs to compiler/optimize.

#include "dialects/nn/Nn.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace ntc::ir::nn {

/// True for a constant whose elements all equal `value`.
static bool isSplat(Attribute attribute, double value) {
  auto splat = dyn_cast_or_null<SplatElementsAttr>(attribute);
  if (!splat) {
    return false;
  }
  if (isa<FloatType>(splat.getElementType())) {
    return splat.getSplatValue<APFloat>().convertToDouble() == value;
  }
  return splat.getSplatValue<APInt>().getSExtValue() == static_cast<int64_t>(value);
}

OpFoldResult NegOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<NegOp>();
  return inner ? OpFoldResult(inner.getInput()) : OpFoldResult();
}

OpFoldResult NotOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<NotOp>();
  return inner ? OpFoldResult(inner.getInput()) : OpFoldResult();
}

OpFoldResult ReluOp::fold(FoldAdaptor) {
  auto inner = getInput().getDefiningOp<ReluOp>();
  return inner ? OpFoldResult(inner.getResult()) : OpFoldResult();
}

// x + 0 is x for every x but -0, whose sum with +0 is +0: a difference that `==` does not see.
OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 0.0)) {
    return getLhs();
  }
  return isSplat(adaptor.getLhs(), 0.0) ? OpFoldResult(getRhs()) : OpFoldResult();
}

OpFoldResult SubOp::fold(FoldAdaptor adaptor) {
  return isSplat(adaptor.getRhs(), 0.0) ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult MulOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 1.0)) {
    return getLhs();
  }
  return isSplat(adaptor.getLhs(), 1.0) ? OpFoldResult(getRhs()) : OpFoldResult();
}

OpFoldResult DivOp::fold(FoldAdaptor adaptor) {
  return isSplat(adaptor.getRhs(), 1.0) ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult PowOp::fold(FoldAdaptor adaptor) {
  return isSplat(adaptor.getRhs(), 1.0) ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult AndOp::fold(FoldAdaptor) {
  return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult OrOp::fold(FoldAdaptor) {
  return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult();
}

OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse()) {
    return getOnTrue();
  }
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getCondition())) {
    return splat.getSplatValue<bool>() ? getOnTrue() : getOnFalse();
  }
  return {};
}

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

} // namespace ntc::ir::nn
