// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums over the winners of a pooling (compiler/fuse/WinnerForm.h). For every value one address is
// computed from the winner's offset; from there on vectors of rhs are multiplied by the value and
// added to as many results as registers hold. Nothing is computed for the other offsets.
//
// Where neighbouring windows add to the same results (the gradient by the input), all results begin
// as zeros, and a tile is a patch of them around one window: it is loaded, added to and stored.
//
// Loops that run on in memory behind the vector loop, in rhs and in the result, join it. Where rhs
// does not fit the first cache, reduction loops are cut into blocks that run outside of all tiles,
// whose sums wait in the result meanwhile. Orders of summation depend on sizes and target only.

#include "codegen/cpu/Choose.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

using SumPart = KernelBuilder::SumPart;

class WinnerSumEmitter {
public:
  WinnerSumEmitter(KernelBuilder &k, size_t n, fuse::WinnerForm form)
      : k(k), nest(k.layout.space().nests()[n]), form(std::move(form)) {
    for (size_t d = 0; d < nest.extents.size(); ++d) {
      ranges.push_back(k.rangeOf(n, d));
    }
    value = k.linearize(nest.reads[this->form.value]);
    winner = k.linearize(nest.reads[this->form.winner]);
    rhs = k.linearize(nest.reads[this->form.rhs]);
    output = k.linearize(nest.writes[0]);
    lanes = k.lanesOf(output.buffer.element);
    chooseLoops();
  }

  void emit() {
    SmallVector<Value> ivs(ranges.size());
    explainTile();
    prefetches = choosePrefetch();
    KernelBuilder::Cuts blocked = reductionBlocks();
    if (!overlaps()) {
      return k.cutSums(blocked, ranges, part, [&] { emitOuter(ivs); });
    }
    part = SumPart::Begin;
    emitOuter(ivs);
    part = SumPart::Continue;
    k.cut(blocked, ranges, [&] { emitOuter(ivs); });
  }

private:
  KernelBuilder &k;
  const fuse::Nest &nest;
  fuse::WinnerForm form;
  SmallVector<Range> ranges;
  LinearAccess value, winner, rhs, output;
  Lanes lanes;
  SumPart part = SumPart::Whole;
  int vectorLoop = -1;     ///< -1: scalars
  int64_t vectorSize = 1;  ///< indices that vectors run over: of the vector loop and those joined
  int64_t tileVectors = 1; ///< of a column of a tile
  SmallVector<unsigned> joined, columns, outer, reduced;
  bool prefetches = false;

  /// Does a reduction loop index the result: do several of its indices add to one element?
  bool overlapsAlong(unsigned loop) const {
    return nest.isReduction[loop] && output.strides[loop] != 0;
  }

  /// Do tiles share results, which wait in memory then?
  bool overlaps() const {
    return llvm::any_of(llvm::seq<unsigned>(0, ranges.size()),
                        [&](unsigned loop) { return overlapsAlong(loop); });
  }

  bool isShared(unsigned loop) const {
    return (!nest.isReduction[loop] || overlapsAlong(loop)) && value.strides[loop] == 0 &&
           ranges[loop].size >= 0;
  }

  /// The loops of the tile: vectors, then as many columns as registers allow, innermost first.
  void chooseLoops() {
    for (unsigned d = 0; d < ranges.size(); ++d) {
      if (isShared(d) && rhs.strides[d] == 1 && output.strides[d] == 1 && nest.extents[d] > 1) {
        vectorLoop = static_cast<int>(d);
        vectorSize = ranges[d].size;
      }
    }
    for (bool found = vectorLoop >= 0 && k.choices.has(KernelChoice::CollapseLoops); found;) {
      found = false;
      for (unsigned d = 0; d < ranges.size(); ++d) {
        if (isShared(d) && !llvm::is_contained(joined, d) && rhs.strides[d] == vectorSize &&
            output.strides[d] == vectorSize && ranges[d].isWhole && ranges[vectorLoop].isWhole &&
            vectorSize > 1) {
          joined.push_back(d);
          vectorSize *= ranges[d].size;
          found = true;
        }
      }
    }
    auto isTaken = [&](unsigned d) {
      return llvm::is_contained(form.offsetLoops, d) || static_cast<int>(d) == vectorLoop ||
             llvm::is_contained(joined, d);
    };
    tileVectors = std::min(vectorCount(), mostVectors());
    int64_t rows = 1; // of a patch, which one value should meet in one tile
    for (unsigned d = 0; d < ranges.size(); ++d) {
      rows *= overlapsAlong(d) && isShared(d) && !isTaken(d) ? ranges[d].size : 1;
    }
    if (int64_t most = mostResults() / rows; most > 0 && most < tileVectors) {
      tileVectors = llvm::divideCeil(vectorCount(), llvm::divideCeil(vectorCount(), most));
    }
    int64_t results = tileVectors;
    for (unsigned d = ranges.size(); d-- > 0;) {
      if (isTaken(d)) {
        continue;
      }
      if (nest.isReduction[d] && !overlapsAlong(d)) {
        reduced.insert(reduced.begin(), d);
      } else if (isShared(d) && results * ranges[d].size <= mostResults()) {
        columns.insert(columns.begin(), d);
        results *= ranges[d].size;
      } else {
        outer.insert(outer.begin(), d);
      }
    }
  }

