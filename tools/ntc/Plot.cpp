// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc plot: the curves of runs as an SVG file.
#include "runtime/base/File.h"
#include "runtime/data/Suggest.h"
#include "runtime/report/Chart.h"
#include "tools/ntc/RunFiles.h"
#include "tools/ntc/Verb.h"

#include <algorithm>

namespace ntc::driver {
namespace {

using rt::report::Chart;
using rt::report::Scale;
using rt::report::Series;

struct PlotFlags {
  std::string out;
  std::vector<std::string> metrics;
  size_t x = 0; ///< index of kXs
  bool log = false;
  std::optional<int64_t> width;
  std::optional<int64_t> height;
};

const std::vector<std::string_view> kXs = {"epoch", "step", "time_s"};
constexpr int kPaletteSize = 8;

/// Training and validation of one metric for every run; the training curve is dashed where both
/// are there.
void addMetric(const RunFiles &run, const std::string &metric, const std::string &x, bool many,
               int color, std::vector<Series> &out) {
  const bool isPair = !metric.starts_with("val_") && run.metrics.find("val_" + metric).has_value();
  auto add = [&](const std::string &name, bool isDashed) {
    auto points = run.metrics.points(x, name);
    if (!points.empty()) {
      out.push_back(
          {many ? concat(run.name, " ", name) : name, std::move(points), color, isDashed});
    }
  };
  add(metric, isPair);
  if (isPair) {
    add("val_" + metric, false);
  }
}

Status checkMetrics(const std::vector<RunFiles> &runs, const std::vector<std::string> &metrics) {
  for (const std::string &metric : metrics) {
    std::vector<std::string_view> columns;
    for (const RunFiles &run : runs) {
      columns.insert(columns.end(), run.metrics.columns.begin(), run.metrics.columns.end());
    }
    if (std::ranges::find(columns, metric) == columns.end()) {
      return rt::error(Code::InvalidArgument, "no run has a metric ", quoted(metric),
                       rt::data::didYouMean(metric, columns));
    }
  }
  return Status::ok();
}

} // namespace

int runPlot(const Verb &verb, Words words) {
  PlotFlags flags;
  std::vector<std::string> folders;
  std::vector<Flag> table = {
      rt::train::textFlag("--out,-o", "FILE.svg", flags.out, "the file to write"),
      listFlag("--metric", "NAME", flags.metrics,
               "what to draw: a key of metrics.jsonl; may be given several times (default: loss)"),
      choiceFlag("--x", "KEY", kXs, flags.x, "epoch (default), step or time_s"),
      rt::train::switchFlag("--log", flags.log, "logarithmic y axis"),
      rt::train::integerFlag("--width", flags.width, 200, 10000, "in pixels (default: 720)"),
      rt::train::integerFlag("--height", flags.height, 150, 10000, "in pixels (default: 420)"),
  };
  if (auto code = parseWords(verb, words, table, {1, 1000, "run folders"}, folders)) {
    return *code;
  }
  if (flags.out.empty()) {
    return failUsage(verb, "say where to write with -o FILE.svg");
  }
  if (!flags.out.ends_with(".svg")) {
    return failUsage(verb, concat("--out should end in .svg, found ", quoted(flags.out)));
  }
  auto runs = readRuns(folders);
  if (!runs) {
    return fail(verb, runs.status());
  }
  if (flags.metrics.empty()) {
    flags.metrics = {"loss"};
  }
  if (Status status = checkMetrics(*runs, flags.metrics); !status) {
    return fail(verb, status);
  }
  const std::string x(kXs[flags.x]);
  Chart chart{.title = flags.metrics[0],
              .xLabel = x,
              .series = {},
              .y = flags.log ? Scale::Log : Scale::Linear,
              .width = static_cast<int>(flags.width.value_or(720)),
              .height = static_cast<int>(flags.height.value_or(420))};
  for (size_t i = 1; i < flags.metrics.size(); ++i) {
    chart.title += ", " + flags.metrics[i];
  }
  int color = 0;
  for (const RunFiles &run : *runs) {
    for (const std::string &metric : flags.metrics) {
      addMetric(run, metric, x, runs->size() > 1, color++ % kPaletteSize, chart.series);
    }
  }
  const std::string text = rt::report::standaloneSvg(rt::report::lineChart(chart));
  Status status = rt::writeFileAtomically(
      flags.out, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  if (!status) {
    return fail(verb, status);
  }
  note("wrote " + flags.out);
  return kDone;
}

} // namespace ntc::driver
