// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Options of the installed headers as the words of a command line, so that defaults, checks and
// sentences are the commands'.
#pragma once

#include "runtime/base/Text.h"
#include "runtime/train/Flags.h"

#include <optional>
#include <string>
#include <vector>

namespace ntc::rt::embed {

class Words {
public:
  /// Left out where it is empty.
  void text(std::string_view flag, const std::string &value) {
    if (!value.empty()) {
      words_.push_back(concat(flag, "=", value));
    }
  }
  template <typename T> void number(std::string_view flag, const std::optional<T> &value) {
    if (value) {
      words_.push_back(concat(flag, "=", *value));
    }
  }
  void list(std::string_view flag, const std::vector<std::string> &values) {
    for (const std::string &value : values) {
      text(flag, value);
    }
  }
  void flag(std::string_view flag, bool isSet) {
    if (isSet) {
      words_.emplace_back(flag);
    }
  }
  /// Errors: as parseFlags.
  Status parse(std::span<const train::Flag> flags) const {
    std::vector<std::string> positionals;
    return train::parseFlags(words_, flags, positionals);
  }

private:
  std::vector<std::string> words_;
};

} // namespace ntc::rt::embed
