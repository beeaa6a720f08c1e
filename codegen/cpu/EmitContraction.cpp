// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products with register tiles. Two forms (compiler/fuse/ContractionForm.h):
//
// * Outer: `rows` x `columns` vectors of results stay in registers over all reduction loops; each
//   step broadcasts one lhs element per row and loads one rhs vector per column.
// * Dot: `rows` x `columns` accumulators run along the reduction; each step loads one vector per
//   row and one per column, and the lanes of each accumulator are added by halves at the end.
//
// Rows of a tile may come from several loops (TileRows.h).
// Where the operands of all tiles do not fit the cache together, the reduction is cut into blocks
// that run outside of the tiles, whose sums wait in the result meanwhile. What a column of tiles
// reads of rhs is copied to a panel first where it is read often and lies far apart. All this is
// decided in TiledContraction.cpp.
//
// Every result has one owner and one order of summation, which depends on sizes and on the target
// only.

#include "codegen/cpu/Combine.h"
#include "codegen/cpu/TileUpdates.h"
#include "codegen/cpu/TiledContraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::codegen::cpu {

namespace {

using SumPart = KernelBuilder::SumPart;

class ContractionEmitter : TiledContraction {
public:
  using TiledContraction::TiledContraction;

  /// `beside`: the elementwise loop group that is to run beside the sums, or none. False if it has
  /// yet to be emitted.
  bool emit(ArrayRef<size_t> beside) {
    if (!beside.empty() && mayRunBeside()) {
      updates.emplace(k, nestNumber, rowLoop, form.vectorLoop, beside, ranges);
    }
    chooseTile(isDot() ? dotTile() : updates ? TileUpdates::tileOf(k, vectorCount()) : outerTile());
    if (!isDot() && !updates && !reduced.empty()) {
      chooseFetch();
    }
    SmallVector<Value> ivs(ranges.size());
    k.cutSums(cuts, ranges, part, [&] { emitOuter(ivs); });
    if (updates) {
      updates->drain();
    }
    return updates.has_value();
  }

private:
  SumPart part = SumPart::Whole;
  std::optional<LinearAccess> panel; ///< the copy of rhs that tiles read, if any
  Value panelMemory;
  std::optional<TileUpdates> updates; ///< what runs beside the sums, if anything
  Value lastLanes;                    ///< lanes of the last vector of a column of tiles; null: all

  /// May elementwise loops run beside the sums? These wait in registers then.
  bool mayRunBeside() const {
    bool may = cuts.empty() && ranges[reduced.front()].size > 0;
    if (!may) {
      remark::missed(k.loc, remark::RemarkOpts::name("emit").category("pipeline-updates"))
          << "the elementwise loops behind it run apart: its sums are cut into blocks";
    }
    return may;
  }

  bool isRounded(const Buffer &buffer) const {
    unsigned input = buffer.memref == lhs.buffer.memref ? form.lhs : form.rhs;
    return fuse::roundsFactor(nest.op, input);
  }

  /// A vector of factors, widened to the type of the sums.
  Value loadFactor(const Buffer &buffer, Value address, int64_t stride, Value mask = {}) {
    Value factor = k.load(buffer, address, stride, lanes, mask);
    Type sum = k.vectorType(output.buffer.element, lanes);
    if (isRounded(buffer)) {
      Type narrow = k.vectorType(k.b.getBF16Type(), lanes);
      factor = arith::TruncFOp::create(k.b, k.loc, narrow, factor);
    }
    return factor.getType() == sum ? factor : arith::ExtFOp::create(k.b, k.loc, sum, factor);
  }

  void emitOuter(SmallVector<Value> &ivs) {
    k.loops(outer, ranges, ivs, [&] { isDot() ? emitDotBlocks(ivs) : emitColumnBlocks(ivs); });
  }

  /// Cuts `range` into blocks of `size` indices and single ones, or, if the range is short and
  /// known, one block.
  void blocks(int loop, int64_t size, llvm::function_ref<void(Value, int64_t)> body) {
    if (loop < 0) {
      return body({}, 1);
    }
    k.blocks(ranges[loop], size, body);
  }

  // --- Outer
  // ---------------------------------------------------------------------------------------------------------

