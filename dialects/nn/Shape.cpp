// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape functions, verifiers and folders of operations that only move elements.

#include "dialects/nn/Nn.h"
#include "dialects/nn/Windows.h"

using namespace mlir;

namespace ntc::ir::nn {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ReshapeOp::verify() {
  auto input = typeOf(getInput()), output = typeOf(getOutput());
  if (input.getElementType() != output.getElementType() ||
      input.getNumElements() != output.getNumElements()) {
    return emitOpError("needs one element type and one number of elements, found ")
           << input << " and " << output;
  }
  return success();
}

OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  if (auto dense = dyn_cast_or_null<DenseElementsAttr>(adaptor.getInput())) {
    return dense.reshape(typeOf(getOutput()));
  }
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                            Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> permutation = adaptor.getPermutation();
  SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, input.getRank()))) {
    return emitOptionalError(location, "permutation must name each of the ", input.getRank(),
                             " dimensions once");
  }
  SmallVector<int64_t> shape;
  for (int64_t d : permutation) {
    shape.push_back(input.getDimSize(d));
  }
  types.push_back(input.clone(shape));
  return success();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size()))) {
    return getInput();
  }
  return {};
}

LogicalResult BroadcastOp::verify() {
  auto input = typeOf(getInput()), output = typeOf(getOutput());
  ArrayRef<int64_t> dims = getDims();
  if (static_cast<int64_t>(dims.size()) != input.getRank() ||
      input.getElementType() != output.getElementType()) {
    return emitOpError("needs one of `dims` for each of the input's ")
           << input.getRank() << " dimensions and one element type, found " << input << " and "
           << output;
  }
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] < 0 || dims[i] >= output.getRank() || (i > 0 && dims[i] <= dims[i - 1])) {
      return emitOpError("dims must increase strictly and lie below the result's rank");
    }
    if (input.getDimSize(i) != 1 && input.getDimSize(i) != output.getDimSize(dims[i])) {
      return emitOpError("dimension ")
             << i << " of " << input << " is neither 1 nor the size in " << output;
    }
  }
  return success();
}

OpFoldResult BroadcastOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput())) {
    return splat.resizeSplat(typeOf(getOutput()));
  }
  return {};
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                        Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> starts = adaptor.getStarts(), limits = adaptor.getLimits(),
                    strides = adaptor.getStrides();
  size_t rank = input.getRank();
  if (starts.size() != rank || limits.size() != rank || strides.size() != rank) {
    return emitOptionalError(location, "starts, limits and strides need ", rank, " elements each");
  }
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    if (starts[d] < 0 || starts[d] >= limits[d] || limits[d] > input.getDimSize(d) ||
        strides[d] <= 0) {
      return emitOptionalError(location, "dimension ", d, ": [", starts[d], ", ", limits[d],
                               ") by ", strides[d], " is empty or outside of ", input);
    }
    shape.push_back((limits[d] - starts[d] + strides[d] - 1) / strides[d]);
  }
  types.push_back(input.clone(shape));
  return success();
}

OpFoldResult SliceOp::fold(FoldAdaptor adaptor) {
  if (getInput().getType() == getType()) {
    return getInput();
  }
  if (auto splat = dyn_cast_or_null<SplatElementsAttr>(adaptor.getInput())) {
    return splat.resizeSplat(cast<ShapedType>(getType()));
  }
  return {};
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                      Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = cast<RankedTensorType>(adaptor.getInput().getType());
  ArrayRef<int64_t> low = adaptor.getLow(), high = adaptor.getHigh(),
                    interior = adaptor.getInterior();
  size_t rank = input.getRank();
  if (low.size() != rank || high.size() != rank || interior.size() != rank) {
    return emitOptionalError(location, "low, high and interior need ", rank, " elements each");
  }
  SmallVector<int64_t> shape;
  for (size_t d = 0; d < rank; ++d) {
    if (low[d] < 0 || high[d] < 0 || interior[d] < 0) {
      return emitOptionalError(location, "padding must not be negative, found dimension ", d);
    }
    int64_t size = input.getDimSize(d);
    for (int64_t number : {low[d], high[d], interior[d], size}) {
      if (number > kMostElements) {
        return emitOptionalError(location, "padding and sizes must not exceed ", kMostElements,
                                 ", found ", number, " in dimension ", d);
      }
    }
    if (size > 1 && interior[d] + 1 > kMostElements / (size - 1)) {
      return emitOptionalError(location, "padding makes dimension ", d, " larger than ",
                               kMostElements);
    }
    shape.push_back(low[d] + high[d] + (size == 0 ? 0 : (size - 1) * (interior[d] + 1) + 1));
  }
  types.push_back(input.clone(shape));
  return success();
}

OpFoldResult PadOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty()) {
    return emitOptionalError(location, "needs at least one operand");
  }
  auto first = cast<RankedTensorType>(adaptor.getInputs().front().getType());
  int64_t axis = adaptor.getAxis();
  if (axis < 0 || axis >= first.getRank()) {
    return emitOptionalError(location, "axis ", axis, " is outside [0, ", first.getRank(), ")");
  }
  SmallVector<int64_t> shape(first.getShape());
  for (Value input : adaptor.getInputs().drop_front()) {
    auto type = cast<RankedTensorType>(input.getType());
    SmallVector<int64_t> expected(first.getShape());
    if (type.getRank() == first.getRank()) {
      expected[axis] = type.getDimSize(axis);
    }
    if (type != first.clone(expected)) {
      return emitOptionalError(location, "operands differ beyond axis ", axis, ": ", first, " and ",
                               type);
    }
    shape[axis] += type.getDimSize(axis);
  }
  types.push_back(first.clone(shape));
  return success();
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 ? OpFoldResult(getInputs().front()) : OpFoldResult();
}

LogicalResult OneHotOp::verify() {
  auto indices = typeOf(getIndices()), output = typeOf(getOutput());
  int64_t axis = getAxis();
  if (axis < 0 || axis > indices.getRank() || output.getRank() != indices.getRank() + 1) {
    return emitOpError("axis ") << axis << " does not insert one dimension into " << indices
                                << " to give " << output;
  }
  SmallVector<int64_t> shape(output.getShape());
  shape.erase(shape.begin() + axis);
  if (ArrayRef<int64_t>(shape) != indices.getShape()) {
    return emitOpError("result ") << output << " without dimension " << axis
                                  << " has not the shape of " << indices;
  }
  return success();
}

LogicalResult RandomUniformOp::verify() {
  if (typeOf(getSeed()).getRank() != 0 || typeOf(getStep()).getRank() != 0) {
    return emitOpError("seed and step must be scalars");
  }
  if (typeOf(getOutput()).getNumElements() > int64_t{1} << 34) {
    return emitOpError("numbers at most 2^34 elements");
  }
  return success();
}

} // namespace ntc::ir::nn
