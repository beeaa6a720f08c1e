// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape functions and verifiers of matrix products and convolutions.

#include "dialects/nn/Nn.h"
#include "dialects/nn/Windows.h"

using namespace mlir;

namespace ntc::ir::nn {

LogicalResult verifyWindows(const Windows &windows, size_t spatialRank, EmitError emitError) {
  for (ArrayRef<int64_t> values :
       {windows.kernel, windows.strides, windows.padsLow, windows.padsHigh, windows.dilations}) {
    if (values.size() != spatialRank) {
      return emitError() << "kernel, strides, pads and dilations need one element for each of the "
                         << spatialRank << " spatial dimensions, found " << values.size();
    }
  }
  for (ArrayRef<int64_t> values : {windows.kernel, windows.strides, windows.dilations}) {
    if (llvm::any_of(values, [](int64_t value) { return value <= 0; })) {
      return emitError() << "kernel, strides and dilations must be positive";
    }
  }
  for (ArrayRef<int64_t> values : {windows.padsLow, windows.padsHigh}) {
    if (llvm::any_of(values, [](int64_t value) { return value < 0; })) {
      return emitError() << "pads must not be negative";
    }
  }
  for (ArrayRef<int64_t> values :
       {windows.kernel, windows.strides, windows.padsLow, windows.padsHigh, windows.dilations}) {
    for (int64_t value : values) {
      if (value > kLargestWindow) {
        return emitError() << "kernel, strides, pads and dilations must not exceed "
                           << kLargestWindow << ", found " << value;
      }
    }
  }
  return success();
}

FailureOr<SmallVector<int64_t>> inferWindowCounts(const Windows &windows, ArrayRef<int64_t> spatial,
                                                  EmitError emitError) {
  SmallVector<int64_t> counts;
  for (size_t d = 0; d < spatial.size(); ++d) {
    if (spatial[d] > kMostElements) {
      return emitError() << "spatial dimension " << d << " must not exceed " << kMostElements
                         << " elements, found " << spatial[d];
    }
    counts.push_back(windows.count(d, spatial[d]));
    if (counts.back() <= 0) {
      return emitError() << "a window of " << windows.span(d)
                         << " elements does not fit into spatial dimension " << d << " of "
                         << spatial[d] << " elements with padding " << windows.padsLow[d] << " and "
                         << windows.padsHigh[d];
    }
  }
  return counts;
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> location,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = cast<RankedTensorType>(adaptor.getLhs().getType());
  auto rhs = cast<RankedTensorType>(adaptor.getRhs().getType());
  int64_t rank = lhs.getRank();
  if (rank < 2 || rhs.getRank() != rank || lhs.getElementType() != rhs.getElementType()) {
    return emitOptionalError(location,
                             "operands need one element type and one rank of at least 2, found ",
                             lhs, " and ", rhs);
  }
  SmallVector<int64_t> shape(lhs.getShape().drop_back(2));
  if (ArrayRef<int64_t>(shape) != rhs.getShape().drop_back(2)) {
    return emitOptionalError(location, "leading dimensions differ: ", lhs, " and ", rhs);
  }
  int64_t m = lhs.getDimSize(rank - (adaptor.getTransposeLhs() ? 1 : 2));
  int64_t lhsK = lhs.getDimSize(rank - (adaptor.getTransposeLhs() ? 2 : 1));
  int64_t rhsK = rhs.getDimSize(rank - (adaptor.getTransposeRhs() ? 1 : 2));
  int64_t n = rhs.getDimSize(rank - (adaptor.getTransposeRhs() ? 2 : 1));
  if (lhsK != rhsK) {
    return emitOptionalError(location, "the summed dimensions differ: ", lhsK, " of ", lhs, " and ",
                             rhsK, " of ", rhs);
  }
  shape.append({m, n});
  types.push_back(lhs.clone(shape));
  return success();
}

/// The convolution's output type for its input and weight, or a diagnostic.
static FailureOr<RankedTensorType> inferConv(RankedTensorType input, RankedTensorType weight,
                                             const Windows &windows, int64_t groups,
                                             EmitError emitError) {
  if (input.getRank() < 3 || weight.getRank() != input.getRank() ||
      input.getElementType() != weight.getElementType()) {
    return emitError() << "input (B, C, spatial...) and weight (O, C / groups, spatial...) need "
                          "one element type and "
                       << "one rank of at least 3, found " << input << " and " << weight;
  }
  if (failed(verifyWindows(windows, input.getRank() - 2, emitError))) {
    return failure();
  }
  if (groups <= 0 || weight.getDimSize(0) % groups != 0 || input.getDimSize(1) % groups != 0 ||
      weight.getDimSize(1) != input.getDimSize(1) / groups) {
    return emitError() << "with " << groups << " groups, weight " << weight
                       << " does not fit input " << input;
  }
  auto counts = inferWindowCounts(windows, input.getShape().drop_front(2), emitError);
  if (failed(counts)) {
    return failure();
  }
  SmallVector<int64_t> shape = {input.getDimSize(0), weight.getDimSize(0)};
  shape.append(*counts);
  return input.clone(shape);
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                       Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto weight = cast<RankedTensorType>(adaptor.getWeight().getType());
  if (weight.getRank() < 3) {
    return emitOptionalError(location, "weight must be (O, C / groups, spatial...), found ",
                             weight);
  }
  Windows windows{weight.getShape().drop_front(2), adaptor.getStrides(), adaptor.getPadsLow(),
                  adaptor.getPadsHigh(), adaptor.getDilations()};
  auto emit = [&] { return mlir::emitError(location.value_or(UnknownLoc::get(context))); };
  auto type = inferConv(cast<RankedTensorType>(adaptor.getInput().getType()), weight, windows,
                        adaptor.getGroups(), emit);
  if (failed(type)) {
    return failure();
  }
  types.push_back(*type);
  return success();
}

/// Checks that the convolution of `input` by `weight` has the type of `doutput`.
template <typename Op>
static LogicalResult verifyConvGradient(Op op, Type input, Type weight, Type doutput) {
  auto weightType = cast<RankedTensorType>(weight);
  if (weightType.getRank() < 3) {
    return op.emitOpError("weight must be (O, C / groups, spatial...), found ") << weight;
  }
  auto type = inferConv(cast<RankedTensorType>(input), weightType, convWindowsOf(op, weightType),
                        op.getGroups(), [&] { return op.emitOpError(); });
  if (failed(type)) {
    return failure();
  }
  if (*type != doutput) {
    return op.emitOpError("a convolution of ")
           << input << " by " << weight << " gives " << *type << ", not " << doutput;
  }
  return success();
}

LogicalResult ConvDxOp::verify() {
  return verifyConvGradient(*this, getDinput().getType(), getWeight().getType(),
                            getDoutput().getType());
}

LogicalResult ConvDwOp::verify() {
  return verifyConvGradient(*this, getInput().getType(), getDweight().getType(),
                            getDoutput().getType());
}

} // namespace ntc::ir::nn
