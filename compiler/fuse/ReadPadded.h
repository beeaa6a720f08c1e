// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padded copies read in place of what was padded.
#pragma once

#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"

namespace ntc::fuse {

/// `group` holds the operations of one dispatch. Where it computes a tensor and a copy of it
/// between constants (a convolution's padding), elementwise operations and reductions of other
/// dispatches that read the tensor read it inside of the copy instead, if all can: the tensor then
/// needs no memory of its own. Preserves values bit for bit.
///
/// Remarks: `read-padded` (who reads the copy, or who cannot).
void readPadded(llvm::ArrayRef<mlir::Operation *> group);

} // namespace ntc::fuse
