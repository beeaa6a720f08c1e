// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How GPT-2 divides a text before its bytes are merged.
#pragma once

#include <cstdint>
#include <string_view>

namespace ntc::rt::data {

/// Bytes of the first piece of `text`, which is well-formed UTF-8 and not empty: what GPT-2's
/// expression 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ matches
/// at its beginning (openai/gpt-2, src/encoder.py). Letters, numbers and white space are Unicode's.
size_t firstWord(std::string_view text);

} // namespace ntc::rt::data
