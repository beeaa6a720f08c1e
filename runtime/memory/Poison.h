// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Check mode: between two calls of an entry's plan, every byte of the arena that holds no live
// value is overwritten with NaN. A kernel that reads a value before it was computed, or after its
// place was given away, then shows in the results.
#pragma once

#include "runtime/artifact/Manifest.h"

#include <cstdint>
#include <span>
#include <vector>

namespace ntc::rt::memory {

/// Half-open range of bytes of the arena.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;
  bool operator==(const ByteRange &) const = default;
};

/// What may be overwritten before call `call` of entry `entry`: bytes of the entry's own slots that
/// are not covered by a slot that is live there (liveBegin < call <= liveEnd), by a slot that lives
/// in all entries, by a state, a control or an output of the entry. Sorted, disjoint. `call` may be
/// 0: then no slot of the entry is live.
std::vector<ByteRange> deadRanges(const artifact::Manifest &manifest, uint32_t entry,
                                  uint32_t call);

/// Fills `bytes` with the 16-bit words 0xFFFF and 0x7FF7 in turn, ending in the latter where a word
/// is complete: a NaN when read as f16, bf16, f32 or (signalling) f64.
void fillWithNan(std::span<uint8_t> bytes);

} // namespace ntc::rt::memory
