// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products of bf16 in f32, two products at a time. A register lane holds a *pair*: the
// elements at two neighbouring indices of one reduction loop, the pair loop. `rows` x `columns`
// vectors of sums stay in registers over all reduction loops; a step broadcasts one pair of lhs per
// row and loads one vector of pairs of rhs per column.
//
// Pairs of rhs come from a panel, to which the columns of a tile are copied first; those of lhs are
// read in place where the pair loop runs along memory and from a copy otherwise. An odd last index
// is paired with zero. Where the reduction is too long for the panel it is cut into blocks, whose
// sums wait in the result meanwhile.
//
// A target with an instruction for it (vdpbf16ps) and one without compute the same: the product of
// the second elements is added first, then that of the first ones, each rounded once.

#include "codegen/cpu/Choose.h"
#include "codegen/cpu/PairedOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <tuple>

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

using SumPart = KernelBuilder::SumPart;

/// Elements of bf16 that the panel of rhs and the copy of lhs may have together.
constexpr int64_t kMostCopied = 128 * 1024;

class PairedEmitter : PairedOperands {
public:
  PairedEmitter(KernelBuilder &k, size_t n, fuse::ContractionForm form)
      : PairedOperands(k, n, std::move(form)) {
    sortLoops();
    cutRows();
  }

  /// Only where the loop of pairs is short enough or may be cut.
  bool applies() const {
    StringRef whyNot = reduced.empty() ? "it sums nothing"
                       : isOdd() && sizeOf(pairLoop) > mostDepth() / 2
                           ? "its products are odd in number and too many for a panel"
                           : "";
    return chooseUnless(k, KernelChoice::PairProducts, whyNot, [&]() -> std::string {
      return readsLhsInPlace() ? "pairs of one operand come from a panel, of the other from memory"
                               : "pairs of both operands come from panels";
    });
  }

  void emit() {
    std::tie(columns, rows) = chooseTile();
    flat = isFlat() && choose(k, KernelChoice::CollapseLoops, true, [&] {
             return "one loop runs through the pairs of " + std::to_string(reduced.size()) +
                    " reductions";
           });
    if (transposesRhs()) {
      choose(k, KernelChoice::TransposeBlocks, true,
             [] { return "a panel's pairs pass through registers"; });
    }
    k.cut(rowCuts, ranges, [&] { emitBlocks(); });
  }

private:
  void emitBlocks() {
    KernelBuilder::Cuts cuts = reductionBlocks();
    for (auto [loop, size] : cuts) {
      blockSizes[loop] = size;
    }
    SmallVector<Value> ivs(ranges.size());
    k.cutSums(cuts, ranges, part, [&] { emitBlock(ivs); });
  }

  SumPart part = SumPart::Whole;

  int64_t rows = 1;                         ///< of a tile
  bool flat = false;                        ///< one loop runs through the pairs of the copies
  SmallVector<unsigned> rhsOuter, lhsOuter; ///< parallel loops that index rhs, and the others
  bool pairHasSecond = true;                ///< of the pair that code is being emitted for

  void sortLoops() {
    for (unsigned d = 0; d < ranges.size(); ++d) {
      if (!nest.isReduction[d] && d != vectorLoop && static_cast<int>(d) != rowLoop) {
        (rhs.strides[d] != 0 ? rhsOuter : lhsOuter).push_back(d);
      }
    }
  }

  // --- Blocks

  KernelBuilder::Cuts rowCuts; ///< the row loop, where its copy would be wide

  /// The copy of lhs has room for some rows, however many a group of work has.
  void cutRows() {
    constexpr int64_t kMostRows = 2048;
    int64_t extent = sizeOfRows();
    if (readsLhsInPlace() || extent <= kMostRows) {
      return;
    }
    int64_t parts = llvm::divideCeil(extent, kMostRows);
    int64_t size = extent % parts == 0 ? extent / parts : kMostRows;
    rowCuts.push_back({static_cast<unsigned>(rowLoop), size});
    blockSizes[rowLoop] = size;
  }

