// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sections of the page, from what readers look for first to what they look up.
#include "runtime/train/RunReport.h"

#include "runtime/base/Units.h"
#include "runtime/report/Chart.h"
#include "runtime/report/Html.h"
#include "runtime/train/Machine.h"
#include "runtime/train/Progress.h"
#include "runtime/train/Reporter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace ntc::rt::train {
namespace {

using report::HtmlPage;
using report::MetricsTable;
using report::Pairs;
using report::shortNumber;

constexpr size_t kSamplesShown = 20;
constexpr size_t kMistakesShown = 20;
constexpr int64_t kMostClassRows = 100;
constexpr size_t kMostScatterPoints = 2000;
constexpr size_t kMostEpochRows = 500;
constexpr int kChartWidth = 530; // two side by side

std::string numberText(double value) {
  char buffer[32];
  const double size = std::abs(value);
  const bool isUsual = size == 0 || (size >= 1e-3 && size < 1e5);
  std::snprintf(buffer, sizeof(buffer), isUsual ? "%.4f" : "%.4g", value);
  return std::isfinite(value) ? buffer : "–";
}

Pairs headlines(const RunReport &run) {
  Pairs out;
  for (const std::string &metric : report::metricNames(run.metrics)) {
    for (const std::string &name : {"val_" + metric, metric}) {
      const double value = run.metrics.last(name);
      if (std::isfinite(value) && out.size() < 6) {
        out.emplace_back(name, numberText(value));
      }
    }
  }
  const double seconds = run.metrics.last("time_s");
  const double epochs = run.metrics.last("epoch");
  if (std::isfinite(seconds)) {
    out.emplace_back("training time", durationText(seconds));
    if (std::isfinite(epochs) && seconds > 0 && run.trainingSamples > 0) {
      out.emplace_back(
          "samples per second",
          concat(std::llround(epochs * static_cast<double>(run.trainingSamples) / seconds)));
    }
  }
  out.emplace_back("steps", concat(run.steps));
  return out;
}

/// What a label is called: its class's name, else its number.
std::string nameOf(const RunReport &run, int64_t label) {
  const auto index = static_cast<size_t>(label);
  return label >= 0 && index < run.classNames.size() ? run.classNames[index] : concat(label);
}

std::vector<std::string> classNames(const RunReport &run) {
  std::vector<std::string> out;
  for (int64_t i = 0; i < run.predictions.classes; ++i) {
    out.push_back(nameOf(run, i));
  }
  return out;
}

/// Row: truth, column: prediction.
std::vector<int64_t> confusion(const Predictions &predictions) {
  const int64_t classes = predictions.classes;
  std::vector<int64_t> out(static_cast<size_t>(classes * classes));
  for (size_t i = 0; i < predictions.rows.size(); ++i) {
    if (predictions.labels[i] >= 0 && predictions.labels[i] < classes) {
      ++out[static_cast<size_t>(predictions.labels[i] * classes + predictions.guesses[i])];
    }
  }
  return out;
}

/// Precision, recall, F1 and support of every class; a quotient over nothing is 0, as in
/// scikit-learn.
report::Rows classRows(std::span<const std::string> names, const std::vector<int64_t> &counts) {
  const int64_t classes = std::ssize(names);
  report::Rows out;
  const auto at = [&](int64_t r, int64_t c) {
    return static_cast<double>(counts[static_cast<size_t>(r * classes + c)]);
  };
  const auto quotient = [](double a, double b) { return b > 0 ? a / b : 0.0; };
  for (int64_t k = 0; k < classes; ++k) {
    double truths = 0, guesses = 0;
    for (int64_t other = 0; other < classes; ++other) {
      truths += at(k, other);
      guesses += at(other, k);
    }
    const double precision = quotient(at(k, k), guesses), recall = quotient(at(k, k), truths);
    out.push_back({names[static_cast<size_t>(k)], numberText(precision), numberText(recall),
                   numberText(quotient(2 * precision * recall, precision + recall)),
                   concat(static_cast<int64_t>(truths))});
  }
  return out;
}

std::vector<HtmlPage::Sample> sampleFigures(const RunReport &run, std::span<const size_t> chosen) {
  const Predictions &predictions = run.predictions;
  std::vector<int64_t> rows;
  for (size_t i : chosen) {
    rows.push_back(predictions.rows[i]);
  }
  const std::vector<report::Picture> pictures = picturesOf(*run.samples, rows);
  std::vector<HtmlPage::Sample> out;
  for (size_t n = 0; n < pictures.size(); ++n) {
    const size_t i = chosen[n];
    const bool isWrong = predictions.guesses[i] != predictions.labels[i];
    out.push_back(
        {pictures[n],
         concat(nameOf(run, predictions.guesses[i]), " (",
                static_cast<int64_t>(std::lround(predictions.confidences[i] * 100)), " %)",
                isWrong ? concat(", is ", nameOf(run, predictions.labels[i])) : ""),
         isWrong});
  }
  return out;
}

void addClassification(const RunReport &run, HtmlPage &page) {
  const Predictions &predictions = run.predictions;
  const int64_t classes = predictions.classes;
  page.heading("Predictions");
  page.paragraph(concat(
      predictions.size(),
      predictions.size() < run.samples->size() ? concat(" of the ", run.samples->size()) : "",
      " samples of ", run.samplesName, ", by the parameters after the last step"));
  if (classes <= kMostClassRows) {
    const std::vector<std::string> names = classNames(run);
    const std::vector<int64_t> counts = confusion(predictions);
    page.figures(std::vector{report::confusionMatrix(names, counts)});
    page.heading("Classes");
    const std::vector<std::string> head = {"class", "precision", "recall", "F1", "samples"};
    page.table(head, classRows(names, counts));
  }
  std::vector<size_t> first(std::min(kSamplesShown, predictions.rows.size()));
  std::iota(first.begin(), first.end(), size_t{0});
  const std::vector<HtmlPage::Sample> shown = sampleFigures(run, first);
  if (shown.empty()) {
    return;
  }
  page.heading("First samples");
  page.samples(shown);
  std::vector<size_t> wrong;
  for (size_t i = 0; i < predictions.rows.size(); ++i) {
    if (predictions.guesses[i] != predictions.labels[i]) {
      wrong.push_back(i);
    }
  }
  std::ranges::sort(wrong, [&](size_t a, size_t b) {
    const float left = predictions.confidences[a], right = predictions.confidences[b];
    return left != right ? left > right : a < b;
  });
  wrong.resize(std::min(wrong.size(), kMistakesShown));
  if (!wrong.empty()) {
    page.heading("Most confident mistakes");
    page.samples(sampleFigures(run, wrong));
  }
}

void addRegression(const RunReport &run, HtmlPage &page) {
  const Predictions &predictions = run.predictions;
  const size_t count = std::min(predictions.values.size(), kMostScatterPoints);
  page.heading("Predictions");
  page.paragraph(
      concat(count, " samples of ", run.samplesName, ", by the parameters after the last step"));
  page.figures(std::vector{report::scatterPlot("Prediction against truth", "truth", "prediction",
                                               std::span(predictions.targets).first(count),
                                               std::span(predictions.values).first(count))});
}

/// The last record of every epoch.
void addEpochs(const MetricsTable &metrics, HtmlPage &page) {
  const auto epoch = metrics.find("epoch");
  if (!epoch) {
    return;
  }
  report::Rows rows;
  for (size_t i = 0; i < metrics.rows.size(); ++i) {
    if (i + 1 < metrics.rows.size() && metrics.rows[i + 1][*epoch] == metrics.rows[i][*epoch]) {
      continue;
    }
    std::vector<std::string> cells;
    for (double value : metrics.rows[i]) {
      cells.push_back(std::isfinite(value) ? shortNumber(value) : "");
    }
    rows.push_back(std::move(cells));
  }
  const bool isCut = rows.size() > kMostEpochRows;
  if (isCut) {
    rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(kMostEpochRows));
  }
  page.heading(isCut ? concat("Last ", kMostEpochRows, " epochs") : "Epochs");
  page.table(metrics.columns, rows);
}

