// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rows of a contraction's register tiles. Rows are the indices of one loop, or of several,
// counted through, where the innermost alone is too short to fill tiles (the positions of small
// images). Rows of several loops lie at no fixed distance; where they are is computed per tile,
// outside of the sums.
#pragma once

#include "codegen/cpu/KernelBuilder.h"

namespace ntc::codegen::cpu {

class TileRows {
public:
  /// Of `rowLoops`, outermost first, the last, and as many before it as let tiles of `size` rows be
  /// full, provided that their ranges are known and `merges` is set. `extents` are those of the
  /// nest, `ranges` those of the work group; both must outlive this.
  TileRows(KernelBuilder &k, mlir::ArrayRef<Range> ranges, mlir::ArrayRef<int64_t> extents,
           mlir::ArrayRef<unsigned> rowLoops, int64_t size, bool merges);

  /// Why rows of the last of `rowLoops`, of two at least, stay apart from those of the one before;
  /// empty: together they fill tiles of `size` rows better.
  static mlir::StringRef whyNotMerged(mlir::ArrayRef<Range> ranges, mlir::ArrayRef<int64_t> extents,
                                      mlir::ArrayRef<unsigned> rowLoops, int64_t size);

  /// How many loops rows come from.
  size_t loopCount() const { return loops.size(); }
  bool contains(unsigned loop) const { return llvm::is_contained(loops, loop); }
  /// Rows of the work group; at most, where that is not known.
  int64_t count() const;

  /// Runs `body(first, count)` for all blocks of at most `size` rows. Where rows are the indices of
  /// one loop, `ivs` holds the first of them.
  void blocks(int64_t size, SmallVector<Value> &ivs,
              llvm::function_ref<void(Value, int64_t)> body) const;

  /// Per row of a block how far its elements of `access` lie from the address at the loop indices.
  SmallVector<Value> offsets(const LinearAccess &access, Value first, int64_t count) const;

private:
  KernelBuilder &k;
  mlir::ArrayRef<Range> ranges;
  mlir::ArrayRef<int64_t> extents;
  SmallVector<unsigned> loops; ///< outermost first; empty for a single row

  int64_t sizeOf(unsigned loop) const {
    return ranges[loop].size >= 0 ? ranges[loop].size : extents[loop];
  }
};

} // namespace ntc::codegen::cpu
