// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise work that runs beside a sum of products (compiler/schedule/Pipelining.h). The sums of
// a register tile go to a queue in the first cache; while the next tile is summed up, one vector of
// the queue is finished between every few steps, and the memory that the current tile's turn will
// need is fetched ahead.
#pragma once

#include "codegen/cpu/PointwiseBody.h"

namespace ntc::codegen::cpu {

class TileUpdates {
public:
  /// Of the sums of nest `sum`, with rows along `rowLoop` (or -1) and vectors along `vectorLoop`,
  /// and the elementwise loop group behind it. `ranges`: of the nest's loops in the work group.
  TileUpdates(KernelBuilder &k, size_t sum, int rowLoop, unsigned vectorLoop,
              mlir::ArrayRef<size_t> group, mlir::ArrayRef<Range> ranges);

  /// Vectors per row, of `vectors` that there are, and rows of a tile: few enough to leave
  /// registers for the updates, which want few but long pieces of memory.
  static std::pair<int64_t, int64_t> tileOf(const KernelBuilder &k, int64_t vectors);

  /// A tile: loop indices of its first element, row and vector counts.
  struct Tile {
    mlir::ArrayRef<Value> ivs; ///< of the sum's nest
    int rowLoop;               ///< or -1
    int64_t rows, vectors;
    Value lastLanes; ///< lanes of each row's last vector; null: all
  };

  /// Carries `sums` through `step(iv, sums)` for all of `reduction`, finishing what waits.
  SmallVector<Value> sumBeside(const Tile &tile, const Range &reduction, ValueRange sums,
                               KernelBuilder::LoopBody step);
  /// Lets the sums of `tile`, row by row, wait.
  void enqueue(const Tile &tile, mlir::ArrayRef<Value> sums);
  /// Finishes what waits.
  void drain();

private:
  KernelBuilder &k;
  PointwiseBody body;
  unsigned vectorLoop;
  int64_t capacity;
  bool hasMasks;
  bool fetches;                   ///< asks for memory early
  SmallVector<unsigned> sumLoops; ///< per elementwise loop the sum's
  Value sumsMemory, placesMemory, lanesMemory, countMemory;

  Value allocate(int64_t size, Type element, int64_t alignment);
  Value count();
  void finish(Value slot);
  void finishRange(Value from, Value to);
  void fetchAhead(const Tile &tile, Value slot);
};

} // namespace ntc::codegen::cpu
