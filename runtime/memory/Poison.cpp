// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dead bytes of the arena; see Poison.h.
#include "runtime/memory/Poison.h"

#include "runtime/base/DType.h"

#include <algorithm>

namespace ntc::rt::memory {

namespace {

constexpr uint32_t kEveryEntry = 0xffffffffu;

/// Sorts and joins ranges that touch.
std::vector<ByteRange> joined(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const ByteRange &a, const ByteRange &b) { return a.begin < b.begin; });
  std::vector<ByteRange> result;
  for (const ByteRange &range : ranges) {
    if (range.begin == range.end) {
      continue;
    }
    if (!result.empty() && range.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, range.end);
    } else {
      result.push_back(range);
    }
  }
  return result;
}

/// `from` without `without`; both sorted and disjoint.
std::vector<ByteRange> difference(const std::vector<ByteRange> &from,
                                  const std::vector<ByteRange> &without) {
  std::vector<ByteRange> result;
  for (ByteRange range : from) {
    for (const ByteRange &hole : without) {
      if (hole.end <= range.begin || hole.begin >= range.end) {
        continue;
      }
      if (hole.begin > range.begin) {
        result.push_back({range.begin, hole.begin});
      }
      range.begin = std::min(hole.end, range.end);
    }
    if (range.begin < range.end) {
      result.push_back(range);
    }
  }
  return result;
}

uint64_t outputBytes(const artifact::OutputSpec &output) {
  uint64_t bytes = sizeOf(output.dtype);
  for (int64_t dimension : output.shape) {
    bytes *= static_cast<uint64_t>(dimension);
  }
  return bytes;
}

} // namespace

std::vector<ByteRange> deadRanges(const artifact::Manifest &manifest, uint32_t entry,
                                  uint32_t call) {
  std::vector<ByteRange> owned;
  std::vector<ByteRange> live;
  for (const artifact::SlotSpec &slot : manifest.slots) {
    ByteRange range{slot.offset, slot.offset + slot.sizeBytes};
    if (slot.entry == kEveryEntry) {
      live.push_back(range);
    } else if (slot.entry == entry) {
      owned.push_back(range);
      if (slot.liveBegin < call && call <= slot.liveEnd) {
        live.push_back(range);
      }
    }
  }
  for (const artifact::StateSpec &state : manifest.states) {
    live.push_back({state.offset, state.offset + state.sizeBytes});
  }
  for (const artifact::ControlSpec &control : manifest.controls) {
    live.push_back({control.offset, control.offset + 8});
  }
  for (const artifact::OutputSpec &output : manifest.entries[entry].outputs) {
    live.push_back({output.offset, output.offset + outputBytes(output)});
    if (output.isMetric) {
      live.push_back({output.countOffset, output.countOffset + sizeOf(output.dtype)});
    }
  }
  return difference(joined(std::move(owned)), joined(std::move(live)));
}

void fillWithNan(std::span<uint8_t> bytes) {
  constexpr uint8_t pattern[4] = {0xff, 0xff, 0xf7, 0x7f};
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = pattern[i % 4];
  }
}

} // namespace ntc::rt::memory
