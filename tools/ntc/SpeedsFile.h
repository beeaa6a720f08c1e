// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The measured limits of this machine in the cache folder: $XDG_CACHE_HOME/ntc/machine.json.
#pragma once

#include "runtime/train/MachineSpeeds.h"

#include <optional>

namespace ntc::driver {

struct KeptSpeeds {
  rt::train::MachineSpeeds speeds;
  std::string path; ///< of the file; empty: there is no cache folder, and nothing was kept
};

/// Measures, says on standard error what, and keeps the result. Where that is not possible says so
/// and goes on. Errors: those of measuring.
rt::Result<KeptSpeeds> measureAndKeep();

/// What the file holds; without a file, or with that of another processor, says so and measures.
/// Errors: Corrupt for a file that is broken, with its path.
rt::Result<KeptSpeeds> keptOrMeasured();

} // namespace ntc::driver
