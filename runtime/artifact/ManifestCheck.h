// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What holds in every manifest that the runtime executes; the session relies on it and checks
// nothing again.
#pragma once

#include "runtime/artifact/Manifest.h"

namespace ntc::rt::artifact {

/// Alignment in bytes of the arena and of every state in it.
inline constexpr uint64_t kArenaAlignment = 64;
inline constexpr size_t kMaxRank = 16;

/// Checks a manifest, wherever it comes from:
///  * the arena is a multiple of 64 bytes; states, controls, metrics, outputs and slots lie within
///    it;
///  * states have unique names, start at multiples of 64 and have exactly the bytes of their shape;
///    states and controls do not overlap;
///  * controls have unique names and lie at multiples of 8; integer controls "seed" and "step"
///    exist;
///  * entries have unique names and there is one per kind and batch size; every input
///    begins with the batch size; classes only on integer inputs; metrics are f32 or f64
///    scalars;
///  * calls name existing kernels and inputs and have operands within the arena and at least one
///    group;
///  * initial values name distinct states and have their size; a weights file is a plain file name
///    with its SHA-256.
/// Errors: Corrupt, naming the record.
Status checkManifest(const Manifest &manifest);

} // namespace ntc::rt::artifact
