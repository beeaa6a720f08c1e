// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// "Did you mean …?" for schemes, options, flags and verbs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace ntc::rt::data {

/// The candidate nearest to `word` by edit distance (insertion, deletion, substitution, swap of
/// neighbours); if none is nearer than a third of the word's length (at least two edits), the first
/// that begins with the word, if that has three letters; else empty. The first one wins a tie.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean 'X'?" for the nearest candidate, or the list of all: "; known are A, B, C".
std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates);

} // namespace ntc::rt::data