  bool tiles() const { return k.choices.has(KernelChoice::TileRegisters); }

  /// Vectors of one column in a tile.
  int64_t mostVectors() const { return tiles() ? 8 : 1; }

  int64_t vectorCount() const { return vectorLoop < 0 ? 1 : llvm::divideCeil(vectorSize, lanes); }

  /// Accumulators, with registers to spare for the value and a vector of rhs.
  int64_t mostResults() const { return tiles() ? k.target.registers - 4 : 1; }

  void explainTile() const {
    int64_t vectors = tileVectors, count = 1;
    for (unsigned loop : columns) {
      count *= ranges[loop].size;
    }
    bool isTile = count * vectors > 1;
    choose(k, KernelChoice::TileRegisters, isTile, [&]() -> std::string {
      return isTile ? llvm::formatv("{0} x {1} vectors of sums stay in registers", count, vectors)
                          .str()
                    : "a tile has one row and one column";
    });
    choose(k, KernelChoice::CollapseLoops, !joined.empty(), [&]() -> std::string {
      return joined.empty() ? "memory does not run on behind its vectors"
                            : std::to_string(joined.size() + 1) + " loops run as one";
    });
  }

  /// Reduction loops to cut, outermost first, with the indices of a block: until what a block reads
  /// of rhs is about half of the first cache.
  KernelBuilder::Cuts reductionBlocks() const {
    KernelBuilder::Cuts blocks;
    auto type = cast<RankedTensorType>(nest.reads[form.rhs].tensor.getType());
    int64_t bytes = ir::plan::tensorBytes(type), fits = k.target.l1Bytes / 2;
    for (unsigned loop : outer) {
      // A tile sees one index of it; the tiles of a patch see all of its rows.
      bytes /= rhs.strides[loop] == 0 || overlapsAlong(loop) ? 1 : nest.extents[loop];
    }
    const int64_t whole = bytes;
    for (unsigned loop : reduced) {
      int64_t extent = nest.extents[loop];
      if (bytes <= fits) {
        break;
      }
      if (extent == 1 || rhs.strides[loop] == 0) {
        continue;
      }
      int64_t count = std::min<int64_t>(extent, llvm::divideCeil(bytes, fits));
      int64_t size = llvm::divideCeil(extent, count);
      if (size < extent) {
        blocks.push_back({loop, size});
        bytes = bytes / extent * size;
      }
    }
    return chooseBlocks(k, blocks, whole, fits) ? blocks : KernelBuilder::Cuts();
  }

  void emitOuter(SmallVector<Value> &ivs) {
    k.loops(outer, ranges, ivs, [&] { emitVectors(ivs); });
  }

  /// Tiles along the vectors: whole ones in a loop, the rest with a mask.
  void emitVectors(SmallVector<Value> &ivs) {
    for (unsigned loop : llvm::concat<const unsigned>(joined, columns)) {
      ivs[loop] = ranges[loop].lower;
    }
    if (vectorLoop < 0) {
      return emitTile(ivs, 1, 0, {});
    }
    int64_t perTile = tileVectors * lanes, whole = vectorSize / perTile * perTile,
            rest = vectorSize - whole;
    Value lower = ranges[vectorLoop].lower, split = k.add(lower, k.index(whole));
    if (whole > 0) {
      k.loop(Range{lower, split, whole, perTile}, perTile, {},
             [&](Value iv, ValueRange) -> SmallVector<Value> {
               ivs[vectorLoop] = iv;
               emitTile(ivs, perTile / lanes, lanes, {});
               return {};
             });
    }
    if (rest > 0) {
      int64_t vectors = llvm::divideCeil(rest, lanes), last = rest - (vectors - 1) * lanes;
      Value mask;
      if (last < lanes) {
        mask = vector::CreateMaskOp::create(k.b, k.loc, VectorType::get({lanes}, k.b.getI1Type()),
                                            k.index(last));
      }
      ivs[vectorLoop] = split;
      emitTile(ivs, vectors, lanes, mask);
    }
    ivs[vectorLoop] = {};
  }

