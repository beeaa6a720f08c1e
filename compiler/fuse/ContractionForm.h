// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a sum of products is best computed with vectors, read off its index maps. A pure function of
// the operation: no target enters, only which loops run along memory.
#pragma once

#include "compiler/fuse/IterationSpace.h"

#include <optional>

namespace ntc::fuse {

struct ContractionForm {
  enum class Kind {
    /// Vectors run along a parallel loop that is contiguous in the result: broadcast lhs, load rhs,
    /// fused multiply-add.
    Outer,
    /// Vectors run along a reduction loop that is contiguous in both operands; a horizontal sum
    /// ends it.
    Dot,
  };
  Kind kind = Kind::Outer;
  unsigned lhs = 0;        ///< number of the input that is broadcast (Outer) or indexes rows (Dot)
  unsigned rhs = 1;        ///< the other one
  unsigned vectorLoop = 0; ///< the loop that vectors run along
  /// Parallel loops of lhs but not of rhs: unrolled into register rows, the innermost last.
  llvm::SmallVector<unsigned> rowLoops;
  /// Dot: parallel loops of rhs but not of lhs: unrolled into register columns. Empty for Outer.
  llvm::SmallVector<unsigned> columnLoops;
  /// Outer: rhs is not contiguous along the vector loop and is gathered.
  bool gathers = false;
};

/// The form of `op` if it is a sum of two inputs' products with one result; nothing for other
/// operations, nor where the vector loop indexes both inputs.
std::optional<ContractionForm> contractionForm(mlir::Operation *op);

/// Does the contraction `op` round the elements of input `input` to bf16 before it multiplies?
bool roundsFactor(mlir::Operation *op, unsigned input);

/// Is `nest` a sum in f32 of products of bf16, of which a processor may add two at a time?
bool sumsPairs(const Nest &nest);

/// For each loop of `nest` the smallest number of indices that keeps register tiles full: 1 outside
/// of contractions.
llvm::SmallVector<int64_t> contractionGrains(const Nest &nest);

/// Elements by which the row-major address of `shape` at `map(loops)` grows with `loop`; nothing if
/// that is not constant.
std::optional<int64_t> addressStride(mlir::AffineMap map, llvm::ArrayRef<int64_t> shape,
                                     unsigned loop);

} // namespace ntc::fuse
