// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands of a sum of products of bf16, two elements to a lane of 32 bits: how pairs are
// loaded and rounded, and the copies in which they lie side by side.
#pragma once

#include "codegen/cpu/KernelBuilder.h"
#include "compiler/fuse/ContractionForm.h"

namespace ntc::codegen::cpu {

using mlir::ArrayRef;

class PairedOperands {
public:
  /// Nest `n` of the kernel, whose form is Outer.
  PairedOperands(KernelBuilder &k, size_t n, fuse::ContractionForm form);

  KernelBuilder &k;
  const fuse::Nest &nest;
  fuse::ContractionForm form;
  SmallVector<Range> ranges; ///< per loop; of a reduction loop that is cut, the current block
  LinearAccess lhs, rhs, output;
  Lanes lanes;
  unsigned vectorLoop, pairLoop = 0;
  int rowLoop;                                  ///< or -1
  SmallVector<unsigned> reduced;                ///< reduction loops, outermost first
  llvm::DenseMap<unsigned, int64_t> blockSizes; ///< of reduction loops that are cut
  int64_t columns = 1;                          ///< vectors of a tile
  /// Copies[...][width][2] for all indices of the reduction loops: the columns of a tile; all rows.
  LinearAccess panel, lhsCopy;

  /// Indices of a loop, at most.
  int64_t sizeOf(unsigned loop) const;
  /// A loop along which lhs is read in place, if possible of even length; else the innermost of
  /// even length; else the longest.
  void choosePairLoop();
  /// The last index of the pair loop has none to be paired with.
  bool isOdd() const;
  /// Pairs of lhs lie side by side in memory, as bf16.
  bool readsLhsInPlace() const;
  /// Pairs of rhs lie side by side in memory and columns do not: blocks are transposed, unless the
  /// choice `transpose-blocks` is off.
  bool transposesRhs() const;
  /// `body(iv, hasSecond)` for every pair of the range.
  SmallVector<Value>
  forPairs(ValueRange carried, SmallVector<Value> &ivs,
           llvm::function_ref<SmallVector<Value>(ValueRange, bool hasSecond)> body);
  /// A vector of pairs.
  Type pairType();
  /// Copies the columns of a tile to the panel.
  void emitPanel(SmallVector<Value> &ivs, int64_t vectors, Value mask);
  /// Copies the pairs of all rows.
  void emitLhsCopy(SmallVector<Value> &ivs);
  /// Indices of a reduction loop that tiles run over: all, or a block.
  int64_t depthOf(unsigned loop) const;
  /// The first `count` lanes.
  Value maskOf(Value count);

private:
  Value panelMemory, lhsMemory;

  /// The elements from `address` on, `stride` apart, as bf16 in 16 bits.
  Value loadBits(const LinearAccess &source, Value address, int64_t stride, Lanes count,
                 Value mask);
  /// `lower` and, behind it, `upper`, both of f32, rounded to bf16 in one instruction.
  Value roundTogether(Value lower, Value upper);
  /// Is there one instruction to round two vectors of `source`?
  bool roundsTogether(const LinearAccess &source) const;
  /// Lanes of 32 bits: the elements at `address` in the lower half and, if there are second ones,
  /// those `apart` in the upper half; zero otherwise.
  Value loadPairs(const LinearAccess &source, Value address, int64_t stride, Value mask,
                  bool hasSecond, int64_t apart);
  /// Pairs of neighbours in memory, from `address` on; `mask` is for 2 * lanes elements.
  Value loadNeighbours(const LinearAccess &source, Value address, Value mask);
  /// Elements of a copy at one index of the pair loop and each of the others: `width` pairs.
  /// Strides of copy[...][width][2], in elements.
  int64_t layOut(LinearAccess &copy, const LinearAccess &source, int64_t width, int64_t grain);
  /// Gives `copy` memory of the function, allocated once.
  void bind(LinearAccess &copy, Value &memory, int64_t elements);
  void storePairs(const LinearAccess &copy, Value pairs, Value address);
  /// Runs `body` for all indices of the reduction loops but the pair loop that index `source`.
  void forReduced(ArrayRef<unsigned> loops, const LinearAccess &source, SmallVector<Value> &ivs,
                  llvm::function_ref<void()> body);
  /// Copies `vectors` vectors of pairs per pair of indices: those that `loop` of `source` is at.
  void copyPairs(const LinearAccess &source, const LinearAccess &copy, unsigned loop,
                 int64_t vectors, Value mask, SmallVector<Value> &ivs);
  /// Blocks of `lanes` columns by `lanes` pairs. What lies behind the range is zero.
  void copyTransposed(int64_t vectors, Value mask, SmallVector<Value> &ivs);
  /// `rest` where column i of `columnMask` is on, else no lane at all; null: no mask.
  Value maskOfColumn(Value columnMask, Value rest, int64_t i);
};

} // namespace ntc::codegen::cpu
