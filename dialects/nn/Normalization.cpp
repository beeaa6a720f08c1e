// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape functions of normalization layers.

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ntc::ir::nn {

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  if (input.getRank() < 2) {
    return emitOptionalError(location, "input must be (B, C, ...), found ", input);
  }
  auto channels = input.clone(ArrayRef<int64_t>{input.getDimSize(1)});
  if (adaptor.getScale().getType() != channels || adaptor.getBias().getType() != channels) {
    return emitOptionalError(location, "scale and bias must be ", channels, " for input ", input,
                             ", found ", adaptor.getScale().getType(), " and ",
                             adaptor.getBias().getType());
  }
  types.append({input, channels, channels});
  return success();
}

} // namespace ntc::ir::nn
