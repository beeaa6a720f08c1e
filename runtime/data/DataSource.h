// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DATA as users type it: `scheme:place?key=value&key=value`, split into its parts.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::data {

/// Which part of a data set that has several. Those of two halves validate on what is for tests.
enum class Split : uint8_t { Train, Validation, Test };

/// A parsed DATA argument. `%XX` in the place and in values stands for the byte XX (so that a file
/// name may hold a question mark); the scheme and the keys are taken as they are.
struct DataSource {
  std::string text;   ///< as typed, for messages and for the run's record
  std::string scheme; ///< one of `schemes()`
  std::string place;  ///< file or folder; empty where the scheme needs none
  std::vector<std::pair<std::string, std::string>> options; ///< in the order typed

  /// Splits `text`. Errors: empty text, unknown scheme (with the nearest one), a place that the
  /// scheme needs or does not take, an option without '=', twice, or unknown to the scheme (with
  /// the nearest one), a broken %XX.
  static Result<DataSource> parse(std::string_view text);

  /// The value of option `key`, or null.
  const std::string *find(std::string_view key) const;
  /// Option `key` as a whole number in [least, most], `fallback` where it is missing. Errors:
  /// anything else.
  Result<int64_t> integer(std::string_view key, int64_t fallback, int64_t least,
                          int64_t most) const;
  /// Option `key` as `count` finite numbers divided by commas; empty where it is missing. Errors:
  /// anything else.
  Result<std::vector<double>> numbers(std::string_view key, size_t count) const;
  /// Option "split", `fallback` where it is missing. Errors: neither "train" nor "test", nor "val"
  /// of graphs.
  Result<Split> split(Split fallback) const;
};

/// What runs record of data that a program holds; no text opens them.
inline constexpr const char *kTensorsOfProgram = "tensors in memory";
inline constexpr const char *kObjectOfProgram = "an object of the program";

/// Names of the schemes that can be opened, in the order of the documentation.
std::span<const std::string_view> schemes();

} // namespace ntc::rt::data
