// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers as readers take them in: three digits and a unit.
#pragma once

#include <cstdint>
#include <string>

namespace ntc::rt {

/// "1.23 MB" (10^6 bytes), "512 B".
std::string bytesText(uint64_t bytes);

/// "1.23 M" (millions; k, G, T alike); numbers below 10,000 as they are.
std::string countText(uint64_t count);

} // namespace ntc::rt
