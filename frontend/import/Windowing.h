// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The attributes that convolutions and pooling share, checked and made explicit.
#pragma once

#include "frontend/import/NodeContext.h"

namespace ntc::importer {

/// One element per spatial dimension.
struct WindowAttributes {
  llvm::SmallVector<int64_t> kernel, strides, padsLow, padsHigh, dilations;
  /// Windows that ceil_mode added beyond the padding the file asks for; per dimension, in elements.
  llvm::SmallVector<int64_t> overhang;

  int64_t span(size_t d) const { return (kernel[d] - 1) * dilations[d] + 1; }
};

/// Reads strides, pads, dilations, auto_pad and, with `hasCeilMode`, ceil_mode for windows of
/// `kernel` over `spatial` sizes; a problem on the node and nothing when they are not legal.
std::optional<WindowAttributes> readWindows(NodeContext &c, llvm::ArrayRef<int64_t> kernel,
                                            llvm::ArrayRef<int64_t> spatial, bool hasCeilMode);

/// The attributes strides, pads_low, pads_high and dilations of `nn`.
llvm::SmallVector<mlir::NamedAttribute> windowAttributes(Emitter &e,
                                                         const WindowAttributes &windows);

/// Reads and checks the attribute `name`: one positive number (or, with `atLeast` 0, not negative)
/// per dimension, ones by default.
llvm::SmallVector<int64_t> readSizes(NodeContext &c, llvm::StringRef name, size_t rank,
                                     int64_t byDefault, int64_t atLeast);

} // namespace ntc::importer
