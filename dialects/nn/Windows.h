// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic of sliding windows, shared by convolutions, pooling, their verifiers, lowerings and
// the interpreter.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/ArrayRef.h"

#include <algorithm>
#include <functional>

namespace ntc::ir::nn {

/// The windows of a convolution or pooling, one element per spatial dimension.
struct Windows {
  llvm::ArrayRef<int64_t> kernel;
  llvm::ArrayRef<int64_t> strides;
  llvm::ArrayRef<int64_t> padsLow;
  llvm::ArrayRef<int64_t> padsHigh;
  llvm::ArrayRef<int64_t> dilations;

  /// Number of spatial dimensions.
  size_t rank() const { return kernel.size(); }
  /// Number of input elements that one window spans along dimension `d`, holes included.
  int64_t span(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
  /// The offsets [first, end) along `d` at which the window at `position` lies inside an input of
  /// `size` elements; first == end where none does.
  std::pair<int64_t, int64_t> offsetsInside(size_t d, int64_t position, int64_t size) const {
    int64_t start = position * strides[d] - padsLow[d];
    auto offsetsBelow = [&](int64_t bound) {
      return bound <= start ? 0 : (bound - start - 1) / dilations[d] + 1;
    };
    int64_t end = std::min(offsetsBelow(size), kernel[d]);
    return {std::min(offsetsBelow(0), end), end};
  }
  /// Number of windows along `d` of an input of `size` elements; not positive if no window fits.
  int64_t count(size_t d, int64_t size) const {
    int64_t room = size + padsLow[d] + padsHigh[d] - span(d);
    return room < 0 ? 0 : room / strides[d] + 1;
  }
};

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// The largest kernel, stride, pad or dilation: sizes computed from them stay far below 2^63.
inline constexpr int64_t kLargestWindow = int64_t(1) << 24;

/// The most elements that a tensor may have, and the largest size of a dimension.
inline constexpr int64_t kMostElements = int64_t(1) << 34;

/// Checks that all attributes have `spatialRank` elements, positive kernels, strides and dilations,
/// and pads >= 0, none above kLargestWindow.
mlir::LogicalResult verifyWindows(const Windows &windows, size_t spatialRank, EmitError emitError);

/// The spatial output sizes for input sizes `spatial`; fails where no window fits.
mlir::FailureOr<llvm::SmallVector<int64_t>>
inferWindowCounts(const Windows &windows, llvm::ArrayRef<int64_t> spatial, EmitError emitError);

/// The windows of any op with the attributes kernel, strides, pads_low, pads_high and dilations.
template <typename PoolOp> Windows windowsOf(PoolOp op) {
  return {op.getKernel(), op.getStrides(), op.getPadsLow(), op.getPadsHigh(), op.getDilations()};
}

/// The windows of a convolution-like op whose weight has type `weight`.
template <typename ConvOp> Windows convWindowsOf(ConvOp op, mlir::RankedTensorType weight) {
  return {weight.getShape().drop_front(2), op.getStrides(), op.getPadsLow(), op.getPadsHigh(),
          op.getDilations()};
}

} // namespace ntc::ir::nn
