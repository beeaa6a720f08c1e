// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All passes of the compiler, for tools that take a pipeline as text.
#pragma once

namespace ntc {

/// Registers every pass of compiler/ with MLIR's global registry. Call once, at the start of a
/// tool.
void registerAllPasses();

} // namespace ntc
