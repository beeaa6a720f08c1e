// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Associative operations that reductions combine with.
#pragma once

#include "codegen/cpu/KernelBuilder.h"

#include <optional>

namespace ntc::codegen::cpu {

struct Combiner {
  /// The arith operation that combines two values.
  mlir::StringRef operation;
  /// `combine(neutral, x)` is x.
  double neutral = 0.0;

  Value combine(OpBuilder &b, Location loc, Value x, Value y) const;
};

/// The operation that joins the accumulator of a reduction with the rest of its body; nothing if
/// the body uses the accumulator in another way.
std::optional<Combiner> combinerOf(mlir::linalg::LinalgOp op);

/// All lanes of `vector` combined: the upper half with the lower half until one is left.
Value combineLanes(KernelBuilder &k, const Combiner &combiner, Value vector, Lanes lanes);

/// The lanes of up to `lanes` vectors combined, each as combineLanes does and with the same bits;
/// lane i of the result is that of vector i. Two vectors are folded to one at a time, which takes a
/// third of the operations.
Value combineLanesOfEach(KernelBuilder &k, const Combiner &combiner, SmallVector<Value> vectors,
                         Lanes lanes);

/// Where the results of a tile of sums go whose lanes are yet to be added: row by row, `columns` of
/// them, from `base` on.
struct DotTile {
  const Buffer &output;
  Value base;
  int64_t rowStride, columnStride, columns;
  bool folds; ///< lanes of several sums are added together
};

/// Stores the sums of the lanes of each of `sums`, together with what sums of `op` begin with or,
/// with `continues`, with what is stored there. Without `hasSums` only the beginning.
void storeDots(KernelBuilder &k, mlir::Operation *op, const DotTile &tile,
               mlir::ArrayRef<Value> sums, bool hasSums, bool continues);

} // namespace ntc::codegen::cpu
