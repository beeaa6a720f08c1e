// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Command-line flags as data: one table per verb, parsed here for every program that has the verb.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::train {

/// One flag. The storage that `set` writes to must outlive the table.
struct Flag {
  std::string name;  ///< "--batch-size"; a second spelling after a comma: "--out,-o"
  std::string value; ///< what help shows for the value ("N", "FILE"); empty: the flag takes none
  std::string help;
  /// Takes the value ("" for a flag without one). Errors: what is wrong with it; the flag is named
  /// by the parser.
  std::function<Status(std::string_view)> set;
  /// `--flag` alone is allowed beside `--flag=value`; then `set` gets "".
  bool valueIsOptional = false;
};

/// Flags that write to a variable. Numbers are checked for syntax and range.
Flag textFlag(std::string name, std::string value, std::string &target, std::string help);
Flag switchFlag(std::string name, bool &target, std::string help);
Flag integerFlag(std::string name, std::optional<int64_t> &target, int64_t least, int64_t most,
                 std::string help);
Flag unsignedFlag(std::string name, std::optional<uint64_t> &target, std::string help);
Flag numberFlag(std::string name, std::optional<double> &target, double least, std::string help);
/// A time: "90" or "90s", "10m", "1.5h", "1h30m", "HH:MM:SS" or "DD:HH:MM:SS". `target` gets
/// seconds, more than 0.
Flag durationFlag(std::string name, std::optional<double> &target, std::string help);
/// A flag that exists elsewhere and is refused here with `reason`. Not shown in help.
Flag refusedFlag(std::string name, std::string reason);

/// Parses `arguments` (without the program's name): `--flag value`, `--flag=value`, `-o value`;
/// after `--` and otherwise, what does not begin with '-' is a positional. Errors
/// (InvalidArgument): an unknown flag with the nearest one, a missing or unwanted value, whatever
/// `set` says.
Status parseFlags(std::span<const std::string> arguments, std::span<const Flag> flags,
                  std::vector<std::string> &positionals);

/// Two columns: flags with their values, and help wrapped at `columns`.
std::string helpText(std::span<const Flag> flags, int columns = 100);

/// Whole numbers and finite numbers, the whole text or nothing.
std::optional<int64_t> parseInteger(std::string_view text);
std::optional<double> parseNumber(std::string_view text);
/// Seconds of a time as `durationFlag` takes it.
std::optional<double> parseDuration(std::string_view text);

} // namespace ntc::rt::train
