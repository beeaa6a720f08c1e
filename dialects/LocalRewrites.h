// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How greedy rewrites run in ntc.
#pragma once

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace ntc {

/// Greedy rewrites of operations alone. Regions of ntc's operations, and of the loops it emits,
/// have one block each: a search for equal and unreachable blocks finds nothing, and takes longer
/// than the rewrites.
inline mlir::GreedyRewriteConfig localRewritesOnly() {
  mlir::GreedyRewriteConfig config;
  config.setRegionSimplificationLevel(mlir::GreedySimplifyRegionLevel::Disabled);
  return config;
}

} // namespace ntc
