// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a dispatch is cut into work groups: a pure function of its iteration space.
#pragma once

#include "compiler/fuse/IterationSpace.h"

#include <optional>

namespace ntc::schedule {

struct Tiling {
  /// Per label of the space: indices that one group covers; 0 means all of them.
  llvm::SmallVector<int64_t> tile;
  /// Product over labels of the number of tiles.
  int64_t groups = 1;
  /// The label whose tiles count slowest.
  size_t outer = 0;
};

/// As `split` of a plan.dispatch: one thread runs all its tiles.
inline constexpr uint64_t kNoSplit = ~uint64_t{0};

/// Cuts labels, those with most grains first, until each group has about 128 Kflop or there are 256
/// groups; where one label gives enough groups, others stay whole, so that what all indices of the
/// cut one read is read by every group once. Work of less than half a Mflop stays whole: handing it
/// to another thread costs more than it saves. With `split`, that label is cut first and counts
/// slowest, so that the groups of a thread cover one range of it.
Tiling chooseTiling(const fuse::IterationSpace &space, std::optional<size_t> split = std::nullopt);

/// Number of tiles of `tile` indices in `extent`; 1 where tile is 0.
inline int64_t tileCount(int64_t extent, int64_t tile) {
  return tile == 0 ? 1 : (extent + tile - 1) / tile;
}

} // namespace ntc::schedule
