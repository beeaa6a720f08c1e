// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Building sentences from parts, independent of the locale, and showing names from untrusted files
// safely.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ntc::rt {

/// Appends one part of a sentence: text as it is, integers in decimal, floating-point numbers with
/// the fewest digits that read back to the same value, booleans as true/false.
void appendPart(std::string &out, std::string_view text);
void appendPart(std::string &out, char character);
void appendPart(std::string &out, bool value);
void appendPart(std::string &out, double value);
void appendPart(std::string &out, int64_t value);
void appendPart(std::string &out, uint64_t value);
inline void appendPart(std::string &out, const char *text) {
  appendPart(out, std::string_view(text));
}
inline void appendPart(std::string &out, const std::string &text) {
  appendPart(out, std::string_view(text));
}
template <std::integral T> void appendPart(std::string &out, T value) {
  if constexpr (std::signed_integral<T>) {
    appendPart(out, static_cast<int64_t>(value));
  } else {
    appendPart(out, static_cast<uint64_t>(value));
  }
}

/// All parts in order as one string.
template <typename... Parts> std::string concat(const Parts &...parts) {
  std::string out;
  (appendPart(out, parts), ...);
  return out;
}

/// A name of unknown origin in single quotes for a message: control characters, quotes, backslashes
/// and bytes that are not valid UTF-8 become \xHH; more than 120 bytes are cut and end in "…".
std::string quoted(std::string_view name);
// With <iomanip>, argument-dependent lookup finds std::quoted for a std::string; these are the
// better match.
inline std::string quoted(const std::string &name) { return quoted(std::string_view(name)); }
inline std::string quoted(const char *name) { return quoted(std::string_view(name)); }
inline std::string quoted(std::string &name) { return quoted(std::string_view(name)); }

/// "[2, 3]"; a scalar is "[]".
std::string shapeText(std::span<const int64_t> shape);

} // namespace ntc::rt
