// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Instruction sets of this processor, under LLVM's names ("avx2", "avx512f", "sve"), as artifacts
// list those they use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::device {

/// True when the processor has the instruction set and the operating system saves its registers.
/// False for names that this library does not know.
bool hasCpuFeature(std::string_view name);

/// All known instruction sets that this machine has, sorted.
std::vector<std::string> cpuFeatures();

} // namespace ntc::rt::device
