// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Charts of tables: the confusion matrix and parallel coordinates.
#include "runtime/base/Text.h"
#include "runtime/base/Utf8.h"
#include "runtime/report/Axes.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace ntc::rt::report {
namespace {

std::string opacity(double share) {
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), "%.3f", std::clamp(share, 0.0, 1.0));
  return buffer;
}

/// Where each character of a name in UTF-8 begins, and its end; bytes that are none count as one.
std::vector<size_t> characterStarts(std::string_view name) {
  std::vector<size_t> out = {0};
  while (out.back() < name.size()) {
    out.push_back(out.back() + std::max<size_t>(1, utf8SequenceLength(name.substr(out.back()))));
  }
  return out;
}

/// Names that do not fit are cut.
std::string cut(const std::string &name, size_t characters) {
  const std::vector<size_t> starts = characterStarts(name);
  return starts.size() - 1 <= characters ? name : name.substr(0, starts[characters - 1]) + "…";
}

/// What stands above a column whose middle is at `x`: level, or leaning where names are long.
std::string columnHead(const std::string &name, double x, double y, bool leans) {
  const std::string place =
      leans
          ? concat("tick\" transform=\"translate(", pixel(x + 4), ",", pixel(y), ") rotate(-45)\">")
          : concat("tick middle\" x=\"", pixel(x), "\" y=\"", pixel(y), "\">");
  return concat("<text class=\"", place, escaped(cut(name, leans ? 12 : 6)), "</text>");
}

} // namespace

std::string confusionMatrix(std::span<const std::string> names, std::span<const int64_t> counts) {
  const size_t classes = names.size();
  const bool showsCounts = classes <= 20;
  const double cell = showsCounts ? 40 : std::max(6.0, 560.0 / static_cast<double>(classes));
  const bool leans = showsCounts && std::ranges::any_of(names, [](const std::string &name) {
                       return characterStarts(name).size() > 7;
                     });
  const double left = 90, top = leans ? 112 : 62;
  const int side = static_cast<int>(cell * static_cast<double>(classes));
  std::string out = openSvg(static_cast<int>(left) + side + (leans ? 48 : 12),
                            static_cast<int>(top) + side + 36, "Confusion matrix");
  out += concat("<text class=\"tick\" x=\"", pixel(left), "\" y=\"38\">predicted →, true ↓</text>");
  const size_t every = showsCounts ? 1 : std::max<size_t>(1, classes / 20);
  for (size_t r = 0; r < classes; ++r) {
    const auto row = counts.subspan(r * classes, classes);
    const int64_t total = std::accumulate(row.begin(), row.end(), int64_t{0});
    const double y = top + cell * static_cast<double>(r);
    if (r % every == 0) {
      const double middle = left + cell * (static_cast<double>(r) + 0.5);
      out += concat("<text class=\"tick end\" x=\"", pixel(left - 7), "\" y=\"",
                    pixel(y + cell / 2 + 4), "\">", escaped(cut(names[r], 12)), "</text>",
                    columnHead(names[r], middle, top - 8, leans));
    }
    for (size_t c = 0; c < classes; ++c) {
      const double share =
          total > 0 ? static_cast<double>(row[c]) / static_cast<double>(total) : 0.0;
      const double x = left + cell * static_cast<double>(c);
      if (row[c] == 0 && !showsCounts) {
        continue;
      }
      out += concat("<rect class=\"cell\" x=\"", pixel(x), "\" y=\"", pixel(y), "\" width=\"",
                    pixel(cell), "\" height=\"", pixel(cell), "\" fill-opacity=\"", opacity(share),
                    "\"><title>", escaped(names[r]), " taken for ", escaped(names[c]), ": ", row[c],
                    " of ", total, "</title></rect>");
      if (showsCounts && row[c] != 0) {
        out += concat("<text class=\"count middle", share > 0.55 ? " on" : "", "\" x=\"",
                      pixel(x + cell / 2), "\" y=\"", pixel(y + cell / 2 + 4), "\">", row[c],
                      "</text>");
      }
    }
  }
  return out + "</svg>\n";
}

