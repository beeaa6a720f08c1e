// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A sum of products and what is decided about its code before any is emitted: how large register
// tiles are, from which loops their rows come, how reductions are cut into blocks, and whether
// operands are copied to panels.
#pragma once

#include "codegen/cpu/TileRows.h"
#include "compiler/fuse/ZeroBorders.h"

#include <optional>

namespace ntc::codegen::cpu {

class TiledContraction {
public:
  /// Nest `n` of the kernel.
  TiledContraction(KernelBuilder &k, size_t n, fuse::ContractionForm form);

protected:
  KernelBuilder &k;
  size_t nestNumber;
  const fuse::Nest &nest;
  fuse::ContractionForm form;
  SmallVector<Range> ranges; ///< per loop; of a reduction loop that is cut, the current block
  LinearAccess lhs, rhs, output;
  Lanes lanes;
  int rowLoop, columnLoop; ///< or -1
  /// Reduction loops that run over the taps inside of an image only.
  SmallVector<fuse::ClippedLoop> clipped;
  SmallVector<unsigned> positions; ///< of clipped loops: loops around the tiles of a panel
  SmallVector<unsigned> outer;     ///< loops around the tiles
  SmallVector<unsigned> reduced;   ///< reduction loops but the vector loop, outermost first
  std::optional<TileRows> tileRows;
  KernelBuilder::Cuts cuts;                     ///< reduction loops that run outside of the tiles
  llvm::DenseMap<unsigned, int64_t> blockSizes; ///< the same by loop
  /// Columns of a tile, in vectors (Outer) or results (Dot), and rows.
  int64_t tileColumns = 1, tileHeight = 1;
  bool packs = false; ///< what a column of tiles reads of rhs is copied first
  bool folds = false; ///< the lanes of several sums are added together
  /// What tiles ask the caches for beside their products.
  enum class Fetch { Nothing, NextRows, NextPanel };
  Fetch fetch = Fetch::Nothing;

  bool isDot() const { return form.kind == fuse::ContractionForm::Kind::Dot; }
  /// Indices of a loop, at most.
  int64_t sizeOf(int loop) const {
    return loop < 0 ? 1 : ranges[loop].size >= 0 ? ranges[loop].size : nest.extents[loop];
  }
  /// Indices of a reduction loop that tiles run over: all, or a block.
  int64_t depthOf(unsigned loop) const;
  /// Vectors of a row of results.
  int64_t vectorCount() const;
  /// Takes columns and rows for tiles: `wanted` or, without register tiles, one of each; then
  /// decides what depends on them.
  void chooseTile(std::pair<int64_t, int64_t> wanted);
  /// Decides what tiles fetch, once the tile is chosen (Outer).
  void chooseFetch();
  /// Vectors per row block, and rows, that fit the registers (Outer).
  std::pair<int64_t, int64_t> outerTile() const;
  /// The same of columns, and rows (Dot).
  std::pair<int64_t, int64_t> dotTile() const;

private:
  void chooseClipped();
  void collapseReduced();
  TileRows chooseRows();
  SmallVector<unsigned> cuttable() const;
  int64_t rowCount() const;
  int64_t depth() const;
  int64_t rhsBytes() const;
  int64_t rhsStep() const;
  bool streamsPanels() const;
  int64_t streamedBytes() const;
  KernelBuilder::Cuts reductionBlocks();
  bool packsPanels() const;
  bool foldsLanes() const;
};

} // namespace ntc::codegen::cpu
