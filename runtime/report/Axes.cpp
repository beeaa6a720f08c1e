// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges, ticks and the style of charts.
#include "runtime/report/Axes.h"

#include "runtime/base/Text.h"

#include <algorithm>
#include <cstdio>

namespace ntc::rt::report {
namespace {

struct Color {
  std::string_view name, light, dark;
};

/// Every color by its role: ink and soft are text, line is the grid, c0 to c7 are series.
constexpr Color kColors[] = {
    {"ink", "#1c2230", "#e8ebf2"},  {"soft", "#5c6473", "#a3abba"}, {"line", "#e3e6ec", "#303644"},
    {"page", "#ffffff", "#171a21"}, {"c0", "#2a6fd6", "#6aa5f5"},   {"c1", "#d4620f", "#f0965a"},
    {"c2", "#178a63", "#4cc69c"},   {"c3", "#7a55c7", "#ab92f0"},   {"c4", "#c93a3a", "#f08080"},
    {"c5", "#0d8296", "#4bbccf"},   {"c6", "#8a6a12", "#d0b056"},   {"c7", "#b93b86", "#ec86c0"},
};

constexpr std::string_view kRules =
    R"(.chart{font:12px system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif;max-width:100%;height:auto}
.chart text{fill:var(--soft)}.chart .title{fill:var(--ink);font-size:14px;font-weight:600}
.chart .legend{fill:var(--ink)}.chart .end{text-anchor:end}.chart .middle{text-anchor:middle}
.chart .grid line{stroke:var(--line)}.chart .grid .axis{stroke:var(--soft)}
.chart .series{stroke:currentColor;fill:currentColor}
.chart polyline{fill:none;stroke-width:2;stroke-linejoin:round}
.chart .series line{stroke-width:2}.chart .dashed{stroke-dasharray:6 4}.chart circle{stroke:none}
.chart .c0{color:var(--c0)}.chart .c1{color:var(--c1)}.chart .c2{color:var(--c2)}.chart .c3{color:var(--c3)}
.chart .c4{color:var(--c4)}.chart .c5{color:var(--c5)}.chart .c6{color:var(--c6)}.chart .c7{color:var(--c7)}
.chart .points circle{fill:var(--c0);fill-opacity:.45}.chart .diagonal{stroke:var(--soft);stroke-dasharray:4 4}
.chart .cell{fill:var(--c0);stroke:var(--page)}.chart .count{font-size:11px;fill:var(--ink)}
.chart .count:not(.on){paint-order:stroke;stroke:var(--card);stroke-width:2.5px}
.chart .halo{paint-order:stroke;stroke:var(--page);stroke-width:4px}
.chart .count.on{fill:var(--page)}.chart .trial{fill:none;stroke:var(--c0);stroke-width:1.5}
)";

} // namespace

void Range::add(double value) {
  least = std::min(least, value);
  greatest = std::max(greatest, value);
}

void Range::widen() {
  if (!(greatest > least)) {
    return;
  }
  if (scale == Scale::Log) {
    const double factor = std::pow(greatest / least, 0.05);
    least /= factor;
    greatest *= factor;
    return;
  }
  const double room = (greatest - least) * 0.05;
  // A loss near zero does not get an axis below zero.
  least = least >= 0 && least < room ? 0 : least - room;
  greatest += room;
}

Range Range::orUnit() const {
  Range out = *this;
  if (!(least <= greatest)) {
    out.least = scale == Scale::Log ? 0.1 : 0;
    out.greatest = 1;
  } else if (least == greatest) {
    const double room = least == 0 ? 1 : std::fabs(least) * 0.5;
    out.least -= room;
    out.greatest += room;
  }
  return out;
}

double Range::share(double value) const {
  if (scale == Scale::Log) {
    return std::log(value / least) / std::log(greatest / least);
  }
  return (value - least) / (greatest - least);
}

