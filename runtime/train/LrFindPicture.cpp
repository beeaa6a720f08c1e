// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The picture of a range test.
#include "runtime/train/LrFind.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ntc::rt::train {
namespace {

constexpr double kWidth = 720, kHeight = 420, kLeft = 70, kRight = 20, kTop = 30, kBottom = 50;

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", value);
  return text;
}

std::string brief(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

/// Places of rates (logarithmic) and losses (linear) in the picture, in pixels.
struct Axes {
  double leastRate, greatestRate, leastLoss, greatestLoss;

  double x(double rate) const {
    const double part =
        std::log(rate / leastRate) / std::max(1e-9, std::log(greatestRate / leastRate));
    return kLeft + part * (kWidth - kLeft - kRight);
  }
  double y(double loss) const {
    const double part = (loss - leastLoss) / (greatestLoss - leastLoss);
    return kHeight - kBottom - std::clamp(part, 0.0, 1.0) * (kHeight - kTop - kBottom);
  }
};

Axes axesOf(const std::vector<LrPoint> &points) {
  Axes axes{points.front().rate, points.back().rate, INFINITY, -INFINITY};
  for (const LrPoint &point : points) {
    axes.leastLoss = std::min(axes.leastLoss, point.smooth);
    axes.greatestLoss = std::max(axes.greatestLoss, point.smooth);
  }
  const double margin = std::max(0.05 * (axes.greatestLoss - axes.leastLoss), 1e-12);
  axes.leastLoss -= margin;
  axes.greatestLoss += margin;
  return axes;
}

std::string line(double x1, double y1, double x2, double y2, std::string_view style) {
  return concat("<line x1=\"", fixed(x1), "\" y1=\"", fixed(y1), "\" x2=\"", fixed(x2), "\" y2=\"",
                fixed(y2), "\" ", style, "/>\n");
}

std::string label(double x, double y, std::string_view anchor, std::string_view text) {
  return concat("<text x=\"", fixed(x), "\" y=\"", fixed(y), "\" text-anchor=\"", anchor, "\">",
                text, "</text>\n");
}

std::string ticks(const Axes &axes) {
  constexpr std::string_view grid = "stroke=\"#ddd\"";
  std::string out;
  for (double e = std::ceil(std::log10(axes.leastRate) - 1e-9);
       e <= std::log10(axes.greatestRate) + 1e-9; e += 1.0) {
    const double x = axes.x(std::pow(10.0, e));
    out += line(x, kTop, x, kHeight - kBottom, grid);
    out += label(x, kHeight - kBottom + 18, "middle", brief(std::pow(10.0, e)));
  }
  for (int i = 0; i <= 4; ++i) {
    const double loss = axes.leastLoss + (axes.greatestLoss - axes.leastLoss) * i / 4.0;
    out += line(kLeft, axes.y(loss), kWidth - kRight, axes.y(loss), grid);
    out += label(kLeft - 8, axes.y(loss) + 4, "end", brief(loss));
  }
  return out;
}

} // namespace

std::string lrFindPicture(const LrFindReport &report) {
  std::string out =
      concat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", fixed(kWidth), " ",
             fixed(kHeight), "\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n",
             "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
             label(kWidth / 2, 18, "middle", "loss over learning rate"),
             label(kWidth / 2, kHeight - 10, "middle", "learning rate"));
  if (!report.points.empty()) {
    const Axes axes = axesOf(report.points);
    out += ticks(axes);
    std::string path;
    for (const LrPoint &point : report.points) {
      out += concat("<circle cx=\"", fixed(axes.x(point.rate)), "\" cy=\"",
                    fixed(axes.y(point.loss)), "\" r=\"1.5\" fill=\"#9bb8d3\"/>\n");
      path += concat(path.empty() ? "M" : " L", fixed(axes.x(point.rate)), " ",
                     fixed(axes.y(point.smooth)));
    }
    out += concat("<path d=\"", path, "\" fill=\"none\" stroke=\"#1f5f99\" stroke-width=\"2\"/>\n");
    if (report.steepest > 0.0) {
      const double x = axes.x(report.steepest);
      out += line(x, kTop, x, kHeight - kBottom, "stroke=\"#c0392b\" stroke-dasharray=\"5 4\"");
      out += label(x + 6, kTop + 14, "start", "suggested " + brief(report.steepest));
    }
  }
  return out + "</svg>\n";
}

} // namespace ntc::rt::train
