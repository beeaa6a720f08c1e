// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one core of this machine can do at most, measured: the scale of `ntc profile`.
#pragma once

#include "runtime/base/DType.h"

#include <cstdint>
#include <span>

namespace ntc::rt::device {

struct MachineLimits {
  double flopsPerSecond = 0.0; ///< fused multiply-adds in the widest vectors, two each
  double bytesPerSecond = 0.0; ///< read in order from memory beyond the caches
};

/// Measures on the calling thread, in about 50 ms, with 64 MB of memory. `dtype` (f32 or f64)
/// decides the lanes of a vector; f32 for others.
MachineLimits measureLimits(DType dtype);

/// Multiply-adds per second, each counted twice, on the calling thread's registers alone: the best
/// of five runs of some 0.2 ms. The widest vectors that this processor has are chosen at run time.
/// `dtype` as above.
double measurePeak(DType dtype);

/// Bytes per second that the calling thread reads in order from `memory`, which the caller has
/// written, again and again for `seconds`: the fastest of the passes, each long enough for the
/// clock. The widest vectors. `memory` holds a multiple of 64 words.
double measureReading(std::span<const uint64_t> memory, double seconds);

} // namespace ntc::rt::device
