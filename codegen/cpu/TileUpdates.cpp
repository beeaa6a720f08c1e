// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The queue of tiles whose elements wait, and the loop that works it off beside the next sums.

#include "codegen/cpu/TileUpdates.h"

#include "codegen/cpu/Choose.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::codegen::cpu {

std::pair<int64_t, int64_t> TileUpdates::tileOf(const KernelBuilder &k, int64_t vectors) {
  if (!k.choices.has(KernelChoice::TileRegisters)) {
    return {1, 1};
  }
  if (k.tunedTile) {
    return {std::min(vectors, k.tunedTile->first), k.tunedTile->second};
  }
  bool many = k.target.registers >= 32;
  int64_t columns = std::min<int64_t>(vectors, many ? 4 : 2);
  return {columns, (many ? 24 : 8) / columns};
}

TileUpdates::TileUpdates(KernelBuilder &k, size_t sum, int rowLoop, unsigned vectorLoop,
                         ArrayRef<size_t> group, ArrayRef<Range> ranges)
    : k(k), body(k, group, k.layout.space().nests()[sum].writes[0].tensor), vectorLoop(vectorLoop) {
  const fuse::Nest &nest = k.layout.space().nests()[sum];
  const fuse::Access &written = nest.writes[0];
  for (unsigned d = 0; d < written.map.getNumResults(); ++d) {
    sumLoops.push_back(written.map.getDimPosition(d));
  }
  const Range &range = ranges[vectorLoop];
  body.lanes = k.lanesOf(getElementTypeOrSelf(written.tensor));
  int64_t width = range.size >= 0 ? range.size : nest.extents[vectorLoop];
  auto [columns, most] = tileOf(k, llvm::divideCeil(width, body.lanes));
  // Blocks of rows are balanced where their number is known.
  int64_t rows = rowLoop < 0 ? 1 : ranges[rowLoop].size;
  capacity = columns * (rows < 0 ? most : llvm::divideCeil(rows, llvm::divideCeil(rows, most)));
  hasMasks = range.size < 0 || range.size % body.lanes != 0;
  Type element = getElementTypeOrSelf(written.tensor);
  constexpr int64_t kLine = 64, kWord = 8;
  sumsMemory = allocate(capacity * body.lanes, element, kLine);
  placesMemory = allocate(capacity * sumLoops.size(), k.b.getIndexType(), kWord);
  lanesMemory = hasMasks ? allocate(capacity, k.b.getIndexType(), kWord) : Value();
  countMemory = allocate(1, k.b.getIndexType(), kWord);
  memref::StoreOp::create(k.b, k.loc, k.index(0), countMemory, k.index(0));
  // What no loop indexes (an optimizer's rates) is read once.
  body.hoist(
      [](const LinearAccess &access) {
        return llvm::all_of(access.strides, [](int64_t stride) { return stride == 0; });
      },
      SmallVector<Value>(sumLoops.size()));
  fetches = choose(k, KernelChoice::PrefetchOperands, true,
                   [] { return "what the updates of a tile read is fetched beside its sums"; });
}

/// Memory of the function's own.
Value TileUpdates::allocate(int64_t size, Type element, int64_t alignment) {
  OpBuilder::InsertionGuard guard(k.b);
  auto function = k.b.getInsertionBlock()->getParentOp()->getParentOfType<func::FuncOp>();
  if (!function) {
    function = cast<func::FuncOp>(k.b.getInsertionBlock()->getParentOp());
  }
  k.b.setInsertionPointToStart(&function.getBody().front());
  return memref::AllocaOp::create(k.b, k.loc, MemRefType::get({size}, element),
                                  k.b.getI64IntegerAttr(alignment));
}

Value TileUpdates::count() { return memref::LoadOp::create(k.b, k.loc, countMemory, k.index(0)); }

