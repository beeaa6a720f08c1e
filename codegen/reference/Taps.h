// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which input elements the windows of a convolution or pooling touch: the one loop behind nine
// operations.
#pragma once

#include "codegen/reference/Tensor.h"
#include "dialects/nn/Windows.h"

namespace ntc::reference {

/// One element of one window, within a plane (one batch element, one channel). Row-major positions.
struct Tap {
  /// The window: a position in the plane of the output.
  int64_t window;
  /// The offset in the window: a position in the kernel.
  int64_t offset;
  /// The element: a position in the plane of the input.
  int64_t element;
};

/// All taps that lie inside an input plane of shape `spatial`, by window and within a window by
/// offset. `i*s + u*d - p` is the element of window i at offset u along each dimension.
std::vector<Tap> tapsOf(const ir::nn::Windows &windows, ArrayRef<int64_t> spatial);

} // namespace ntc::reference
