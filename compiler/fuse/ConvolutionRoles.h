// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts that tensors and loops play in a sum of products over windows: a convolution, its
// gradient by the input or its gradient by the weight. All three sum products over the same loops;
// they differ in which of the three tensors is the result.
#pragma once

#include "compiler/fuse/IterationSpace.h"

#include <optional>

namespace ntc::fuse {

/// Dimensions are numbers of dimensions of the tensors, loops numbers of the nest's loops.
struct ConvolutionRoles {
  unsigned windowed = 0;        ///< the input that is read through windows
  unsigned other = 1;           ///< the other input
  bool sumsPositions = false;   ///< the result is the weight's gradient; else it has positions
  unsigned windowedChannel = 0; ///< the windowed input's dimension of channels
  unsigned channelLoop = 0;     ///< the loop over them
  unsigned positionChannel = 0; ///< the dimension of channels of the tensor with positions
  unsigned filterLoop = 0;      ///< the loop over those
  unsigned lastPosition = 0;    ///< the innermost loop over positions
  llvm::SmallVector<unsigned> offsetLoops; ///< within the window
  std::optional<unsigned> runLoop;         ///< over partial sums: the weight's first dimension
  bool isDense = false; ///< neighbouring positions of the innermost loop read neighbouring elements
};

/// The roles in `nest`; nothing where it is no convolution, or one with groups.
std::optional<ConvolutionRoles> convolutionRoles(const Nest &nest);

} // namespace ntc::fuse