Pairs environment(const RunReport &run) {
  const artifact::Manifest &manifest = *run.manifest;
  uint64_t parameters = 0;
  for (const artifact::StateSpec &state : manifest.states) {
    if (state.role == artifact::Role::Parameter) {
      parameters += state.sizeBytes / sizeOf(state.dtype);
    }
  }
  Pairs out = {
      {"ntc", manifest.ntcVersion},          {"program", manifest.programHash},
      {"compiled for", manifest.cpu},        {"precision", manifest.precision},
      {"parameters", countText(parameters)}, {"memory of the step", bytesText(manifest.arenaBytes)},
      {"threads", concat(run.threads)}};
  for (auto &pair : machinePairs()) {
    out.push_back(std::move(pair));
  }
  return out;
}

} // namespace

std::vector<std::string> metricCharts(const MetricsTable &metrics, std::string_view x) {
  std::vector<std::string> out;
  for (const std::string &metric : report::metricNames(metrics)) {
    report::Chart chart{
        .title = metric, .xLabel = std::string(x), .series = {}, .width = kChartWidth};
    for (const std::string &name : {metric, "val_" + metric}) {
      if (auto points = metrics.points(x, name); !points.empty()) {
        const bool isValidation = name != metric;
        chart.series.push_back({.name = isValidation ? "validation" : "training",
                                .points = std::move(points),
                                .color = isValidation ? 1 : 0});
      }
    }
    if (!chart.series.empty()) {
      out.push_back(report::lineChart(chart));
    }
  }
  if (auto rate = metrics.points(x, "lr"); !rate.empty()) {
    const auto [least, greatest] =
        std::ranges::minmax(rate, {}, [](const auto &point) { return point.second; });
    const bool isWide = least.second > 0 && greatest.second > 50 * least.second;
    out.push_back(report::lineChart({.title = "learning rate",
                                     .xLabel = std::string(x),
                                     .series = {{.name = "lr", .points = rate, .color = 2}},
                                     .y = isWide ? report::Scale::Log : report::Scale::Linear,
                                     .width = kChartWidth}));
  }
  return out;
}

std::string runReportPage(const RunReport &run) {
  HtmlPage page(run.manifest->modelName.empty() ? "Training run" : run.manifest->modelName,
                run.folder);
  page.tiles(headlines(run));
  page.heading("Curves");
  // Records within epochs, or a single epoch, are shown over steps.
  const double epochs = run.metrics.last("epoch");
  const bool isByEpoch = epochs > 1 && static_cast<double>(run.metrics.rows.size()) <= epochs;
  page.figures(metricCharts(run.metrics, isByEpoch ? "epoch" : "step"));
  if (run.predictions.classes > 0) {
    addClassification(run, page);
  } else if (!run.predictions.values.empty()) {
    addRegression(run, page);
  }
  addEpochs(run.metrics, page);
  page.heading("Settings");
  page.code(run.command);
  Pairs settings;
  for (const auto &[name, value] : run.hparams) {
    settings.emplace_back(name, report::textOf(value));
  }
  page.pairs(settings);
  page.heading("Environment");
  page.pairs(environment(run));
  return page.text();
}

} // namespace ntc::rt::train
