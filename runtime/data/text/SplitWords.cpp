// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The alternatives of the expression, in their order.
#include "runtime/data/text/SplitWords.h"

#include "runtime/base/Utf8.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {
namespace {

struct Range {
  uint32_t first, last;
};

#include "runtime/data/text/LetterRanges.inc"

enum class Kind : uint8_t { End, Space, Letter, Number, Other };

template <size_t N> bool isIn(const std::array<Range, N> &ranges, uint32_t code) {
  auto after = std::ranges::upper_bound(ranges, code, {}, &Range::first);
  return after != ranges.begin() && code <= std::prev(after)->last;
}

/// White_Space of Unicode's PropList.
bool isSpace(uint32_t code) {
  return (code >= 0x9 && code <= 0xD) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

struct Character {
  Kind kind = Kind::End;
  size_t bytes = 0;
};

/// The character at byte `at`.
Character characterAt(std::string_view text, size_t at) {
  if (at >= text.size()) {
    return {};
  }
  const size_t length = std::max<size_t>(utf8SequenceLength(text.substr(at)), 1);
  const auto lead = static_cast<unsigned char>(text[at]);
  uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    code = code << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  }
  const Kind kind = isSpace(code)          ? Kind::Space
                    : isIn(kLetters, code) ? Kind::Letter
                    : isIn(kNumbers, code) ? Kind::Number
                                           : Kind::Other;
  return {kind, length};
}

/// The end of the run of `kind` that begins at byte `at`.
size_t runEnd(std::string_view text, size_t at, Kind kind) {
  for (Character next = characterAt(text, at); next.kind == kind; next = characterAt(text, at)) {
    at += next.bytes;
  }
  return at;
}

} // namespace

size_t firstWord(std::string_view text) {
  constexpr std::array<std::string_view, 7> suffixes = {"'s", "'t",  "'re", "'ve",
                                                        "'m", "'ll", "'d"};
  for (std::string_view suffix : suffixes) {
    if (text.starts_with(suffix)) {
      return suffix.size();
    }
  }
  const size_t begin = text[0] == ' ' ? 1 : 0;
  if (const Kind kind = characterAt(text, begin).kind; kind != Kind::Space && kind != Kind::End) {
    return runEnd(text, begin, kind);
  }
  // The last of several blanks before a word belongs to the word.
  size_t at = 0, last = 0;
  for (Character next = characterAt(text, 0); next.kind == Kind::Space;
       next = characterAt(text, at)) {
    last = at;
    at += next.bytes;
  }
  return at == text.size() || last == 0 ? at : last;
}

} // namespace ntc::rt::data
