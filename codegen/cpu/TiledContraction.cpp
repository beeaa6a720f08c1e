// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decisions from sizes and the target only, so that orders of summation depend on nothing else.

#include "codegen/cpu/TiledContraction.h"

#include "codegen/cpu/Choose.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir;

namespace ntc::codegen::cpu {

TiledContraction::TiledContraction(KernelBuilder &k, size_t n, fuse::ContractionForm form)
    : k(k), nestNumber(n), nest(k.layout.space().nests()[n]), form(std::move(form)) {
  for (size_t d = 0; d < nest.extents.size(); ++d) {
    ranges.push_back(k.rangeOf(n, d));
  }
  lhs = k.linearize(nest.reads[this->form.lhs]);
  rhs = k.linearize(nest.reads[this->form.rhs]);
  output = k.linearize(nest.writes[0]);
  lanes = k.lanesOf(output.buffer.element);
  chooseClipped();
  rowLoop = this->form.rowLoops.empty() ? -1 : static_cast<int>(this->form.rowLoops.back());
  columnLoop =
      this->form.columnLoops.empty() ? -1 : static_cast<int>(this->form.columnLoops.back());
  for (unsigned d = 0; d < ranges.size(); ++d) {
    if (nest.isReduction[d] && d != this->form.vectorLoop) {
      reduced.push_back(d);
    }
  }
  tileRows.emplace(chooseRows());
  for (unsigned d = 0; d < ranges.size(); ++d) {
    if (!nest.isReduction[d] && !tileRows->contains(d) && !llvm::is_contained(positions, d) &&
        static_cast<int>(d) != columnLoop && d != this->form.vectorLoop) {
      outer.push_back(d);
    }
  }
  cuts = reductionBlocks();
  for (auto [loop, size] : cuts) {
    blockSizes[loop] = size;
  }
  collapseReduced();
}

/// Reduction loops along which both factors' memory runs on, as taps of a row and their channels,
/// become one: its inner index counts through both.
void TiledContraction::collapseReduced() {
  auto isPlain = [&](unsigned loop) {
    return ranges[loop].isWhole && ranges[loop].size >= 0 && !blockSizes.count(loop) &&
           llvm::none_of(clipped, [&](const fuse::ClippedLoop &clip) { return clip.tap == loop; });
  };
  auto runsOn = [&](const LinearAccess &access, unsigned before, unsigned loop) {
    return access.strides[before] == access.strides[loop] * ranges[loop].size;
  };
  int64_t joined = 0;
  for (size_t i = reduced.size(); k.choices.has(KernelChoice::CollapseLoops) && i-- > 1;) {
    unsigned before = reduced[i - 1], loop = reduced[i];
    if (isPlain(before) && isPlain(loop) && runsOn(lhs, before, loop) &&
        runsOn(rhs, before, loop)) {
      ranges[loop].size *= ranges[before].size;
      ranges[loop].upper = k.index(ranges[loop].size);
      reduced.erase(reduced.begin() + static_cast<ptrdiff_t>(i - 1));
      ++joined;
    }
  }
  if (joined > 0 || reduced.size() > 1) {
    choose(k, KernelChoice::CollapseLoops, joined > 0, [&] {
      return joined > 0 ? llvm::formatv("{0} loops of its sums became {1}", joined + reduced.size(),
                                        reduced.size())
                              .str()
                        : std::string("the memory of its factors does not run on");
    });
  }
}

int64_t TiledContraction::depthOf(unsigned loop) const {
  auto found = blockSizes.find(loop);
  return found == blockSizes.end() ? sizeOf(loop) : found->second;
}

int64_t TiledContraction::vectorCount() const {
  return llvm::divideCeil(sizeOf(form.vectorLoop), lanes);
}

/// Rows of results that tiles of one column run over.
int64_t TiledContraction::rowCount() const {
  int64_t rows = 1;
  for (unsigned loop : form.rowLoops) {
    rows *= sizeOf(loop);
  }
  return rows;
}

/// Products of a sum.
int64_t TiledContraction::depth() const {
  int64_t products = 1;
  for (size_t d = 0; d < nest.extents.size(); ++d) {
    products *= nest.isReduction[d] ? sizeOf(d) : 1;
  }
  return products;
}

int64_t TiledContraction::rhsBytes() const {
  return cast<RankedTensorType>(nest.reads[form.rhs].tensor.getType()).getNumElements() *
         ir::plan::elementBytes(rhs.buffer.element);
}

/// Positions of clipped loops are no rows: all rows of a tile run over the same taps.
void TiledContraction::chooseClipped() {
  StringRef whyNot;
  auto loops = fuse::clippedLoops(nest, form, &whyNot);
  if ((loops.empty() && whyNot.empty()) || !chooseUnless(k, KernelChoice::SkipBorders, whyNot, [&] {
        return llvm::formatv("taps outside of the image are left out in {0} dimensions",
                             loops.size())
            .str();
      })) {
    return;
  }
  clipped = std::move(loops);
  for (const fuse::ClippedLoop &loop : clipped) {
    positions.push_back(loop.position);
  }
  llvm::sort(positions);
  llvm::erase_if(form.rowLoops, [&](unsigned d) { return llvm::is_contained(positions, d); });
}

/// Where rows come from several loops, what their addresses cost must be little against the sum.
TileRows TiledContraction::chooseRows() {
  // Tiles of one column load a vector per step in any case: so many rows hide how long a
  // multiply-add takes, and more gain less than their addresses cost.
  constexpr int64_t kShallow = 32, kEnough = 10;
  auto [columns, rows] = outerTile();
  bool merges = false;
  if (form.rowLoops.size() > 1) {
    StringRef whyNot = isDot() ? "its vectors run along the sums"
                       : columns == 1 && sizeOf(form.rowLoops.back()) >= kEnough
                           ? "the rows of one loop keep the units busy"
                       : depth() < kShallow
                           ? "its sums are short against what the addresses of rows take"
                           : TileRows::whyNotMerged(ranges, nest.extents, form.rowLoops, rows);
    merges = chooseUnless(k, KernelChoice::MergeRows, whyNot, [&] {
      return llvm::formatv("rows of several loops fill tiles of {0}", rows).str();
    });
  }
  return {k, ranges, nest.extents, form.rowLoops, rows, merges};
}

// --- Register tiles

/// Bytes from one row of rhs to the next.
int64_t TiledContraction::rhsStep() const {
  int64_t step = 0;
  for (unsigned loop : reduced) {
    step = rhs.strides[loop] == 0 ? step : rhs.strides[loop];
  }
  return step * ir::plan::elementBytes(rhs.buffer.element);
}

/// Bytes from which on neighbouring rows of rhs fall into few sets of the caches.
constexpr int64_t kWideStep = 2048;

/// Is rhs, larger than the second cache, read in pieces for so few rows, which stay in that cache,
/// that to fetch it is what counts?
bool TiledContraction::streamsPanels() const {
  int64_t lhsBytes = rowCount() * depth() * ir::plan::elementBytes(lhs.buffer.element);
  return clipped.empty() && rhsStep() >= kWideStep && rhsBytes() > k.target.l2Bytes &&
         lhsBytes <= k.target.l2Bytes / 2 && rowCount() < depth();
}

// With one register for a broadcast and one per rhs vector. Tall tiles read the fewest bytes of rhs
// per product; where rhs stays in the second cache, or where there are too few rows, tiles are
// wide. They are wide, too, where rhs is streamed: its pieces are as long as a tile is wide.
std::pair<int64_t, int64_t> TiledContraction::outerTile() const {
  constexpr int64_t kTall = 12, kMost = 14;
  int64_t vectors = vectorCount(), columns = std::min<int64_t>(vectors, 2);
  if (!k.choices.has(KernelChoice::TileRegisters)) {
    return {1, 1};
  }
  if (k.tunedTile) {
    return {std::min(vectors, k.tunedTile->first), k.tunedTile->second};
  }
  if (!clipped.empty()) {
    // Rows are whole images apart, in few sets of the first cache: tiles are wide.
    columns = std::min<int64_t>(vectors, k.target.registers >= 32 ? 4 : 2);
    return {columns, std::min<int64_t>((k.target.registers - 2 - columns) / columns, kTall)};
  }
  bool keeps = rhsBytes() <= k.target.l2Bytes / 2;
  bool tall =
      rowCount() >= kTall && vectors % 2 == 0 && (vectors % 4 != 0 || (!keeps && !streamsPanels()));
  if (k.target.registers >= 32 && vectors > 2 && !tall) {
    columns = vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : 2;
  }
  int64_t rows = (k.target.registers - 2 - columns) / columns;
  return {columns, std::min(rows, tall ? kTall : kMost)};
}

// Of a pair of sides that fills the registers with accumulators, one vector per column and one for
// a row: the columns, balanced, then as many rows as fit.
std::pair<int64_t, int64_t> TiledContraction::dotTile() const {
  int64_t columns = k.target.registers >= 32 ? 4 : 3, rows = sizeOf(rowLoop);
  if (k.tunedTile) {
    return {std::min(sizeOf(columnLoop), k.tunedTile->first), std::min(rows, k.tunedTile->second)};
  }
  if (rows < columns - 1) {
    columns = (k.target.registers - 1) / (rows + 1);
  }
  columns = llvm::divideCeil(sizeOf(columnLoop), llvm::divideCeil(sizeOf(columnLoop), columns));
  return {columns, std::min(rows, (k.target.registers - 1 - columns) / columns)};
}

void TiledContraction::chooseTile(std::pair<int64_t, int64_t> wanted) {
  int64_t rows = std::min(wanted.second, isDot() ? sizeOf(rowLoop) : tileRows->count());
  bool isTile = wanted.first * rows > 1;
  if (choose(k, KernelChoice::TileRegisters, isTile, [&]() -> std::string {
        return isTile ? llvm::formatv("{0} x {1} {2} of sums stay in registers", rows, wanted.first,
                                      isDot() ? "columns" : "vectors")
                            .str()
                      : "a tile has one row and one column";
      })) {
    std::tie(tileColumns, tileHeight) = wanted;
  }
  packs = !isDot() && packsPanels();
  folds = isDot() && foldsLanes();
}

void TiledContraction::chooseFetch() {
  // What tiles read of rhs: one piece of memory, row behind row.
  int64_t row = rhs.strides[reduced.back()], bytes = rhsBytes();
  bool runsOn = row == tileColumns * lanes && vectorCount() == tileColumns;
  auto wanted = packs && streamsPanels()                       ? Fetch::NextPanel
                : !packs && runsOn && bytes > k.target.l1Bytes ? Fetch::NextRows
                                                               : Fetch::Nothing;
  if (choose(k, KernelChoice::PrefetchOperands, wanted != Fetch::Nothing, [&] {
        return wanted == Fetch::NextPanel  ? "what the next panel is copied from is fetched"
               : wanted == Fetch::NextRows ? "what later products of a tile read is fetched"
                                           : "what tiles read is near, or not one piece of memory";
      })) {
    fetch = wanted;
  }
}

/// Do the results of a tile's row fit a vector, and is there more than one in a tile?
bool TiledContraction::foldsLanes() const {
  int64_t sums = std::min(tileHeight, sizeOf(rowLoop)) * tileColumns;
  StringRef whyNot = sums == 1             ? "a tile has one sum"
                     : tileColumns > lanes ? "a tile's row has more sums than a vector has lanes"
                                           : "";
  return chooseUnless(k, KernelChoice::FoldLanes, whyNot, [&] {
    return llvm::formatv("the lanes of {0} sums are added together",
                         std::min(sums, lanes / tileColumns * tileColumns))
        .str();
  });
}

// --- Blocks

/// Bytes of lhs and rhs that the tiles of one row and one column of tiles read.
int64_t TiledContraction::streamedBytes() const {
  int64_t depth = 1;
  for (unsigned loop : cuttable()) {
    depth *= sizeOf(loop);
  }
  int column = isDot() ? columnLoop : static_cast<int>(form.vectorLoop);
  return depth * (sizeOf(rowLoop) + sizeOf(column)) * ir::plan::elementBytes(output.buffer.element);
}

/// Reduction loops, outermost first.
SmallVector<unsigned> TiledContraction::cuttable() const {
  SmallVector<unsigned> loops(reduced);
  if (isDot()) {
    loops.push_back(form.vectorLoop);
  }
  return loops;
}

/// Reduction loops that run outside of the tiles, outermost first, each with its number of indices
/// per block: as few as let what one block streams stay in half of the second cache; in all of it
/// where every block ends with horizontal sums.
KernelBuilder::Cuts TiledContraction::reductionBlocks() {
  KernelBuilder::Cuts blocks;
  int64_t streamed = streamedBytes(), bytes = streamed,
          fits = isDot() ? k.target.l2Bytes : k.target.l2Bytes / 2;
  for (unsigned loop : cuttable()) {
    int64_t extent = sizeOf(loop), grain = isDot() && loop == form.vectorLoop ? 4 * lanes : 1;
    if (bytes <= fits) {
      break;
    }
    if (extent <= grain) {
      continue;
    }
    int64_t count = std::min<int64_t>(extent, llvm::divideCeil(bytes, fits));
    int64_t size = llvm::alignTo(llvm::divideCeil(extent, count), grain);
    if (size < extent) {
      blocks.push_back({loop, size});
      bytes = bytes / extent * size;
    }
  }
  bool blocked = chooseBlocks(k, blocks, streamed, fits);
  return blocked ? blocks : KernelBuilder::Cuts();
}

// --- Panels

/// Is a column of tiles worth a copy of what it reads of rhs: if it is read often enough, and steps
/// are so wide that they miss the caches (lines that fall into few sets) or are gathers?
bool TiledContraction::packsPanels() const {
  constexpr int64_t kFewestTiles = 4;
  // Tiles of clipped loops are wide, so that a panel may wait in the second cache.
  int64_t most = clipped.empty() ? 64 * 1024 : k.target.l2Bytes / 2, tiles = 1;
  int64_t bytes = tileColumns * lanes * ir::plan::elementBytes(rhs.buffer.element);
  for (unsigned loop : reduced) {
    bytes *= rhs.strides[loop] == 0 ? 1 : depthOf(loop);
  }
  for (unsigned loop : positions) {
    tiles *= sizeOf(loop);
  }
  tiles *= llvm::divideCeil(tileRows->count(), tileHeight);
  StringRef whyNot;
  if (rowLoop < 0 || tiles < kFewestTiles) {
    whyNot = "too few tiles read what would be copied";
  } else if (rhsStep() < kWideStep && !form.gathers) {
    whyNot = "what its tiles read lies close enough";
  } else if (bytes > most) {
    whyNot = "a panel would be too large for its cache";
  } else if (rhs.buffer.element.isInteger(1)) {
    whyNot = "its elements are booleans";
  }
  return chooseUnless(k, KernelChoice::PackPanels, whyNot, [&] {
    return llvm::formatv("a column of tiles reads a copy of {0} KiB", llvm::divideCeil(bytes, 1024))
        .str();
  });
}

} // namespace ntc::codegen::cpu
