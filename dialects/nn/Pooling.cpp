// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape functions and verifiers of pooling.

#include "dialects/nn/Nn.h"
#include "dialects/nn/Windows.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::ir::nn {

/// The first window along `d` of an input of `size` elements that lies in the padding altogether.
/// Windows that begin inside the input touch it, so that those before and after it remain; of those
/// before it all touch it if the first does, unless the input fits between two offsets.
static std::optional<int64_t> windowWithoutElement(const Windows &windows, size_t d, int64_t size) {
  auto isOutside = [&](int64_t position) {
    auto [first, end] = windows.offsetsInside(d, position, size);
    return first == end;
  };
  int64_t count = windows.count(d, size), stride = windows.strides[d];
  int64_t before = llvm::divideCeil(windows.padsLow[d], stride);
  int64_t suspects = windows.dilations[d] <= size ? std::min<int64_t>(before, 1) : before;
  for (int64_t i = 0; i < std::min(suspects, count); ++i) {
    if (isOutside(i)) {
      return i;
    }
  }
  int64_t behind = llvm::divideCeil(size + windows.padsLow[d], stride);
  return behind < count ? std::optional(behind) : std::nullopt;
}

/// The output shape of pooling `input`, or a diagnostic.
static FailureOr<SmallVector<int64_t>> inferPool(RankedTensorType input, const Windows &windows,
                                                 EmitError emitError) {
  if (input.getRank() < 3) {
    return emitError() << "input must be (B, C, spatial...), found " << input;
  }
  if (failed(verifyWindows(windows, input.getRank() - 2, emitError))) {
    return failure();
  }
  auto counts = inferWindowCounts(windows, input.getShape().drop_front(2), emitError);
  if (failed(counts)) {
    return failure();
  }
  for (size_t d = 0; d < windows.rank(); ++d) {
    if (auto window = windowWithoutElement(windows, d, input.getDimSize(d + 2))) {
      return emitError() << "window " << *window << " of spatial dimension " << d
                         << " touches no element: pads " << windows.padsLow[d] << " and "
                         << windows.padsHigh[d] << " are too large for kernel " << windows.kernel[d]
                         << " with dilation " << windows.dilations[d];
    }
  }
  SmallVector<int64_t> shape(input.getShape().take_front(2));
  shape.append(*counts);
  return shape;
}

template <typename Adaptor>
static FailureOr<SmallVector<int64_t>>
inferPool(MLIRContext *context, std::optional<Location> location, Adaptor adaptor) {
  return inferPool(cast<RankedTensorType>(adaptor.getInput().getType()), windowsOf(adaptor),
                   [&] { return mlir::emitError(location.value_or(UnknownLoc::get(context))); });
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto shape = inferPool(context, location, adaptor);
  if (failed(shape)) {
    return failure();
  }
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  types.push_back(input.clone(*shape));
  types.push_back(RankedTensorType::get(*shape, IntegerType::get(context, 32)));
  return success();
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                          Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto shape = inferPool(context, location, adaptor);
  if (failed(shape)) {
    return failure();
  }
  types.push_back(cast<RankedTensorType>(adaptor.getInput().getType()).clone(*shape));
  return success();
}

/// Checks that pooling `full` gives the shape of each of `pooled`.
template <typename Op> static LogicalResult verifyPooled(Op op, Type full, TypeRange pooled) {
  auto shape =
      inferPool(cast<RankedTensorType>(full), windowsOf(op), [&] { return op.emitOpError(); });
  if (failed(shape)) {
    return failure();
  }
  for (Type type : pooled) {
    if (cast<RankedTensorType>(type).getShape() != ArrayRef<int64_t>(*shape)) {
      return op.emitOpError("pooling ")
             << full << " gives the shape (" << *shape << "), which " << type << " has not";
    }
  }
  return success();
}

/// Both sides of a pooling have one element type.
template <typename Op> static LogicalResult verifyOneElementType(Op op, Type a, Type b) {
  if (getElementTypeOrSelf(a) != getElementTypeOrSelf(b)) {
    return op.emitOpError("needs one element type, found ") << a << " and " << b;
  }
  return success();
}

LogicalResult MaxPoolDxOp::verify() {
  if (failed(verifyOneElementType(*this, getDoutput().getType(), getDinput().getType()))) {
    return failure();
  }
  return verifyPooled(*this, getDinput().getType(), getOperation()->getOperandTypes());
}

LogicalResult MaxPoolPickOp::verify() {
  if (failed(verifyOneElementType(*this, getInput().getType(), getOutput().getType()))) {
    return failure();
  }
  return verifyPooled(*this, getInput().getType(), {getWinner().getType(), getOutput().getType()});
}

LogicalResult AvgPoolDxOp::verify() {
  if (failed(verifyOneElementType(*this, getDoutput().getType(), getDinput().getType()))) {
    return failure();
  }
  return verifyPooled(*this, getDinput().getType(), getDoutput().getType());
}

} // namespace ntc::ir::nn
