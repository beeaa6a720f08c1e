// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the range test concludes from a curve, and its picture.
#include "runtime/train/LrFind.h"

#include "../data/Scratch.h"

#include <cmath>

namespace ntc::rt::train {
namespace {

/// A loss that falls around 1e-3, fastest there, and rises above 1e-1.
LrFindReport curve() {
  LrFindReport report;
  for (int i = 0; i < 100; ++i) {
    const double rate = std::pow(10.0, -7.0 + 8.0 * i / 99.0);
    const double fall = 1.0 / (1.0 + std::exp(3.0 * (std::log10(rate) + 3.0)));
    const double loss = 0.2 + 2.0 * fall + rate;
    report.points.push_back({rate, loss, loss});
  }
  return report;
}

TEST(LrFind, SuggestsTheSteepestFall) {
  LrFindReport report = curve();
  suggestRate(report);
  EXPECT_NEAR(std::log10(report.steepest), -3.0, 0.1);
  EXPECT_GT(report.least, report.steepest);
  LrFindReport rising;
  for (int i = 0; i < 20; ++i) {
    rising.points.push_back({1e-3 * (i + 1), 1.0 + i, 1.0 + i});
  }
  suggestRate(rising);
  EXPECT_EQ(rising.steepest, 0.0) << "a loss that only rises suggests nothing";
  LrFindReport none;
  suggestRate(none);
  EXPECT_EQ(none.steepest, 0.0);
}

TEST(LrFind, PictureIsOneSvg) {
  LrFindReport report = curve();
  suggestRate(report);
  const std::string svg = lrFindPicture(report);
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_TRUE(data::has(svg, "suggested 0.00"));
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_TRUE(lrFindPicture({}).ends_with("</svg>\n")) << "no point is no crash";
  report.points.resize(1);
  EXPECT_EQ(lrFindPicture(report).find("nan"), std::string::npos);
}

} // namespace
} // namespace ntc::rt::train