  /// Pairs of indices for which the copies have room.
  int64_t mostDepth() const {
    int64_t width = 4 * lanes;
    if (!readsLhsInPlace()) {
      width += llvm::alignTo(rowLoop < 0 ? 1 : depthOf(rowLoop), lanes);
    }
    return std::max<int64_t>(2 * lanes, kMostCopied / width);
  }

  /// Reduction loops that run outside of the tiles, outermost first, each with its number of
  /// indices per block.
  KernelBuilder::Cuts reductionBlocks() const {
    KernelBuilder::Cuts cuts;
    int64_t depth = 1;
    for (unsigned loop : reduced) {
      depth *= sizeOf(loop);
    }
    for (unsigned loop : reduced) {
      int64_t extent = sizeOf(loop), inner = depth / extent;
      if (depth <= mostDepth()) {
        break;
      }
      if (extent == 1 || (loop == pairLoop && isOdd())) {
        continue;
      }
      int64_t size = std::max<int64_t>(1, mostDepth() / inner);
      size = llvm::divideCeil(extent, llvm::divideCeil(extent, size));
      size = loop == pairLoop ? llvm::alignTo(size, transposesRhs() ? 2 * lanes : 2) : size;
      if (size < extent) {
        cuts.push_back({loop, size});
        depth = inner * size;
      }
    }
    return cuts;
  }

  void emitBlock(SmallVector<Value> &ivs) {
    k.loops(rhsOuter, ranges, ivs, [&] {
      if (copiesLhs() && lhsOuter.empty()) {
        emitLhsCopy(ivs);
      }
      emitColumns(ivs);
    });
  }

  // --- Tiles

  /// Vectors and rows of sums that fit the registers beside one vector per column and one for a
  /// row; two of each where halves of pairs are taken apart.
  std::pair<int64_t, int64_t> tile() const {
    int64_t vectors = llvm::divideCeil(sizeOf(vectorLoop), lanes);
    if (k.tunedTile) {
      return {std::min(vectors, k.tunedTile->first), k.tunedTile->second};
    }
    int64_t count = vectors <= 3 ? vectors : vectors % 4 == 0 ? 4 : vectors % 3 == 0 ? 3 : 2;
    int64_t parts = k.target.hasBf16Dot ? 1 : 2;
    if (k.target.registers < 32) {
      count = std::min<int64_t>(count, 2);
    }
    int64_t fit = (k.target.registers - 1 - parts - parts * count) / count;
    return {count, std::clamp<int64_t>(fit, 1, 14)};
  }

  std::pair<int64_t, int64_t> chooseTile() const {
    std::pair<int64_t, int64_t> wanted = tile();
    int64_t height = std::min(wanted.second, sizeOfRows());
    bool isTile = wanted.first * height > 1;
    bool tiles = choose(k, KernelChoice::TileRegisters, isTile, [&]() -> std::string {
      return isTile ? llvm::formatv("{0} x {1} vectors of sums stay in registers", height,
                                    wanted.first)
                          .str()
                    : "a tile has one row and one column";
    });
    return tiles ? wanted : std::pair<int64_t, int64_t>(1, 1);
  }

  int64_t sizeOfRows() const { return rowLoop < 0 ? 1 : sizeOf(rowLoop); }

