// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Roles read off index maps: window dimensions are those that no single loop indexes.

#include "compiler/fuse/ConvolutionRoles.h"

#include "compiler/fuse/ContractionForm.h"

using namespace mlir;

namespace ntc::fuse {

/// The first dimension is the batch, which may be cut into runs.
static bool isWindowed(AffineMap map) {
  return map.getNumResults() > 1 &&
         llvm::any_of(map.getResults().drop_front(),
                      [](AffineExpr expr) { return !isa<AffineDimExpr>(expr); });
}

/// Do two loops share a dimension behind the first? A kernel of which only every other element is
/// read is no window.
static bool sharesDimensions(AffineMap map) {
  return map.getNumResults() > 1 &&
         llvm::any_of(map.getResults().drop_front(), [&](AffineExpr expr) {
           return llvm::count_if(llvm::seq(map.getNumDims()),
                                 [&](unsigned loop) { return expr.isFunctionOfDim(loop); }) > 1;
         });
}

/// The dimension of `map` that `loop` alone indexes, or nothing.
static std::optional<unsigned> dimensionOf(AffineMap map, unsigned loop) {
  for (auto [d, expr] : llvm::enumerate(map.getResults())) {
    if (expr == getAffineDimExpr(loop, map.getContext())) {
      return d;
    }
  }
  return std::nullopt;
}

std::optional<ConvolutionRoles> convolutionRoles(const Nest &nest) {
  if (!isContraction(nest.op)) {
    return std::nullopt;
  }
  ConvolutionRoles roles;
  roles.windowed = isWindowed(nest.reads[0].map) ? 0 : 1;
  roles.other = 1 - roles.windowed;
  AffineMap input = nest.reads[roles.windowed].map, other = nest.reads[roles.other].map,
            result = nest.writes[0].map;
  if (!isWindowed(input) || sharesDimensions(other) || isWindowed(result)) {
    return std::nullopt;
  }
  // Channels are the last dimension of the windowed input that is no window.
  std::optional<unsigned> channel;
  llvm::SmallBitVector windowLoops(nest.extents.size());
  for (auto [d, expr] : llvm::enumerate(input.getResults())) {
    if (isa<AffineDimExpr>(expr)) {
      channel = d;
      continue;
    }
    for (unsigned loop = 0; d > 0 && loop < nest.extents.size(); ++loop) {
      if (expr.isFunctionOfDim(loop)) {
        windowLoops.set(loop);
      }
    }
  }
  if (!channel) {
    return std::nullopt;
  }
  roles.windowedChannel = *channel;
  roles.channelLoop = cast<AffineDimExpr>(input.getResult(*channel)).getPosition();
  roles.sumsPositions = result.isFunctionOfDim(roles.channelLoop);
  if (roles.sumsPositions == other.isFunctionOfDim(roles.channelLoop)) {
    return std::nullopt; // groups: all three have the channel
  }
  AffineMap weight = roles.sumsPositions ? result : other,
            positions = roles.sumsPositions ? other : result;
  std::optional<unsigned> filter, last;
  for (unsigned loop = 0; loop < nest.extents.size(); ++loop) {
    bool inWeight = weight.isFunctionOfDim(loop), inPositions = positions.isFunctionOfDim(loop),
         inInput = input.isFunctionOfDim(loop);
    bool cutsBatch = !isa<AffineDimExpr>(input.getResult(0)) &&
                     input.getResult(0).isFunctionOfDim(loop) &&
                     positions.getResult(0) == input.getResult(0);
    if (cutsBatch) {
      roles.runLoop = inWeight ? std::optional(loop) : roles.runLoop;
    } else if (inWeight && inPositions) {
      if (inInput || filter) {
        return std::nullopt;
      }
      filter = loop;
    } else if (windowLoops.test(loop)) {
      if (inWeight) {
        roles.offsetLoops.push_back(loop);
      } else if (!last || dimensionOf(positions, loop) > dimensionOf(positions, *last)) {
        last = loop;
      }
    }
  }
  if (!filter || !last) {
    return std::nullopt;
  }
  roles.filterLoop = *filter;
  roles.positionChannel = *dimensionOf(positions, *filter);
  roles.lastPosition = *last;
  auto shape = cast<RankedTensorType>(nest.reads[roles.windowed].tensor.getType()).getShape();
  roles.isDense = addressStride(input, shape, *last) == 1;
  return roles;
}

} // namespace ntc::fuse
