// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Offsets for values with known lives.
#pragma once

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace ntc::memory {

/// A block of memory that holds a value from call `begin` to call `end`, both included.
struct Lifetime {
  int64_t bytes = 0;
  int64_t begin = 0;
  int64_t end = 0;
  int64_t offset = -1; ///< assigned by assignOffsets
};

/// Gives every lifetime an offset, a multiple of `align`, such that no two that are alive at one
/// time overlap: larger ones first, each at the lowest free offset. Returns the bytes used. O(n^2
/// log n).
int64_t assignOffsets(llvm::MutableArrayRef<Lifetime> lifetimes, int64_t align);

} // namespace ntc::memory
