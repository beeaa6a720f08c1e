// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine that a run ran on, for its report.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ntc::rt::train {

/// Processor, usable cores, operating system, and the greatest memory of this process so far, each
/// with its name. What cannot be found out is left out.
std::vector<std::pair<std::string, std::string>> machinePairs();

} // namespace ntc::rt::train
