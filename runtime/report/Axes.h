// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What charts share: ranges of values, the frame that they are drawn in, ticks.
#pragma once

#include "runtime/report/Chart.h"

#include <cmath>

namespace ntc::rt::report {

inline constexpr double kLeft = 62, kRight = 16, kTop = 46, kBottom = 42;

/// Least and greatest of some values, and how they are spread over an axis.
struct Range {
  double least = INFINITY, greatest = -INFINITY;
  Scale scale = Scale::Linear;
  bool isWhole = false; ///< ticks are whole numbers

  void add(double value);
  /// Room above and below, so that lines do not touch the frame.
  void widen();
  /// Itself, or [0, 1] without values, or around the one value that there is.
  Range orUnit() const;
  /// 0 at the least value, 1 at the greatest.
  double share(double value) const;
  /// Round values inside: 1, 2 or 5 times a power of ten; powers of ten on a logarithmic axis.
  std::vector<double> ticks(int wanted) const;
};

/// Where values are in a picture of that many pixels.
struct Frame {
  int pixelWidth = 0, pixelHeight = 0;
  Range xRange, yRange;

  double width() const { return pixelWidth - kLeft - kRight; }
  double height() const { return pixelHeight - kTop - kBottom; }
  double x(double value) const { return kLeft + xRange.share(value) * width(); }
  double y(double value) const { return pixelHeight - kBottom - yRange.share(value) * height(); }
};

/// The opening tag with the title, for eyes and for screen readers.
std::string openSvg(int width, int height, std::string_view title);
/// Grid lines, tick labels and the names of both axes.
std::string drawAxes(const Frame &frame, std::string_view xLabel, std::string_view yLabel);
/// A coordinate with one digit behind the point.
std::string pixel(double value);

} // namespace ntc::rt::report
