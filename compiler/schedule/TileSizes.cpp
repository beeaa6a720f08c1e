// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tile sizes from extents, grains and the amount of work.

#include "compiler/schedule/TileSizes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <numeric>

namespace ntc::schedule {

namespace {
constexpr int64_t kWholeFlops = 512 * 1024;
constexpr int64_t kFlopsPerGroup = 128 * 1024;
constexpr int64_t kMostGroups = 256;
/// Groups of what takes long for its flops: more would read memory in shorter pieces.
constexpr int64_t kFewGroups = 16;
/// Groups that balance the work of some sixteen threads: a further label is cut only below.
constexpr int64_t kEnoughGroups = 48;
} // namespace

/// The tile, a multiple of `grain`, that gives at most `pieces` tiles; an even divisor of the
/// extent where one is near.
static int64_t tileOf(int64_t extent, int64_t grain, int64_t pieces) {
  int64_t tile = llvm::alignTo(llvm::divideCeil(extent, pieces), grain);
  for (int64_t even = tile; even <= 2 * tile && even < extent; even += grain) {
    if (extent % even == 0) {
      return even;
    }
  }
  return tile >= extent ? 0 : tile;
}

Tiling chooseTiling(const fuse::IterationSpace &space, std::optional<size_t> split) {
  Tiling tiling;
  tiling.tile.assign(space.labels().size(), 0);
  int64_t work = space.work();
  if (work < kWholeFlops) {
    return tiling;
  }
  int64_t few = std::min(work / kFlopsPerGroup, kFewGroups);
  int64_t wanted = std::clamp<int64_t>(space.flops() / kFlopsPerGroup, few, kMostGroups);
  llvm::SmallVector<size_t> order(space.labels().size());
  std::iota(order.begin(), order.end(), 0);
  // What is less than two grains is not cut: one of the pieces would be little work.
  auto grains = [&](size_t label) -> int64_t {
    auto [extent, grain] = space.labels()[label];
    return extent < 2 * grain ? 1 : llvm::divideCeil(extent, grain);
  };
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::pair(-static_cast<int64_t>(grains(a)), a) <
           std::pair(-static_cast<int64_t>(grains(b)), b);
  });
  if (split) {
    tiling.outer = *split;
    std::rotate(order.begin(), llvm::find(order, *split), std::next(llvm::find(order, *split)));
  }
  for (size_t label : order) {
    auto [extent, grain] = space.labels()[label];
    int64_t pieces = std::min<int64_t>(grains(label), llvm::divideCeil(wanted, tiling.groups));
    if (pieces > 1 && tiling.groups < kEnoughGroups) {
      tiling.tile[label] = tileOf(extent, grain, pieces);
      tiling.groups *= tileCount(extent, tiling.tile[label]);
    }
  }
  return tiling;
}

} // namespace ntc::schedule
