// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a recipe's flag, split but not yet understood: "adam,lr=1e-3,betas=0.9:0.999" is the
// name adam and two settings. Settings are split at commas, a setting at its first '=', lists at
// ':'.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

/// "a:b" → {"a", "b"}; "" → {""}.
std::vector<std::string> splitText(std::string_view text, char separator);

struct Setting {
  std::string key;
  std::string value;
  bool hasValue = false; ///< false: a switch without '='
};

struct Flag {
  std::string name;
  std::vector<Setting> settings; ///< as written; no key twice
};

/// `flag` is what messages call it: "optimizer". A call of Python is taken too: "AdamW(lr=1e-3)".
Result<Flag> parseFlag(std::string_view flag, std::string_view text);

/// The number that is the whole text, read without a locale.
template <typename T> std::optional<T> parseNumber(std::string_view text) {
  T value{};
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = problem == std::errc() && end == text.data() + text.size();
  return whole ? std::optional<T>(value) : std::nullopt;
}

/// `where` begins the message: "optimizer adam: lr".
Result<double> finiteNumber(const std::string &where, std::string_view text);
/// A switch: on where it has no value.
Result<bool> truth(const std::string &where, const Setting &setting);
/// "1:2:0.5" as finite numbers, rounded to f32.
Result<std::vector<float>> numberList(const std::string &where, std::string_view text);

} // namespace ntc::format
