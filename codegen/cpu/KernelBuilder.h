// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the emitters of pointwise loops, reductions and contractions share: the function of one
// kernel under construction, its buffers as flat memrefs, linear addresses, index ranges of the
// current work group, and vectors of elements.
#pragma once

#include "codegen/cpu/CpuTarget.h"
#include "compiler/pipelines/Optimizations.h"
#include "compiler/schedule/KernelLayout.h"

#include "mlir/IR/Builders.h"

#include <functional>
#include <optional>

namespace ntc::codegen::cpu {

using mlir::Location;
using mlir::OpBuilder;
using mlir::SmallVector;
using mlir::Type;
using mlir::Value;
using mlir::ValueRange;

/// A tensor in memory: a one-dimensional memref of its elements, booleans as i8.
struct Buffer {
  Value memref;
  Type element;                 ///< the tensor's element type (i1 for booleans)
  SmallVector<int64_t> strides; ///< elements per index of each dimension
  SmallVector<Value>
      origins; ///< per dimension the index that lies at 0, or null for 0 (tiles on the stack)
};

/// The address of an access as a linear function of the loops: `base + sum of strides[d] * iv[d]`,
/// in elements.
struct LinearAccess {
  Buffer buffer;
  Value base; ///< includes the constant part
  SmallVector<int64_t> strides;
};

/// The indices of a loop that the current work group covers.
struct Range {
  Value lower, upper;
  int64_t size = -1;      ///< upper - lower where it is known, else -1
  int64_t multipleOf = 1; ///< divides upper - lower
  bool isWhole = false;   ///< lower is 0 and upper the loop's extent
};

/// How many lanes a value has: 0 is a scalar.
using Lanes = int64_t;

class KernelBuilder {
public:
  KernelBuilder(OpBuilder &b, Location loc, const CpuTarget &target,
                const pipelines::KernelChoices &choices, const schedule::KernelLayout &layout)
      : b(b), loc(loc), target(target), choices(choices), layout(layout) {}

  OpBuilder &b;
  Location loc;
  const CpuTarget &target;
  const pipelines::KernelChoices &choices;
  const schedule::KernelLayout &layout;
  /// Columns and rows of register tiles that measurements ask for, or none.
  std::optional<std::pair<int64_t, int64_t>> tunedTile;
  /// Per label of the kernel's space, the indices of the current work group.
  SmallVector<Range> labelRanges;
  /// Buffers by tensor, roots and their aliases alike.
  llvm::DenseMap<Value, Buffer> buffers;

  // Index arithmetic.
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value mul(Value x, int64_t factor);

  /// The range of loop `loop` of nest `nest` in the current work group.
  Range rangeOf(size_t nest, size_t loop);
  /// The linear address function of `access` by the loops of its nest.
  LinearAccess linearize(const fuse::Access &access);
  /// The address at the given loop indices; null entries count as 0.
  Value addressAt(const LinearAccess &access, mlir::ArrayRef<Value> ivs);

  /// Lanes of a full vector of `element`.
  Lanes lanesOf(Type element) const;
  Type vectorType(Type element, Lanes lanes) const;
  Value splat(Value scalar, Lanes lanes);
  Value constant(Type element, double value, Lanes lanes);
  /// A vector (or, with 0 lanes, a scalar) of elements `stride` apart from `address` on; stride 0
  /// repeats one element. With `mask`, lanes that are off are not read and hold 0.
  Value load(const Buffer &buffer, Value address, int64_t stride, Lanes lanes, Value mask = {});
  /// Two masked loads and a shuffle; `zero` is what lanes that are off hold.
  Value loadEverySecond(const Buffer &buffer, Value address, Lanes lanes, Value mask, Value zero);
  void store(const Buffer &buffer, Value value, Value address, int64_t stride, Lanes lanes,
             Value mask = {});

  /// x * y + z, rounded once where the target can.
  Value multiplyAdd(Value x, Value y, Value z);
  /// For vectors of pairs of bf16 in 32 bits and a vector z of f32: the sum of z and the product of
  /// the upper halves, rounded, and then of that and the product of the lower halves, rounded.
  Value multiplyAddPairs(Value x, Value y, Value z);