std::vector<double> Range::ticks(int wanted) const {
  std::vector<double> out;
  if (scale == Scale::Log) {
    const double decades = std::log10(greatest / least);
    for (double power = std::floor(std::log10(least)); power <= std::log10(greatest); ++power) {
      for (double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10.0, power);
        if ((digit == 1.0 || decades < 2) && value >= least && value <= greatest) {
          out.push_back(value);
        }
      }
    }
    return out;
  }
  const double raw = (greatest - least) / wanted;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  const double round = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  const double step = isWhole ? std::max(1.0, round) : round;
  for (double n = std::ceil(least / step); n * step <= greatest * (1 + 1e-12) && out.size() < 100;
       ++n) {
    out.push_back(n * step);
  }
  return out;
}

std::string pixel(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.1f", value);
  return buffer;
}

std::string shortNumber(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.4g", value);
  return buffer;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
    case '&':
      out += "&amp;";
      break;
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      // Control characters are no XML, except tab and newline.
      out += static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

std::string openSvg(int width, int height, std::string_view title) {
  return concat(
      "<svg class=\"chart\" xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 ",
      width, " ", height, "\" width=\"", width, "\" height=\"", height, "\"><title>",
      escaped(title), "</title><text class=\"title\" x=\"", pixel(kLeft), "\" y=\"18\">",
      escaped(title), "</text>");
}

std::string drawAxes(const Frame &frame, std::string_view xLabel, std::string_view yLabel) {
  const double left = kLeft, right = frame.pixelWidth - kRight,
               bottom = frame.pixelHeight - kBottom;
  std::string out = "<g class=\"grid\">";
  std::string labels;
  for (double tick : frame.yRange.ticks(5)) {
    const std::string y = pixel(frame.y(tick));
    out += concat("<line x1=\"", pixel(left), "\" x2=\"", pixel(right), "\" y1=\"", y, "\" y2=\"",
                  y, "\"/>");
    labels += concat("<text class=\"tick end\" x=\"", pixel(left - 7), "\" y=\"",
                     pixel(frame.y(tick) + 4), "\">", shortNumber(tick), "</text>");
  }
  for (double tick : frame.xRange.ticks(6)) {
    labels += concat("<text class=\"tick middle\" x=\"", pixel(frame.x(tick)), "\" y=\"",
                     pixel(bottom + 16), "\">", shortNumber(tick), "</text>");
  }
  out += concat("<line class=\"axis\" x1=\"", pixel(left), "\" x2=\"", pixel(right), "\" y1=\"",
                pixel(bottom), "\" y2=\"", pixel(bottom), "\"/></g>", labels);
  out += concat("<text class=\"tick middle\" x=\"", pixel((left + right) / 2), "\" y=\"",
                pixel(bottom + 34), "\">", escaped(xLabel), "</text>");
  if (!yLabel.empty()) {
    out += concat("<text class=\"tick\" x=\"", pixel(left), "\" y=\"", pixel(kTop - 10), "\">",
                  escaped(yLabel), "</text>");
  }
  return out;
}

std::string chartStyle() {
  std::string light, dark;
  for (const Color &color : kColors) {
    light += concat("--", color.name, ":", color.light, ";");
    dark += concat("--", color.name, ":", color.dark, ";");
  }
  return concat(".chart{", light, "}\n@media (prefers-color-scheme:dark){.chart{", dark, "}}\n",
                kRules);
}

std::string standaloneSvg(std::string_view svg) {
  // Not every viewer of SVG knows CSS variables: a file of its own has the light colors written
  // out.
  std::string rules(kRules);
  for (const Color &color : kColors) {
    const std::string variable = concat("var(--", color.name, ")");
    for (size_t at; (at = rules.find(variable)) != std::string::npos;) {
      rules.replace(at, variable.size(), color.light);
    }
  }
  const size_t end = svg.find('>') + 1;
  return concat("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", svg.substr(0, end), "<style>",
                rules, "</style><rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
                svg.substr(end));
}

} // namespace ntc::rt::report
