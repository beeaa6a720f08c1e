// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Greedy placement by size (Pisarchyk and Lee, 2020, "Efficient memory management for deep neural
// net inference").

#include "compiler/memory/SlotAssignment.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

namespace ntc::memory {

int64_t assignOffsets(llvm::MutableArrayRef<Lifetime> lifetimes, int64_t align) {
  llvm::SmallVector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::pair(-lifetimes[a].bytes, a) < std::pair(-lifetimes[b].bytes, b);
  });
  llvm::SmallVector<size_t> placed;
  int64_t total = 0;
  for (size_t index : order) {
    Lifetime &life = lifetimes[index];
    llvm::SmallVector<std::pair<int64_t, int64_t>> taken; // [begin, end) of bytes
    for (size_t other : placed) {
      const Lifetime &neighbour = lifetimes[other];
      if (neighbour.begin <= life.end && life.begin <= neighbour.end) {
        taken.push_back({neighbour.offset, neighbour.offset + neighbour.bytes});
      }
    }
    llvm::sort(taken);
    int64_t offset = 0;
    for (auto [begin, end] : taken) {
      if (offset + life.bytes <= begin) {
        break;
      }
      offset = std::max<int64_t>(offset, llvm::alignTo(end, align));
    }
    life.offset = offset;
    total = std::max(total, offset + life.bytes);
    placed.push_back(index);
  }
  return llvm::alignTo(total, align);
}

} // namespace ntc::memory
