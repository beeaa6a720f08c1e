// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What this program is.
#pragma once

#include <string>

namespace ntc::driver {

/// Version, commit, LLVM and instruction sets, a line each.
std::string versionText();
/// "0.1.0".
std::string version();
/// Identifies the code of this very program: its build id in hexadecimal, or the version and the
/// commit where the linker wrote none. Artifacts of another build are not taken from the cache.
std::string buildIdentity();

} // namespace ntc::driver