SmallVector<Value> TileUpdates::sumBeside(const Tile &tile, const Range &reduction, ValueRange sums,
                                          KernelBuilder::LoopBody step) {
  Value waiting = count();
  SmallVector<Value> carried(sums);
  int64_t steps = reduction.size / capacity;
  if (steps == 0) {
    // Several vectors between two steps.
    int64_t share = llvm::divideCeil(capacity, reduction.size);
    return k.loop(reduction, 1, carried, [&](Value iv, ValueRange now) {
      SmallVector<Value> next = step(iv, now);
      Value first = k.mul(iv, share), end = k.add(first, k.index(share));
      for (int64_t i = 0; i < share; ++i) {
        fetchAhead(tile, k.add(first, k.index(i)));
      }
      finishRange(first, arith::MinUIOp::create(k.b, k.loc, end, waiting));
      return next;
    });
  }
  carried = k.loop(k.index(0), k.index(capacity), 1, carried, [&](Value slot, ValueRange now) {
    Value first = k.add(reduction.lower, k.mul(slot, steps));
    SmallVector<Value> next = k.loop(first, k.add(first, k.index(steps)), 1, now, step);
    fetchAhead(tile, slot);
    Value waits = arith::CmpIOp::create(k.b, k.loc, arith::CmpIPredicate::ult, slot, waiting);
    auto branch = scf::IfOp::create(k.b, k.loc, waits, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointToStart(&branch.getThenRegion().front());
    finish(slot);
    return next;
  });
  Value rest = k.add(reduction.lower, k.index(steps * capacity));
  return k.loop(rest, reduction.upper, 1, carried, step);
}

void TileUpdates::enqueue(const Tile &tile, ArrayRef<Value> sums) {
  for (auto [slot, sum] : llvm::enumerate(sums)) {
    int64_t row = slot / tile.vectors, vector = slot % tile.vectors;
    vector::StoreOp::create(k.b, k.loc, sum, sumsMemory, ValueRange{k.index(slot * body.lanes)});
    for (auto [d, loop] : llvm::enumerate(sumLoops)) {
      Value place = tile.ivs[loop];
      if (static_cast<int>(loop) == tile.rowLoop) {
        place = k.add(place, k.index(row));
      } else if (loop == vectorLoop) {
        place = k.add(place, k.index(vector * body.lanes));
      }
      memref::StoreOp::create(k.b, k.loc, place, placesMemory, k.index(slot * sumLoops.size() + d));
    }
    if (hasMasks) {
      bool isLast = vector + 1 == tile.vectors && tile.lastLanes;
      memref::StoreOp::create(k.b, k.loc, isLast ? tile.lastLanes : k.index(body.lanes),
                              lanesMemory, k.index(slot));
    }
  }
  memref::StoreOp::create(k.b, k.loc, k.index(sums.size()), countMemory, k.index(0));
}

void TileUpdates::drain() {
  finishRange(k.index(0), count());
  memref::StoreOp::create(k.b, k.loc, k.index(0), countMemory, k.index(0));
}

void TileUpdates::finishRange(Value from, Value to) {
  k.loop(from, to, 1, {}, [&](Value slot, ValueRange) -> SmallVector<Value> {
    finish(slot);
    return {};
  });
}

/// Computes and stores what waits in `slot`.
void TileUpdates::finish(Value slot) {
  Type vector =
      VectorType::get({body.lanes}, cast<MemRefType>(sumsMemory.getType()).getElementType());
  Value sum =
      vector::LoadOp::create(k.b, k.loc, vector, sumsMemory, ValueRange{k.mul(slot, body.lanes)});
  SmallVector<Value> ivs;
  Value place = k.mul(slot, sumLoops.size());
  for (size_t d = 0; d < sumLoops.size(); ++d) {
    ivs.push_back(
        memref::LoadOp::create(k.b, k.loc, placesMemory, ValueRange{k.add(place, k.index(d))}));
  }
  Value mask;
  if (hasMasks) {
    Value on = memref::LoadOp::create(k.b, k.loc, lanesMemory, ValueRange{slot});
    mask = vector::CreateMaskOp::create(k.b, k.loc, VectorType::get({body.lanes}, k.b.getI1Type()),
                                        on);
  }
  body.emit(ivs, mask, sum);
}

/// Fetches what the elementwise loops will read for vector `slot` of `tile`.
void TileUpdates::fetchAhead(const Tile &tile, Value slot) {
  if (!fetches) {
    return;
  }
  SmallVector<Value> ivs;
  Value row = arith::DivUIOp::create(k.b, k.loc, slot, k.index(tile.vectors));
  Value vector = arith::RemUIOp::create(k.b, k.loc, slot, k.index(tile.vectors));
  for (unsigned loop : sumLoops) {
    Value place = tile.ivs[loop];
    if (static_cast<int>(loop) == tile.rowLoop) {
      place = k.add(place, row);
    } else if (loop == vectorLoop) {
      place = k.add(place, k.mul(vector, body.lanes));
    }
    ivs.push_back(place);
  }
  body.fetchAhead(ivs);
}

} // namespace ntc::codegen::cpu
