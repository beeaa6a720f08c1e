// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines over x: scales, ticks, thinning.
#include "runtime/report/Chart.h"

#include "runtime/base/Text.h"
#include "runtime/report/Axes.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ntc::rt::report {
namespace {

constexpr int kPalette = 8;
constexpr size_t kMostMarkers = 60;

/// Points of one series between two breaks.
using Piece = std::vector<std::pair<double, double>>;

bool isShown(const Chart &chart, double y) {
  return std::isfinite(y) && (chart.y == Scale::Linear || y > 0);
}

/// Per pixel column the first, least, greatest and last point, in order.
Piece thinned(const Piece &piece, const Range &x, double pixels) {
  if (piece.size() <= 4 * static_cast<size_t>(pixels)) {
    return piece;
  }
  Piece out;
  for (size_t begin = 0; begin < piece.size();) {
    const auto column = std::floor(x.share(piece[begin].first) * pixels);
    size_t end = begin, least = begin, greatest = begin;
    for (; end < piece.size() && std::floor(x.share(piece[end].first) * pixels) <= column; ++end) {
      least = piece[end].second < piece[least].second ? end : least;
      greatest = piece[end].second > piece[greatest].second ? end : greatest;
    }
    for (size_t at : {begin, std::min(least, greatest), std::max(least, greatest), end - 1}) {
      if (out.empty() || out.back() != piece[at]) {
        out.push_back(piece[at]);
      }
    }
    begin = std::max(end, begin + 1);
  }
  return out;
}

std::vector<Piece> piecesOf(const Chart &chart, const Series &series) {
  std::vector<Piece> out(1);
  for (const auto &[x, y] : series.points) {
    if (isShown(chart, y) && std::isfinite(x)) {
      out.back().emplace_back(x, y);
    } else if (!out.back().empty()) {
      out.emplace_back();
    }
  }
  return out;
}

std::string drawSeries(const Chart &chart, const Series &series, int color, const Frame &frame) {
  std::string out = concat("<g class=\"series c", color % kPalette, "\">");
  for (const Piece &whole : piecesOf(chart, series)) {
    const Piece piece = thinned(whole, frame.xRange, frame.width());
    if (piece.empty()) {
      continue;
    }
    std::string points;
    for (const auto &[x, y] : piece) {
      points += concat(points.empty() ? "" : " ", pixel(frame.x(x)), ",", pixel(frame.y(y)));
    }
    out += concat("<polyline", series.isDashed ? " class=\"dashed\"" : "", " points=\"", points,
                  "\"/>");
    for (size_t i = 0; piece.size() <= kMostMarkers && i < piece.size(); ++i) {
      const auto &[x, y] = piece[i];
      out += concat("<circle cx=\"", pixel(frame.x(x)), "\" cy=\"", pixel(frame.y(y)),
                    "\" r=\"2.5\"><title>", escaped(series.name), " ", shortNumber(y), " at ",
                    shortNumber(x), "</title></circle>");
    }
  }
  return out + "</g>";
}

std::string legend(const Chart &chart) {
  std::string out;
  double x = kLeft;
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series &series = chart.series[i];
    const int color = series.color >= 0 ? series.color : static_cast<int>(i);
    out += concat("<g class=\"series c", color % kPalette, "\"><line",
                  series.isDashed ? " class=\"dashed\"" : "", " x1=\"", pixel(x), "\" x2=\"",
                  pixel(x + 18), "\" y1=\"32\" y2=\"32\"/></g>", "<text class=\"legend\" x=\"",
                  pixel(x + 23), "\" y=\"36\">", escaped(series.name), "</text>");
    x += 36 + 6.6 * static_cast<double>(series.name.size());
  }
  return out;
}

} // namespace

std::string lineChart(const Chart &chart) {
  Range x, y;
  y.scale = chart.y;
  x.isWhole = true;
  for (const Series &series : chart.series) {
    for (const auto &[px, py] : series.points) {
      if (std::isfinite(px) && isShown(chart, py)) {
        x.add(px);
        x.isWhole = x.isWhole && px == std::floor(px);
        y.add(py);
      }
    }
  }
  y.widen();
  const Frame frame{chart.width, chart.height, x.orUnit(), y.orUnit()};
  std::string out = openSvg(chart.width, chart.height, chart.title);
  out += drawAxes(frame, chart.xLabel, "");
  out += legend(chart);
  for (size_t i = 0; i < chart.series.size(); ++i) {
    const Series &series = chart.series[i];
    out += drawSeries(chart, series, series.color >= 0 ? series.color : static_cast<int>(i), frame);
  }
  return out + "</svg>\n";
}

std::string scatterPlot(std::string_view title, std::string_view xLabel, std::string_view yLabel,
                        std::span<const double> x, std::span<const double> y) {
  Range both;
  for (std::span<const double> values : {x, y}) {
    for (double value : values) {
      if (std::isfinite(value)) {
        both.add(value);
      }
    }
  }
  both.widen();
  const Range range = both.orUnit();
  const Frame frame{420, 400, range, range};
  std::string out = openSvg(420, 400, title);
  out += drawAxes(frame, xLabel, yLabel);
  out += concat("<line class=\"diagonal\" x1=\"", pixel(frame.x(range.least)), "\" y1=\"",
                pixel(frame.y(range.least)), "\" x2=\"", pixel(frame.x(range.greatest)), "\" y2=\"",
                pixel(frame.y(range.greatest)), "\"/><g class=\"points\">");
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::isfinite(x[i]) && std::isfinite(y[i])) {
      out += concat("<circle cx=\"", pixel(frame.x(x[i])), "\" cy=\"", pixel(frame.y(y[i])),
                    "\" r=\"2.5\"/>");
    }
  }
  return out + "</g></svg>\n";
}

} // namespace ntc::rt::report
