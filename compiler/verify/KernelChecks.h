// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a planned kernel says of itself, and what calls may do with it, proved from its body.
#pragma once

#include "compiler/schedule/KernelLayout.h"

namespace ntc::verify {

/// Emits an error unless the kernel's tile, groups and outer label follow from each other and from
/// its iteration space.
mlir::LogicalResult verifyWorkGroups(ir::plan::KernelOp kernel);

/// May result number `result` be written to the memory of argument number `argument`? True where
/// every read of the argument is of the element that the same group of work is about to write, and
/// none follows the write.
bool mayUpdateInPlace(const schedule::KernelLayout &layout, ir::plan::KernelOp kernel,
                      size_t argument, size_t result);

} // namespace ntc::verify
