// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict UTF-8 (RFC 3629, section 4): no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ntc::rt {

/// Bytes of the well-formed sequence at the start of `text` (1 to 4), or 0 when there is none.
size_t utf8SequenceLength(std::string_view text);

/// True when all of `text` is well formed; the empty string is.
bool isUtf8(std::string_view text);

/// Characters of `text`; a byte that begins no well-formed sequence counts as one.
size_t utf8Characters(std::string_view text);

/// Appends the encoding of a code point, which must be below 0x110000 and no surrogate.
void appendUtf8(std::string &out, uint32_t codePoint);

} // namespace ntc::rt