  void emitColumns(SmallVector<Value> &ivs) {
    const Range &range = ranges[vectorLoop];
    auto emitColumn = [&](Value column, int64_t vectors, Value mask) {
      ivs[vectorLoop] = column;
      if (part != SumPart::Begin) {
        emitPanel(ivs, vectors, mask);
      }
      k.loops(lhsOuter, ranges, ivs, [&] { emitRows(ivs, vectors, mask); });
      ivs[vectorLoop] = {};
    };
    int64_t step = columns * lanes;
    if (range.size >= 0) {
      int64_t whole = range.size / step * step, rest = range.size - whole;
      Value split = k.add(range.lower, k.index(whole));
      if (whole > 0) {
        k.loop(Range{range.lower, split, whole, step}, step, {},
               [&](Value iv, ValueRange) -> SmallVector<Value> {
                 return emitColumn(iv, columns, {}), SmallVector<Value>();
               });
      }
      if (rest > 0) {
        int64_t vectors = llvm::divideCeil(rest, lanes), last = rest - (vectors - 1) * lanes;
        emitColumn(split, vectors, last == lanes ? Value() : maskOf(k.index(last)));
      }
      return;
    }
    Value total = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, range.lower);
    Value split = k.add(range.lower,
                        k.mul(k.b.createOrFold<arith::DivUIOp>(k.loc, total, k.index(step)), step));
    k.loop(range.lower, split, step, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      return emitColumn(iv, columns, {}), SmallVector<Value>();
    });
    k.loop(split, range.upper, lanes, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      Value left = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, iv);
      return emitColumn(iv, 1, maskOf(left)), SmallVector<Value>();
    });
  }

  bool copiesLhs() const { return part != SumPart::Begin && !readsLhsInPlace(); }

  void emitRows(SmallVector<Value> &ivs, int64_t vectors, Value mask) {
    if (copiesLhs() && !lhsOuter.empty()) {
      emitLhsCopy(ivs);
    }
    k.blocks(rowLoop < 0 ? Range{k.index(0), k.index(1), 1} : ranges[rowLoop], rows,
             [&](Value row, int64_t count) {
               if (rowLoop >= 0) {
                 ivs[rowLoop] = row;
               }
               emitTile(ivs, count, vectors, mask);
             });
    if (rowLoop >= 0) {
      ivs[rowLoop] = {};
    }
  }

  void emitTile(SmallVector<Value> &ivs, int64_t count, int64_t vectors, Value mask) {
    SmallVector<Value> sums, addresses;
    Value base = k.addressAt(output, ivs);
    int64_t stride = output.strides[vectorLoop];
    for (int64_t r = 0; r < count; ++r) {
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t offset = (rowLoop < 0 ? 0 : r * output.strides[rowLoop]) + v * lanes * stride;
        addresses.push_back(k.add(base, k.index(offset)));
        sums.push_back(part == SumPart::Continue ? k.load(output.buffer, addresses.back(), stride,
                                                          lanes, v + 1 == vectors ? mask : Value())
                                                 : k.initial(nest.op, lanes));
      }
    }
    if (part != SumPart::Begin) {
      sums = flat ? emitFlat(ivs, count, vectors, sums)
                  : emitReduced(reduced, ivs, sums, [&](ValueRange now, bool hasSecond) {
                      return emitStep(ivs, count, vectors, now, hasSecond);
                    });
    }
    for (int64_t i = 0; i < count * vectors; ++i) {
      k.store(output.buffer, sums[i], addresses[i], stride, lanes,
              i % vectors + 1 == vectors ? mask : Value());
    }
  }

  SmallVector<Value> emitReduced(ArrayRef<unsigned> loops, SmallVector<Value> &ivs,
                                 ValueRange carried,
                                 llvm::function_ref<SmallVector<Value>(ValueRange, bool)> body) {
    if (loops.empty()) {
      return body(carried, pairHasSecond);
    }
    unsigned loop = loops.front();
    if (loop == pairLoop) {
      return forPairs(carried, ivs, [&](ValueRange now, bool hasSecond) {
        pairHasSecond = hasSecond;
        return emitReduced(loops.drop_front(), ivs, now, body);
      });
    }
    return k.loop(ranges[loop], 1, carried, [&](Value iv, ValueRange now) -> SmallVector<Value> {
      ivs[loop] = iv;
      return emitReduced(loops.drop_front(), ivs, now, body);
    });
  }

  /// Both sides are copies that hold the pairs of all reduction loops one behind the other.
  bool isFlat() const {
    return !readsLhsInPlace() && !transposesRhs() && pairLoop == reduced.back() &&
           llvm::all_of(reduced, [&](unsigned loop) {
             return lhs.strides[loop] != 0 && rhs.strides[loop] != 0;
           });
  }

  SmallVector<Value> emitFlat(SmallVector<Value> ivs, int64_t count, int64_t vectors,
                              ValueRange sums) {
    Value pairs = k.index(1);
    for (unsigned loop : reduced) {
      const Range &range = ranges[loop];
      ivs[loop] = range.lower;
      Value size = range.size >= 0
                       ? k.index(range.size)
                       : k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, range.lower);
      if (loop == pairLoop) {
        size = k.b.createOrFold<arith::DivUIOp>(k.loc, k.add(size, k.index(1)), k.index(2));
      }
      pairs = k.b.createOrFold<arith::MulIOp>(k.loc, pairs, size);
    }
    return k.loop(k.index(0), pairs, 1, sums, [&](Value pair, ValueRange now) {
      return emitStep(ivs, count, vectors, now, true, pair);
    });
  }

  /// Adds the products of one pair: the one that the loops are at or, of flat copies, number `pair`
  /// from there.
  SmallVector<Value> emitStep(ArrayRef<Value> ivs, int64_t count, int64_t vectors, ValueRange now,
                              bool hasSecond, Value pair = {}) {
    auto advanced = [&](Value address, const LinearAccess &copy) {
      return pair ? k.add(address, k.mul(pair, 2 * copy.strides[pairLoop])) : address;
    };
    Value from = advanced(k.addressAt(panel, ivs), panel);
    SmallVector<Value> pairs, next(now);
    for (int64_t v = 0; v < vectors; ++v) {
      Value halves = k.load(panel.buffer, k.add(from, k.index(2 * v * lanes)), 1, 2 * lanes);
      pairs.push_back(vector::BitCastOp::create(k.b, k.loc, pairType(), halves));
    }
    const LinearAccess &source = readsLhsInPlace() ? lhs : lhsCopy;
    Value base = advanced(k.addressAt(source, ivs), source);
    for (int64_t r = 0; r < count; ++r) {
      int64_t stride = rowLoop < 0 ? 0 : source.strides[rowLoop];
      Value broadcast = loadPair(source.buffer, k.add(base, k.index(r * stride)),
                                 hasSecond || !readsLhsInPlace());
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = next[r * vectors + v];
        sum = k.multiplyAddPairs(broadcast, pairs[v], sum);
      }
    }
    return next;
  }

  /// The pair at `address` in every lane; without a second element it is zero.
  Value loadPair(const Buffer &buffer, Value address, bool hasSecond) {
    Value bits;
    if (hasSecond) {
      auto two = VectorType::get({2}, k.b.getI16Type());
      Value halves = vector::LoadOp::create(k.b, k.loc, two, buffer.memref, ValueRange{address});
      auto one = VectorType::get({1}, k.b.getI32Type());
      bits = vector::ExtractOp::create(
          k.b, k.loc, vector::BitCastOp::create(k.b, k.loc, one, halves), ArrayRef<int64_t>{0});
    } else {
      Value half = memref::LoadOp::create(k.b, k.loc, buffer.memref, address);
      bits = arith::ExtUIOp::create(k.b, k.loc, k.b.getI32Type(), half);
    }
    return k.splat(bits, lanes);
  }
};

} // namespace

bool emitPairedContraction(KernelBuilder &k, size_t nest) {
  const fuse::Nest &described = k.layout.space().nests()[nest];
  fuse::ContractionForm form = *fuse::contractionForm(described.op);
  if (!fuse::sumsPairs(described)) {
    return false;
  }
  if (form.kind != fuse::ContractionForm::Kind::Outer) {
    return choose(k, KernelChoice::PairProducts, false,
                  [] { return "its vectors run along the sums"; });
  }
  PairedEmitter emitter(k, nest, std::move(form));
  if (!emitter.applies()) {
    return false;
  }
  emitter.emit();
  return true;
}

} // namespace ntc::codegen::cpu
