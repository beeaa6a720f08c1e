// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops rows come from, and where the elements of a row lie.

#include "codegen/cpu/TileRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::codegen::cpu {

/// Are balanced tiles of at most `size` rows nearly full?
static bool fillsTiles(int64_t rows, int64_t size) {
  return 20 * rows >= 19 * size * static_cast<int64_t>(llvm::divideCeil(rows, size));
}

TileRows::TileRows(KernelBuilder &k, ArrayRef<Range> ranges, ArrayRef<int64_t> extents,
                   ArrayRef<unsigned> rowLoops, int64_t size, bool merges)
    : k(k), ranges(ranges), extents(extents) {
  for (unsigned loop : llvm::reverse(rowLoops)) {
    if (!loops.empty() && (!merges || fillsTiles(count(), size) || ranges[loop].size < 0 ||
                           ranges[loops.front()].size < 0)) {
      return;
    }
    loops.insert(loops.begin(), loop);
  }
}

StringRef TileRows::whyNotMerged(ArrayRef<Range> ranges, ArrayRef<int64_t> extents,
                                 ArrayRef<unsigned> rowLoops, int64_t size) {
  unsigned last = rowLoops.back(), before = rowLoops[rowLoops.size() - 2];
  if (ranges[last].size < 0 || ranges[before].size < 0) {
    return "groups of work do not all have the same rows";
  }
  return fillsTiles(ranges[last].size, size) ? "the rows of one loop fill the tiles" : "";
}

int64_t TileRows::count() const {
  int64_t rows = 1;
  for (unsigned loop : loops) {
    rows *= sizeOf(loop);
  }
  return rows;
}

void TileRows::blocks(int64_t size, SmallVector<Value> &ivs,
                      llvm::function_ref<void(Value, int64_t)> body) const {
  if (loops.empty()) {
    return body({}, 1);
  }
  if (loops.size() > 1) {
    return k.blocks(Range{k.index(0), k.index(count()), count()}, size, body);
  }
  k.blocks(ranges[loops.front()], size, [&](Value row, int64_t count) {
    ivs[loops.front()] = row;
    body(row, count);
  });
}

SmallVector<Value> TileRows::offsets(const LinearAccess &access, Value first, int64_t count) const {
  SmallVector<Value> offsets;
  for (int64_t r = 0; r < count; ++r) {
    if (loops.size() <= 1) {
      offsets.push_back(k.index(loops.empty() ? 0 : r * access.strides[loops.front()]));
      continue;
    }
    Value rest = k.add(first, k.index(r)), offset = k.index(0);
    for (unsigned loop : llvm::reverse(loops)) {
      Value size = k.index(sizeOf(loop)), index = rest;
      if (loop != loops.front()) {
        index = k.b.createOrFold<arith::RemUIOp>(k.loc, rest, size);
        rest = k.b.createOrFold<arith::DivUIOp>(k.loc, rest, size);
      }
      Value iv = k.add(ranges[loop].lower, index);
      offset = k.add(offset, k.mul(iv, access.strides[loop]));
    }
    offsets.push_back(offset);
  }
  return offsets;
}

} // namespace ntc::codegen::cpu
