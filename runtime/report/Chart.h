// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Charts as SVG text. Colors are CSS variables, so that one text suits light and dark pages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::report {

enum class Scale : uint8_t { Linear, Log };

struct Series {
  std::string name;
  std::vector<std::pair<double, double>>
      points;     ///< x ascending; y that is not finite breaks the line
  int color = -1; ///< index of the palette; -1: the series' place
  bool isDashed = false;
};

struct Chart {
  std::string title;
  std::string xLabel;
  std::vector<Series> series;
  Scale y = Scale::Linear; ///< Log leaves out what is not positive
  int width = 560;
  int height = 320;
};

/// Lines over x. Long series are thinned to the least and greatest of each pixel.
std::string lineChart(const Chart &chart);

/// Counts of (row: truth, column: prediction), colored by the share of the row. `counts` is
/// row-major, names.size() squared.
std::string confusionMatrix(std::span<const std::string> names, std::span<const int64_t> counts);

/// Points with the diagonal on which both are equal.
std::string scatterPlot(std::string_view title, std::string_view xLabel, std::string_view yLabel,
                        std::span<const double> x, std::span<const double> y);

/// One vertical axis of a parallel-coordinates plot.
struct Axis {
  std::string name;
  Scale scale = Scale::Linear;
  std::vector<std::string> choices; ///< not empty: values are indices of these words
};

/// One line per row of `rows` (a value per axis; NaN leaves the row out), colored by the value of
/// the last axis from worst (pale) to best. `maximize`: greater is better.
std::string parallelCoordinates(std::span<const Axis> axes,
                                std::span<const std::vector<double>> rows, bool maximize);

/// CSS for all charts: colors for light and dark, fonts, lines.
std::string chartStyle();
/// A file of its own: the chart with its style and background.
std::string standaloneSvg(std::string_view svg);

/// `text` for HTML and SVG, also inside double quotes.
std::string escaped(std::string_view text);
/// A number for labels: at most four significant digits.
std::string shortNumber(double value);

} // namespace ntc::rt::report