  void emitColumnBlocks(SmallVector<Value> &ivs) {
    const Range &range = ranges[form.vectorLoop];
    auto emitRows = [&](Value column, int64_t vectors, Value mask) {
      ivs[form.vectorLoop] = column;
      panel = packs && part != SumPart::Begin ? std::optional(emitPanel(ivs, vectors, mask))
                                              : std::nullopt;
      k.loops(positions, ranges, ivs, [&] {
        tileRows->blocks(tileHeight, ivs, [&](Value row, int64_t count) {
          emitOuterTile(ivs, row, count, vectors, mask);
        });
      });
      ivs[form.vectorLoop] = {};
    };
    int64_t step = tileColumns * lanes;
    if (range.size >= 0) {
      int64_t whole = range.size / step * step, rest = range.size - whole;
      Value split = k.add(range.lower, k.index(whole));
      if (whole > 0) {
        k.loop(Range{range.lower, split, whole, step}, step, {},
               [&](Value iv, ValueRange) -> SmallVector<Value> {
                 emitRows(iv, tileColumns, {});
                 return {};
               });
      }
      if (rest > 0) {
        int64_t vectors = (rest + lanes - 1) / lanes, last = rest - (vectors - 1) * lanes;
        lastLanes = last == lanes ? Value() : k.index(last);
        emitRows(split, vectors, lastLanes ? maskOf(lastLanes) : Value());
        lastLanes = {};
      }
      return;
    }
    Value total = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, range.lower);
    Value split = k.add(range.lower,
                        k.mul(k.b.createOrFold<arith::DivUIOp>(k.loc, total, k.index(step)), step));
    k.loop(range.lower, split, step, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      emitRows(iv, tileColumns, {});
      return {};
    });
    k.loop(split, range.upper, lanes, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      Value left = k.b.createOrFold<arith::SubIOp>(k.loc, range.upper, iv);
      lastLanes = arith::MinUIOp::create(k.b, k.loc, left, k.index(lanes));
      emitRows(iv, 1, maskOf(left));
      lastLanes = {};
      return {};
    });
  }

  /// Copies `vectors` vectors of rhs per reduction index to memory of the function's own.
  LinearAccess emitPanel(SmallVector<Value> &ivs, int64_t vectors, Value mask) {
    int64_t elements = tileColumns * lanes;
    LinearAccess copy;
    copy.strides.assign(rhs.strides.size(), 0);
    copy.base = k.index(0);
    for (unsigned loop : llvm::reverse(reduced)) {
      if (rhs.strides[loop] != 0) {
        copy.strides[loop] = elements;
        copy.base = k.add(copy.base, k.mul(ranges[loop].lower, -elements));
        elements *= depthOf(loop);
      }
    }
    if (!panelMemory) {
      OpBuilder::InsertionGuard guard(k.b);
      auto function = k.b.getInsertionBlock()->getParentOp()->getParentOfType<func::FuncOp>();
      k.b.setInsertionPointToStart(&function.getBody().front());
      panelMemory = memref::AllocaOp::create(
          k.b, k.loc, MemRefType::get({elements}, rhs.buffer.element), k.b.getI64IntegerAttr(64));
    }
    copy.buffer = {panelMemory, rhs.buffer.element, {1}, {Value()}};
    emitPanelLoops(reduced, ivs, [&] {
      Value from = k.addressAt(rhs, ivs), to = k.addressAt(copy, ivs);
      int64_t stride = rhs.strides[form.vectorLoop];
      for (int64_t v = 0; v < vectors; ++v) {
        Value row = k.load(rhs.buffer, k.add(from, k.index(v * lanes * stride)), stride, lanes,
                           v + 1 == vectors ? mask : Value());
        k.store(copy.buffer, row, k.add(to, k.index(v * lanes)), 1, lanes);
      }
    });
    return copy;
  }

  void emitPanelLoops(ArrayRef<unsigned> loops, SmallVector<Value> &ivs,
                      llvm::function_ref<void()> body) {
    if (loops.empty()) {
      return body();
    }
    if (rhs.strides[loops.front()] == 0) {
      return emitPanelLoops(loops.drop_front(), ivs, body);
    }
    k.loop(ranges[loops.front()], 1, {}, [&](Value iv, ValueRange) -> SmallVector<Value> {
      ivs[loops.front()] = iv;
      emitPanelLoops(loops.drop_front(), ivs, body);
      return {};
    });
    ivs[loops.front()] = {};
  }

  Value maskOf(Value count) {
    return vector::CreateMaskOp::create(k.b, k.loc, VectorType::get({lanes}, k.b.getI1Type()),
                                        count);
  }

  /// `rows` x `vectors` results from row `firstRow` and the index of the vector loop on; `mask` is
  /// for the last vector.
  void emitOuterTile(SmallVector<Value> &ivs, Value firstRow, int64_t rows, int64_t vectors,
                     Value mask) {
    SmallVector<Value> sums, addresses;
    Value base = k.addressAt(output, ivs);
    SmallVector<Value> outputRows = tileRows->offsets(output, firstRow, rows),
                       lhsRows = tileRows->offsets(lhs, firstRow, rows);
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t offset = v * lanes * output.strides[form.vectorLoop];
        addresses.push_back(k.add(k.add(base, outputRows[r]), k.index(offset)));
        sums.push_back(part == SumPart::Continue ? k.load(output.buffer, addresses.back(),
                                                          output.strides[form.vectorLoop], lanes,
                                                          v + 1 == vectors ? mask : Value())
                                                 : k.initial(nest.op, lanes));
      }
    }
    auto step = [&](ValueRange now) -> SmallVector<Value> {
      const LinearAccess &from = panel ? *panel : rhs;
      Value lhsBase = k.addressAt(lhs, ivs), rhsBase = k.addressAt(from, ivs);
      SmallVector<Value> columns, next(now);
      for (int64_t v = 0; v < vectors; ++v) {
        int64_t stride = panel ? 1 : rhs.strides[form.vectorLoop];
        Value address = k.add(rhsBase, k.index(v * lanes * stride));
        columns.push_back(
            loadFactor(from.buffer, address, stride, v + 1 == vectors && !panel ? mask : Value()));
      }
      emitFetch(ivs, vectors);
      for (int64_t r = 0; r < rows; ++r) {
        Value broadcast = loadFactor(lhs.buffer, k.add(lhsBase, lhsRows[r]), 0);
        for (int64_t v = 0; v < vectors; ++v) {
          Value &sum = next[r * vectors + v];
          sum = k.multiplyAdd(broadcast, columns[v], sum);
        }
      }
      return next;
    };
    if (updates) {
      TileUpdates::Tile tile{ivs, rowLoop, rows, vectors, lastLanes};
      auto stepAt = [&](Value iv, ValueRange now) {
        ivs[reduced.front()] = iv;
        return step(now);
      };
      return updates->enqueue(tile,
                              updates->sumBeside(tile, ranges[reduced.front()], sums, stepAt));
    }
    if (part != SumPart::Begin) {
      sums = emitReduced(reduced, ivs, sums, step);
    }
    for (int64_t i = 0; i < rows * vectors; ++i) {
      k.store(output.buffer, sums[i], addresses[i], output.strides[form.vectorLoop], lanes,
              i % vectors + 1 == vectors ? mask : Value());
    }
  }

  /// Asks for rhs a few products ahead, or for what the next panel is copied from: addresses behind
  /// the last element do no harm.
  void emitFetch(ArrayRef<Value> ivs, int64_t vectors) {
    constexpr int64_t kProductsAhead = 4;
    if (fetch == Fetch::Nothing || part == SumPart::Begin) {
      return;
    }
    int64_t ahead = fetch == Fetch::NextPanel ? tileColumns * lanes * rhs.strides[form.vectorLoop]
                                              : kProductsAhead * rhs.strides[reduced.back()];
    Value from = k.addressAt(rhs, ivs);
    for (int64_t v = 0; v < vectors; ++v) {
      Value address = k.add(from, k.index(v * lanes * rhs.strides[form.vectorLoop] + ahead));
      memref::PrefetchOp::create(k.b, k.loc, rhs.buffer.memref, ValueRange{address},
                                 /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
    }
  }

  /// The range of a reduction loop, without the taps that meet zeros at the position of `ivs`.
  Range clippedRange(unsigned loop, ArrayRef<Value> ivs) {
    Range range = ranges[loop];
    for (const fuse::ClippedLoop &clip : clipped) {
      if (clip.tap != loop) {
        continue;
      }
      Value moved = k.mul(ivs[clip.position], clip.positionStep);
      Value first = clip.tapStep > 0 ? arith::SubIOp::create(k.b, k.loc, k.index(clip.lower), moved)
                                     : k.add(moved, k.index(1 - clip.upper));
      Value end = k.add(first, k.index(clip.upper - clip.lower));
      range = {arith::MaxSIOp::create(k.b, k.loc, range.lower, first),
               arith::MinSIOp::create(k.b, k.loc, range.upper, end)};
    }
    return range;
  }

  SmallVector<Value> emitReduced(ArrayRef<unsigned> loops, SmallVector<Value> &ivs,
                                 ValueRange carried,
                                 llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
    if (loops.empty()) {
      return body(carried);
    }
    return k.loop(clippedRange(loops.front(), ivs), 1, carried,
                  [&](Value iv, ValueRange now) -> SmallVector<Value> {
                    ivs[loops.front()] = iv;
                    return emitReduced(loops.drop_front(), ivs, now, body);
                  });
  }

  // --- Dot
  // -----------------------------------------------------------------------------------------------------------

  /// Calls `body(count)` for all blocks of `size` indices of `loop`, which `ivs` has the first of.
  void blocksAlong(int loop, int64_t size, SmallVector<Value> &ivs,
                   llvm::function_ref<void(int64_t)> body) {
    blocks(loop, size, [&](Value first, int64_t count) {
      if (loop >= 0) {
        ivs[loop] = first;
      }
      body(count);
    });
  }

  /// A tile has more rows than columns: where those of one tile stay in the first cache over all
  /// columns, the fewer are read from the second.
  void emitDotBlocks(SmallVector<Value> &ivs) {
    auto columns = [&](llvm::function_ref<void(int64_t)> body) {
      blocksAlong(columnLoop, tileColumns, ivs, body);
    };
    auto rows = [&](llvm::function_ref<void(int64_t)> body) {
      blocksAlong(rowLoop, tileHeight, ivs, body);
    };
    if (rowsOfTileBytes() <= k.target.l1Bytes / 2) {
      return rows([&](int64_t rowCount) {
        columns([&](int64_t columnCount) { emitDotTile(ivs, rowCount, columnCount); });
      });
    }
    columns([&](int64_t columnCount) {
      rows([&](int64_t rowCount) { emitDotTile(ivs, rowCount, columnCount); });
    });
  }

  /// What the rows of a tile read of lhs in a block of the reduction.
  int64_t rowsOfTileBytes() const {
    int64_t elements = tileHeight * depthOf(form.vectorLoop);
    for (unsigned loop : reduced) {
      elements *= depthOf(loop);
    }
    return elements * ir::plan::elementBytes(lhs.buffer.element);
  }

  void emitDotTile(SmallVector<Value> &ivs, int64_t rows, int64_t columns) {
    SmallVector<Value> sums(rows * columns, k.constant(output.buffer.element, 0.0, lanes));
    if (part != SumPart::Begin) {
      sums = emitReduced(reduced, ivs, sums, [&](ValueRange carried) {
        auto result = k.strips(ranges[form.vectorLoop], lanes, carried,
                               [&](Value iv, Value mask, ValueRange now) {
                                 ivs[form.vectorLoop] = iv;
                                 return dotStep(ivs, rows, columns, now, mask);
                               });
        ivs[form.vectorLoop] = {};
        return result;
      });
    }
    DotTile tile{output.buffer,
                 k.addressAt(output, ivs),
                 rowLoop < 0 ? 0 : output.strides[rowLoop],
                 columnLoop < 0 ? 0 : output.strides[columnLoop],
                 columns,
                 folds};
    storeDots(k, nest.op, tile, sums, part != SumPart::Begin, part == SumPart::Continue);
  }

  SmallVector<Value> dotStep(ArrayRef<Value> ivs, int64_t rows, int64_t columns, ValueRange now,
                             Value mask) {
    Value lhsBase = k.addressAt(lhs, ivs), rhsBase = k.addressAt(rhs, ivs);
    SmallVector<Value> next(now), columnValues;
    for (int64_t c = 0; c < columns; ++c) {
      int64_t offset = columnLoop < 0 ? 0 : c * rhs.strides[columnLoop];
      columnValues.push_back(loadFactor(rhs.buffer, k.add(rhsBase, k.index(offset)), 1, mask));
    }
    for (int64_t r = 0; r < rows; ++r) {
      int64_t offset = rowLoop < 0 ? 0 : r * lhs.strides[rowLoop];
      Value rowValue = loadFactor(lhs.buffer, k.add(lhsBase, k.index(offset)), 1, mask);
      for (int64_t c = 0; c < columns; ++c) {
        Value &sum = next[r * columns + c];
        sum = k.multiplyAdd(rowValue, columnValues[c], sum);
      }
    }
    return next;
  }
};

} // namespace

bool emitContraction(KernelBuilder &k, size_t nest, ArrayRef<size_t> beside) {
  fuse::ContractionForm form = *fuse::contractionForm(k.layout.space().nests()[nest].op);
  return ContractionEmitter(k, nest, std::move(form)).emit(beside);
}

} // namespace ntc::codegen::cpu
