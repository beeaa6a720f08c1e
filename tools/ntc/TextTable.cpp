// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Widths and quotes.
#include "tools/ntc/TextTable.h"

#include <algorithm>

namespace ntc::driver {
namespace {

/// Code points of UTF-8: bytes that continue one do not count.
size_t widthOf(const std::string &text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string csvCell(const std::string &text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string out = "\"";
  for (char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return out + "\"";
}

} // namespace

std::string TextTable::text() const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < head.size(); ++i) {
    widths.push_back(widthOf(head[i]));
    for (const std::vector<std::string> &row : rows) {
      widths[i] = std::max(widths[i], i < row.size() ? widthOf(row[i]) : 0);
    }
  }
  std::string out;
  auto line = [&](const std::vector<std::string> &cells) {
    std::string text;
    for (size_t i = 0; i < std::min(cells.size(), widths.size()); ++i) {
      const std::string room(widths[i] - widthOf(cells[i]), ' ');
      text += (i == 0 ? "" : "  ") + (i == 0 ? cells[i] + room : room + cells[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(head);
  for (const std::vector<std::string> &row : rows) {
    line(row);
  }
  return out;
}

std::string TextTable::csv() const {
  std::string out;
  auto line = [&out](const std::vector<std::string> &cells) {
    for (size_t i = 0; i < cells.size(); ++i) {
      out += (i == 0 ? "" : ",") + csvCell(cells[i]);
    }
    out += "\n";
  };
  line(head);
  for (const std::vector<std::string> &row : rows) {
    line(row);
  }
  return out;
}

} // namespace ntc::driver
