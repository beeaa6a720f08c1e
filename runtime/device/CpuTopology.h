// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which cores this process may use: the affinity mask, limited by the CPU quota of its control
// group (containers).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::device {

/// Numbers of the cores in the calling thread's affinity mask, ascending; at least one entry.
std::vector<int> allowedCores();

/// Threads that can run at the same time: the number of allowed cores, or the control group's quota
/// rounded up where that is less. At least 1.
unsigned usableThreads();

/// Cores that `cpu.max` of a control group (version 2: "QUOTA PERIOD" or "max PERIOD", in
/// microseconds) grants, rounded up; 0 when it sets no limit or is not understood.
unsigned coresFromQuota(std::string_view cpuMax);

} // namespace ntc::rt::device
