// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The end of an artifact's file: a digest of all that stands before it, so that damage anywhere,
// code included, is seen before the file is opened as code. It detects damage, not forgery.
#pragma once

#include "runtime/base/Status.h"

#include <array>
#include <cstdint>
#include <span>

namespace ntc::rt::artifact {

/// "NTCSEAL1" and the SHA-256 of the bytes before it.
inline constexpr size_t kSealBytes = 40;

/// What is to be appended to `file`.
std::array<uint8_t, kSealBytes> sealOf(std::span<const uint8_t> file);

/// Errors: Corrupt when `file` does not end in its seal.
Status checkSeal(std::span<const uint8_t> file);

} // namespace ntc::rt::artifact