  /// Offsets from the tile's first element, in `access`, of every column and vector of it.
  SmallVector<int64_t> offsetsOf(const LinearAccess &access, int64_t vectors) const {
    SmallVector<int64_t> offsets = {0};
    for (unsigned loop : columns) {
      SmallVector<int64_t> next;
      for (int64_t offset : offsets) {
        for (int64_t i = 0; i < ranges[loop].size; ++i) {
          next.push_back(offset + i * access.strides[loop]);
        }
      }
      offsets = std::move(next);
    }
    SmallVector<int64_t> all;
    for (int64_t offset : offsets) {
      for (int64_t v = 0; v < vectors; ++v) {
        all.push_back(offset + v * lanes);
      }
    }
    return all;
  }

  void emitTile(SmallVector<Value> &ivs, int64_t vectors, Lanes width, Value mask) {
    SmallVector<int64_t> rhsOffsets = offsetsOf(rhs, vectors), offsets = offsetsOf(output, vectors);
    auto maskOf = [&](size_t i) { return (i + 1) % vectors == 0 ? mask : Value(); };
    Value base = k.addressAt(output, ivs);
    SmallVector<Value> sums, addresses;
    for (auto [i, offset] : llvm::enumerate(offsets)) {
      addresses.push_back(k.add(base, k.index(offset)));
      sums.push_back(part == SumPart::Continue
                         ? k.load(output.buffer, addresses.back(), 1, width, maskOf(i))
                         : k.initial(nest.op, width));
    }
    if (part != SumPart::Begin) {
      prefetchNext(ivs);
      sums = emitReduced(reduced, ivs, sums, [&](ValueRange now) {
        Value from = k.add(k.addressAt(rhs, ivs), displacement(ivs));
        Value factor = k.load(value.buffer, k.addressAt(value, ivs), 0, width);
        SmallVector<Value> next;
        for (auto [i, offset] : llvm::enumerate(rhsOffsets)) {
          Value other = k.load(rhs.buffer, k.add(from, k.index(offset)), 1, width, maskOf(i));
          next.push_back(k.multiplyAdd(factor, other, now[i]));
        }
        return next;
      });
    }
    for (auto [i, sum] : llvm::enumerate(sums)) {
      k.store(output.buffer, sum, addresses[i], 1, width, maskOf(i));
    }
  }

  bool choosePrefetch() const {
    bool moves = !outer.empty() && value.strides[outer.back()] != 0;
    return choose(k, KernelChoice::PrefetchOperands, moves, [&] {
      return moves ? "values and winners of a later tile are fetched"
                   : "neighbouring tiles read the same values";
    });
  }

  /// Asks for the values and winners of the tile behind the next one: every tile begins with them,
  /// and they lie too far apart for the processor to foresee.
  void prefetchNext(ArrayRef<Value> ivs) {
    if (!prefetches) {
      return;
    }
    SmallVector<Value> first(ivs);
    for (unsigned loop : reduced) {
      first[loop] = ranges[loop].lower;
    }
    Value ahead = k.index(2 * value.strides[outer.back()]);
    for (const LinearAccess *access : {&value, &winner}) {
      memref::PrefetchOp::create(k.b, k.loc, access->buffer.memref,
                                 ValueRange{k.add(k.addressAt(*access, first), ahead)},
                                 /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
  }

  /// How far the winner's offset lies from the first one in rhs, in elements.
  Value displacement(ArrayRef<Value> ivs) {
    Value rest = arith::IndexCastUIOp::create(
        k.b, k.loc, k.b.getIndexType(), k.load(winner.buffer, k.addressAt(winner, ivs), 0, 0));
    Value sum = k.index(0);
    for (unsigned loop : llvm::reverse(form.offsetLoops)) {
      bool first = loop == form.offsetLoops.front();
      Value extent = k.index(nest.extents[loop]);
      Value here = first ? rest : arith::RemUIOp::create(k.b, k.loc, rest, extent).getResult();
      rest = first ? rest : arith::DivUIOp::create(k.b, k.loc, rest, extent).getResult();
      sum = k.add(sum, k.mul(here, rhs.strides[loop]));
    }
    return sum;
  }

  SmallVector<Value> emitReduced(ArrayRef<unsigned> loops, SmallVector<Value> &ivs,
                                 ValueRange carried,
                                 llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
    if (loops.empty()) {
      return body(carried);
    }
    return k.loop(ranges[loops.front()], 1, carried,
                  [&](Value iv, ValueRange now) -> SmallVector<Value> {
                    ivs[loops.front()] = iv;
                    return emitReduced(loops.drop_front(), ivs, now, body);
                  });
  }
};

} // namespace

void emitWinnerSum(KernelBuilder &k, size_t nest) {
  fuse::WinnerForm form = *fuse::winnerForm(k.layout.space().nests()[nest].op);
  WinnerSumEmitter(k, nest, std::move(form)).emit();
}

} // namespace ntc::codegen::cpu