  /// `for iv = lower to upper by step`, carrying values: `body(iv, carried)` returns the next ones.
  using LoopBody = llvm::function_ref<SmallVector<Value>(Value, ValueRange)>;
  SmallVector<Value> loop(Value lower, Value upper, int64_t step, ValueRange carried,
                          LoopBody body);
  /// The same over a range; a range of one index makes no loop.
  SmallVector<Value> loop(const Range &range, int64_t step, ValueRange carried, LoopBody body);
  /// Cuts `range` into blocks of at most `size` indices, `body(first, count)`: balanced where the
  /// range's size is known, else of `size` indices and single ones.
  void blocks(const Range &range, int64_t size, llvm::function_ref<void(Value, int64_t)> body);
  /// The value that the sums of `op` begin with: the fill of its destination, which lowering always
  /// writes as a constant.
  Value initial(mlir::Operation *op, Lanes lanes);
  /// Runs `body` for all indices of `loops`, outermost first, with `ivs` of them set.
  void loops(mlir::ArrayRef<unsigned> loops, mlir::ArrayRef<Range> ranges, SmallVector<Value> &ivs,
             llvm::function_ref<void()> body);
  /// Loops that are cut, outermost first, each with the indices of a block.
  using Cuts = SmallVector<std::pair<unsigned, int64_t>>;
  /// Runs `body` for all blocks, with `ranges` of the loops that are cut set to those of the block.
  void cut(mlir::ArrayRef<std::pair<unsigned, int64_t>> cuts, SmallVector<Range> &ranges,
           llvm::function_ref<void()> body);
  /// Which part of a sum that is cut into blocks is being emitted: all of it; only the store of
  /// what it begins with; what is added to what is stored.
  enum class SumPart { Whole, Begin, Continue };
  /// As `cut`, for sums that wait in their result meanwhile: where there are cuts, `body` begins
  /// the sums first, with `part` set accordingly.
  void cutSums(mlir::ArrayRef<std::pair<unsigned, int64_t>> cuts, SmallVector<Range> &ranges,
               SumPart &part, llvm::function_ref<void()> body);
  /// Runs `body(iv, lanes, mask)` over a range in steps of `lanes`, the rest with a mask.
  using StripBody = llvm::function_ref<SmallVector<Value>(Value, Value, ValueRange)>;
  SmallVector<Value> strips(const Range &range, Lanes lanes, ValueRange carried, StripBody body);

  /// The body of a linalg operation on vectors: `arguments` replace the block's arguments,
  /// `indexOf(d)` gives linalg.index d. Returns what the body yields.
  SmallVector<Value> payload(mlir::Operation *op, ValueRange arguments, Lanes lanes,
                             llvm::function_ref<Value(unsigned)> indexOf);
  /// 0, 1, 2, … as a vector of `index`.
  Value iota(Lanes lanes);
};

/// Emitters of the kinds of loop groups.
void emitPointwise(KernelBuilder &k, mlir::ArrayRef<size_t> group);
/// For a transposing copy (schedule::isTransposingCopy); false, with nothing emitted, where its
/// loops are too short for blocks, or without the choice `transpose-blocks`.
bool emitTranspose(KernelBuilder &k, size_t nest);
void emitReduction(KernelBuilder &k, size_t nest);
/// Transposes the square of rows.size() rows with as many lanes in registers.
void transposeSquare(KernelBuilder &k, SmallVector<Value> &rows);
/// `beside`: the loop group that is to run beside the sums (schedule::whyNotPipelined), or none.
/// False if it has yet to be emitted.
bool emitContraction(KernelBuilder &k, size_t nest, mlir::ArrayRef<size_t> beside);
/// For sums of products of bf16 in f32; false, with nothing emitted, where the nest is none or has
/// no loop to run vectors along, or without the choice `pair-products`.
bool emitPairedContraction(KernelBuilder &k, size_t nest);
void emitWinnerSum(KernelBuilder &k, size_t nest);

} // namespace ntc::codegen::cpu
