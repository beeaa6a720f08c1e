// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products with the gradient of a maximum pooling that is never spread out: of all offsets
// within a pooling window only the winner's contributes.
//
//   out = sum over loops and offsets (u, v) of (winner == u * KV + v ? value : 0) * rhs
//
// As loops over offsets this is plain linalg; a back end takes the one offset that counts from
// `winner` and reads rhs there, which is a product in KU * KV of what the loops would compute.
#pragma once

#include "compiler/fuse/IterationSpace.h"

#include <optional>

namespace ntc::fuse {

struct WinnerForm {
  unsigned value = 0, winner = 1, rhs = 2; ///< numbers of the inputs
  /// The reduction loops over offsets, outermost first: `winner` is their row-major index.
  llvm::SmallVector<unsigned> offsetLoops;
};

/// The form of `op`, or nothing.
std::optional<WinnerForm> winnerForm(mlir::Operation *op);

/// The number of offsets of a window: points of the loops per point that counts.
int64_t offsetCount(const Nest &nest, const WinnerForm &form);

/// For each loop the smallest number of indices worth a work group.
llvm::SmallVector<int64_t> winnerGrains(const Nest &nest, const WinnerForm &form);

} // namespace ntc::fuse
