// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The zeros around the images that a convolution reads. Windows at an image's edge meet them with
// some of their taps; on small images those are many of all products. Lowering notes where the
// zeros lie, and a back end may leave these products out.
#pragma once

#include "compiler/fuse/ContractionForm.h"

namespace ntc::fuse {

/// Notes on the sum of products that made `sum` that input 0 holds zeros at the first `low[d]` and
/// the last `high[d]` indices of its spatial dimension d; two dimensions lead.
void noteZeroBorders(mlir::Value sum, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high);

/// Lets the note follow input 0, whose dimension `order[d]` becomes dimension d.
void permuteZeroBorders(mlir::Operation *op, llvm::ArrayRef<int64_t> order);

/// A reduction loop of which some positions need only a part: products are with zeros but where
/// `lower <= positionStep * position + tapStep * tap < upper`.
struct ClippedLoop {
  unsigned tap = 0;      ///< the reduction loop
  unsigned position = 0; ///< the parallel loop
  int64_t positionStep = 1;
  int64_t tapStep = 1; ///< 1 or -1
  int64_t lower = 0, upper = 0;

  /// The taps, of `taps`, that `at` needs: from first up to second.
  std::pair<int64_t, int64_t> tapsAt(int64_t at, int64_t taps) const;
};

/// The clipped loops of a sum of products of form `form` that is best computed without the products
/// with zeros: rows of register tiles come from the batch then, so that all of a tile need the same
/// taps. Empty: it has none, or too few to pay, or no batch for rows; `whyNot` then says why, if it
/// has any zeros.
llvm::SmallVector<ClippedLoop> clippedLoops(const Nest &nest, const ContractionForm &form,
                                            llvm::StringRef *whyNot = nullptr);

/// Rows of a group of work on clipped loops, and how many of them are from the batch.
inline constexpr int64_t kClippedRows = 256, kClippedBatch = 16;

} // namespace ntc::fuse
