// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An artifact with other initial values and another recipe but the same code: what training has
// found goes into the file that trains, without a compiler.
#pragma once

#include "runtime/artifact/Manifest.h"

#include <span>
#include <vector>

namespace ntc::rt::artifact {

/// The bytes of the artifact `file` with `manifest` in the place of its own, and a seal of its own.
/// The section `.ntc.manifest` then lies behind everything else and is not loaded with the code;
/// the bytes that it had are zeros. `manifest` must be the file's own but for what no kernel
/// depends on: initial values, weights file, recipe. Errors: as findElfSection and checkSeal.
Result<std::vector<uint8_t>> replaceManifest(std::span<const uint8_t> file,
                                             const Manifest &manifest);

} // namespace ntc::rt::artifact
