// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runtime prints nothing. What a person may want to know and no status carries goes to a
// callback of the host.
#pragma once

#include <functional>
#include <string_view>

namespace ntc::rt {

enum class LogLevel : int32_t { Debug = 0, Info = 1, Warning = 2 };

/// Receives one line without newline. May be empty: then nothing is logged. Called on the thread
/// that called the runtime.
using LogCallback = std::function<void(LogLevel level, std::string_view line)>;

} // namespace ntc::rt
