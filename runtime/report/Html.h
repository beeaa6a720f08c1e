// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A page in one file: style inside, pictures as data, nothing loaded from anywhere, no script.
#pragma once

#include "runtime/report/Png.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::report {

using Rows = std::vector<std::vector<std::string>>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Builds a page from top to bottom. Every text is escaped, except figures, which are SVG of
/// Chart.h.
class HtmlPage {
public:
  HtmlPage(std::string_view title, std::string_view subtitle);

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// A text to copy, in a fixed font.
  void code(std::string_view text);
  /// The few numbers that a reader looks for: name and value.
  void tiles(const Pairs &tiles);
  /// Two columns: name and value.
  void pairs(const Pairs &pairs);
  void table(std::span<const std::string> head, const Rows &rows);
  /// Charts side by side where the window is wide enough.
  void figures(std::span<const std::string> svgs);
  /// A picture with a caption; `isWrong` marks it.
  struct Sample {
    Picture picture;
    std::string caption;
    bool isWrong = false;
  };
  void samples(std::span<const Sample> samples);

  /// The whole file.
  std::string text() const;

private:
  std::string title_;
  std::string body_;
};

} // namespace ntc::rt::report
