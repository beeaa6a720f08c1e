// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Charts are well formed whatever the values are, and hold what they say.
#include "runtime/report/Chart.h"
#include "runtime/report/Html.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace ntc::rt::report {
namespace {

/// Every tag is closed in order, and no coordinate is nan or inf.
testing::AssertionResult isWellFormed(const std::string &text) {
  std::vector<std::string> open;
  for (size_t at = 0; (at = text.find('<', at)) != std::string::npos; ++at) {
    const size_t end = text.find('>', at);
    if (end == std::string::npos) {
      return testing::AssertionFailure() << "a tag without end";
    }
    const std::string tag = text.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" />", 1));
    if (tag.starts_with("?") || tag.starts_with("!") || tag.ends_with("/") || name == "meta" ||
        name == "img") {
      continue;
    }
    if (!tag.starts_with("/")) {
      open.push_back(name);
    } else if (open.empty() || "/" + open.back() != tag) {
      return testing::AssertionFailure() << "unexpected <" << tag << ">";
    } else {
      open.pop_back();
    }
  }
  for (const char *word : {"\"nan", "\"inf", "\"-nan", "\"-inf", ",nan", ",inf", " nan,"}) {
    if (text.find(word) != std::string::npos) {
      return testing::AssertionFailure() << word << " in the text";
    }
  }
  return open.empty() ? testing::AssertionSuccess()
                      : testing::AssertionFailure() << "<" << open.back() << "> is open";
}

size_t count(const std::string &text, std::string_view part) {
  size_t out = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) {
    ++out;
  }
  return out;
}

Chart chartOf(std::vector<std::pair<double, double>> points, Scale y = Scale::Linear) {
  return {.title = "loss & <more>", .xLabel = "step", .series = {{"a", std::move(points)}}, .y = y};
}

TEST(Chart, IsWellFormedForEveryKindOfValues) {
  for (const auto &points :
       std::vector<std::vector<std::pair<double, double>>>{{},
                                                           {{1, 2}},
                                                           {{1, 0}, {2, 0}},
                                                           {{1, NAN}, {2, INFINITY}},
                                                           {{0, 1e-30}, {1, 1e30}},
                                                           {{1, -5}, {2, 3}, {3, NAN}, {4, 1}}}) {
    EXPECT_TRUE(isWellFormed(lineChart(chartOf(points))));
    EXPECT_TRUE(isWellFormed(lineChart(chartOf(points, Scale::Log))));
    EXPECT_TRUE(isWellFormed(standaloneSvg(lineChart(chartOf(points)))));
  }
}

TEST(Chart, ValuesThatAreNoNumbersBreakTheLine) {
  const std::string text = lineChart(chartOf({{1, 1}, {2, 2}, {3, NAN}, {4, 4}, {5, 5}}));
  EXPECT_EQ(count(text, "<polyline"), 2U);
  EXPECT_EQ(count(text, "<circle"), 4U);
  EXPECT_NE(text.find("loss &amp; &lt;more&gt;"), std::string::npos);
}

TEST(Chart, LongSeriesAreThinnedAndKeepTheirPeaks) {
  std::vector<std::pair<double, double>> points;
  for (int i = 0; i < 100'000; ++i) {
    points.emplace_back(i, i == 54'321 ? 1000.0 : std::sin(i * 0.1));
  }
  const std::string text = lineChart(chartOf(points));
  EXPECT_LT(text.size(), 60'000U);
  // The peak is at 1000, a twentieth of room below the top of the frame.
  EXPECT_NE(text.find(",56."), std::string::npos);
}

TEST(Chart, AConfusionMatrixShowsEveryCount) {
  const std::vector<std::string> names = {"cat", "dog"};
  const std::vector<int64_t> counts = {7, 1, 0, 9};
  const std::string text = confusionMatrix(names, counts);
  EXPECT_TRUE(isWellFormed(text));
  EXPECT_NE(text.find(">7</text>"), std::string::npos);
  EXPECT_NE(text.find("cat taken for dog: 1 of 8"), std::string::npos);
  EXPECT_EQ(count(text, ">0</text>"), 0U);
  const std::vector<int64_t> none(4, 0);
  EXPECT_TRUE(isWellFormed(confusionMatrix(names, none)));
}

TEST(Chart, LongNamesOfAConfusionMatrixLeanAndAreCutBetweenCharacters) {
  const std::vector<std::string> names = {
      "Ankle boot",
      "\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4"};
  const std::string text = confusionMatrix(names, std::vector<int64_t>{7, 1, 0, 9});
  EXPECT_TRUE(isWellFormed(text));
  EXPECT_EQ(count(text, "rotate(-45)"), 2U);
  EXPECT_EQ(count(text, ">Ankle boot</text>"), 2U);
  EXPECT_EQ(
      count(text, ">\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4\u00c4…</text>"),
      2U);
}

TEST(Chart, ParallelCoordinatesHaveOneLinePerWholeRow) {
  const std::vector<Axis> axes = {{"lr", Scale::Log, {}},
                                  {"optimizer", Scale::Linear, {"sgd", "adam"}},
                                  {"val_loss", Scale::Linear, {}}};
  const std::vector<std::vector<double>> rows = {
      {1e-3, 0, 0.5}, {1e-2, 1, 0.25}, {1e-1, 1, NAN}, {0, 1, 0.25}};
  const std::string text = parallelCoordinates(axes, rows, false);
  EXPECT_TRUE(isWellFormed(text));
  EXPECT_EQ(count(text, "<polyline"), 2U);
  EXPECT_NE(text.find("optimizer adam, val_loss 0.25"), std::string::npos);
  EXPECT_TRUE(isWellFormed(parallelCoordinates(axes, {}, true)));
}

TEST(Html, APageEscapesWhatItShowsAndLoadsNothing) {
  HtmlPage page("a <b>", "runs/x");
  page.heading("h & h");
  page.code("ntc train --data 'a<b'");
  page.tiles({{"loss", "0.5"}});
  page.pairs({{"key", "\"value\""}});
  page.table(std::vector<std::string>{"a", "b"}, {{"1", "2"}});
  page.figures(std::vector{lineChart(chartOf({{1, 1}, {2, 2}}))});
  page.samples(std::vector<HtmlPage::Sample>{
      {{.width = 2, .height = 2, .channels = 1, .pixels = {1, 2, 3, 4}}, "3 (50 %)", true}});
  const std::string text = page.text();
  EXPECT_TRUE(isWellFormed(text));
  EXPECT_NE(text.find("a &lt;b&gt;"), std::string::npos);
  EXPECT_EQ(count(text, "<script"), 0U);
  EXPECT_EQ(count(text, "<link"), 0U);
  EXPECT_EQ(count(text, "src=\"http"), 0U);
  EXPECT_EQ(count(text, "url("), 0U);
}

} // namespace
} // namespace ntc::rt::report
