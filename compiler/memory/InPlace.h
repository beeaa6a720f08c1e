// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// When a kernel may write a result over one of its arguments.
#pragma once

#include "compiler/schedule/KernelLayout.h"

namespace ntc::memory {

/// Result `result` of the kernel may occupy the memory of argument `argument`, of the same type, if
/// every read of the argument lies before or in the nest that writes the result, at the element
/// that is then written, and in the same work group. Returns why it may not; empty if it may.
llvm::StringRef whyNotInPlace(const schedule::KernelLayout &layout, ir::plan::KernelOp kernel,
                              unsigned argument, unsigned result);

} // namespace ntc::memory
