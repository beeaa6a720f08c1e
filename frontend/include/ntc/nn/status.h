// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the capture API reports failure: a value, never an exception.
#pragma once

#include <cstdio>
#include <string>
#include <utility>

namespace ntc {

/// Success, or one sentence per problem, each on its own line.
class [[nodiscard]] Status {
public:
  Status() = default;
  explicit Status(std::string text) : text(std::move(text)) {}

  bool ok() const { return text.empty(); }
  /// Empty when ok.
  const std::string &message() const { return text; }

  /// The exit code of a program that ends with it, `return program.save("model.pb");`: 0, or 1
  /// after printing the message to stderr.
  operator int() const {
    if (!ok()) {
      std::fprintf(stderr, "error: %s\n", text.c_str());
    }
    return ok() ? 0 : 1;
  }
  /// 0 means success here, so a status is no condition; ask ok().
  operator bool() const = delete;

private:
  std::string text;
};

} // namespace ntc
