// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape functions and verifiers of reductions and of the softmax family.

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ntc::ir::nn {

/// The type that remains of `input` without the dimensions `axes`.
static LogicalResult inferReduced(std::optional<Location> location, RankedTensorType input,
                                  ArrayRef<int64_t> axes, SmallVectorImpl<Type> &types) {
  SmallVector<int64_t> shape;
  size_t next = 0;
  for (int64_t d = 0; d < input.getRank(); ++d) {
    if (next < axes.size() && axes[next] == d) {
      ++next;
      continue;
    }
    shape.push_back(input.getDimSize(d));
  }
  if (next != axes.size()) {
    return emitOptionalError(location, "axes must be sorted, distinct and below the rank ",
                             input.getRank());
  }
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult ReduceSumOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferReduced(location, cast<RankedTensorType>(adaptor.getInput().getType()),
                      adaptor.getAxes(), types);
}

LogicalResult ReduceMaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferReduced(location, cast<RankedTensorType>(adaptor.getInput().getType()),
                      adaptor.getAxes(), types);
}

LogicalResult ReduceMinOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return inferReduced(location, cast<RankedTensorType>(adaptor.getInput().getType()),
                      adaptor.getAxes(), types);
}

OpFoldResult ReduceSumOp::fold(FoldAdaptor) {
  return getAxes().empty() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ArgmaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  return inferReduced(location, input.clone(IntegerType::get(context, 64)),
                      {static_cast<int64_t>(adaptor.getAxis())}, types);
}

/// An axis must name a dimension of `type`.
static LogicalResult verifyAxis(Operation *op, int64_t axis, RankedTensorType type) {
  if (axis < 0 || axis >= type.getRank()) {
    return op->emitOpError("axis ") << axis << " is outside [0, " << type.getRank() << ")";
  }
  return success();
}

LogicalResult SoftmaxOp::verify() {
  return verifyAxis(*this, getAxis(), cast<RankedTensorType>(getInput().getType()));
}

LogicalResult LogSoftmaxOp::verify() {
  return verifyAxis(*this, getAxis(), cast<RankedTensorType>(getInput().getType()));
}

} // namespace ntc::ir::nn
