// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables on the terminal and as CSV.
#pragma once

#include <string>
#include <vector>

namespace ntc::driver {

/// A head and rows of as many cells.
struct TextTable {
  explicit TextTable(std::vector<std::string> head) : head(std::move(head)) {}
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;

  /// Columns two spaces apart, the first one to the left, the others to the right.
  std::string text() const;
  /// RFC 4180, with a line feed.
  std::string csv() const;
};

} // namespace ntc::driver