std::string parallelCoordinates(std::span<const Axis> axes,
                                std::span<const std::vector<double>> rows, bool maximize) {
  const int width = std::max(480, 150 * static_cast<int>(axes.size()));
  constexpr int height = 400;
  std::vector<Range> ranges(axes.size());
  std::vector<const std::vector<double> *> shown;
  for (const std::vector<double> &row : rows) {
    bool isWhole = row.size() == axes.size();
    for (size_t i = 0; isWhole && i < axes.size(); ++i) {
      isWhole = std::isfinite(row[i]) && (axes[i].scale == Scale::Linear || row[i] > 0);
    }
    if (isWhole) {
      shown.push_back(&row);
    }
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    ranges[i].scale = axes[i].scale;
    for (const std::vector<double> *row : shown) {
      ranges[i].add((*row)[i]);
    }
    ranges[i] = ranges[i].orUnit();
  }
  const double left = 70, right = width - 50, top = 70, bottom = height - 24;
  auto x = [&](size_t axis) {
    return left + (right - left) * static_cast<double>(axis) /
                      static_cast<double>(std::max<size_t>(axes.size() - 1, 1));
  };
  auto y = [&](size_t axis, double value) {
    return bottom - (bottom - top) * ranges[axis].share(value);
  };
  std::string out = openSvg(width, height, "Trials");
  const size_t last = axes.size() - 1;
  std::ranges::sort(shown, [&](const auto *a, const auto *b) { // the best on top
    return maximize ? (*a)[last]<(*b)[last] : (*a)[last]>(*b)[last];
  });
  for (size_t n = 0; n < shown.size(); ++n) {
    const double rank =
        shown.size() > 1 ? static_cast<double>(n) / static_cast<double>(shown.size() - 1) : 1.0;
    std::string points, values;
    for (size_t i = 0; i < axes.size(); ++i) {
      const double value = (*shown[n])[i];
      points += concat(i == 0 ? "" : " ", pixel(x(i)), ",", pixel(y(i, value)));
      const std::vector<std::string> &choices = axes[i].choices;
      const bool isChoice = value >= 0 && value < static_cast<double>(choices.size());
      values += concat(axes[i].name, " ",
                       isChoice ? choices[static_cast<size_t>(value)] : shortNumber(value),
                       i == last ? "" : ", ");
    }
    out += concat("<polyline class=\"trial\" stroke-opacity=\"", opacity(0.12 + 0.88 * rank * rank),
                  "\" points=\"", points, "\"><title>", escaped(values), "</title></polyline>");
  }
  for (size_t i = 0; i < axes.size(); ++i) {
    const std::string at = pixel(x(i));
    out +=
        concat("<g class=\"grid\"><line class=\"axis\" x1=\"", at, "\" x2=\"", at, "\" y1=\"",
               pixel(top), "\" y2=\"", pixel(bottom), "\"/></g><text class=\"legend middle\" x=\"",
               at, "\" y=\"", pixel(top - 14), "\">", escaped(axes[i].name), "</text>");
    const size_t choices = axes[i].choices.size();
    std::vector<double> ticks = ranges[i].ticks(5);
    if (choices > 0) {
      ticks.clear();
      for (size_t k = 0; k < choices; ++k) {
        if (static_cast<double>(k) >= ranges[i].least &&
            static_cast<double>(k) <= ranges[i].greatest) {
          ticks.push_back(static_cast<double>(k));
        }
      }
    }
    for (double tick : ticks) {
      const std::string label =
          choices > 0 ? axes[i].choices[static_cast<size_t>(tick)] : shortNumber(tick);
      out += concat("<text class=\"tick end halo\" x=\"", pixel(x(i) - 6), "\" y=\"",
                    pixel(y(i, tick) + 4), "\">", escaped(cut(label, 12)), "</text>");
    }
  }
  return out + "</svg>\n";
}

} // namespace ntc::rt::report
