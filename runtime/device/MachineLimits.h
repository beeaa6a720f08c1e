// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one core of this machine can do at most, measured: the scale of `ntc profile`.
#pragma once

#include "runtime/base/DType.h"

namespace ntc::rt::device {

struct MachineLimits {
  double flopsPerSecond = 0.0; ///< fused multiply-adds in the widest vectors, two each
  double bytesPerSecond = 0.0; ///< read in order from memory beyond the caches
};

/// Measures on the calling thread, in about 50 ms, with 64 MB of memory. `dtype` (f32 or f64)
/// decides the lanes of a vector; f32 for others.
MachineLimits measureLimits(DType dtype);

} // namespace ntc::rt::device
