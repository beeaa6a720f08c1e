// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables and pages of sweeps.
#include "tools/ntc/SweepReport.h"

#include "runtime/format/Json.h"
#include "runtime/report/Chart.h"
#include "runtime/report/Html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>

namespace ntc::driver {
namespace {

using rt::concat;
namespace search = rt::search;

std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return std::isfinite(value) ? text : "-";
}

/// The deviation of a sample of the folds' values.
double deviation(const std::vector<double> &values) {
  double mean = 0, squares = 0;
  for (double value : values) {
    mean += value / static_cast<double>(values.size());
  }
  for (double value : values) {
    squares += (value - mean) * (value - mean);
  }
  return values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : NAN;
}

std::string_view stateText(search::TrialState state) {
  switch (state) {
  case search::TrialState::Running:
    return "unfinished";
  case search::TrialState::Paused:
    return "stopped";
  case search::TrialState::Complete:
    return "complete";
  case search::TrialState::Failed:
    return "failed";
  }
  return "";
}

std::string pointText(const search::Parameter &parameter, double value) {
  return parameter.kind == search::Kind::Real ? numberText(value)
                                              : search::valueText(parameter, value);
}

} // namespace

size_t programCount(std::span<const SweepResult> results) {
  std::set<std::string> programs;
  for (const SweepResult &result : results) {
    programs.insert(result.program);
  }
  programs.erase("");
  return programs.size();
}

void sortResults(const Sweep &sweep, std::vector<SweepResult> &results) {
  std::ranges::sort(results, [&](const SweepResult &a, const SweepResult &b) {
    if (search::isBetter(a.trial, b.trial, sweep.maximize)) {
      return true;
    }
    return !search::isBetter(b.trial, a.trial, sweep.maximize) && a.trial.number < b.trial.number;
  });
}

TextTable resultTable(const Sweep &sweep, std::span<const SweepResult> results) {
  TextTable table({"trial"});
  for (const search::Parameter &parameter : sweep.space) {
    table.head.push_back(parameter.name);
  }
  table.head.push_back(sweep.metric);
  if (sweep.folds > 1) {
    table.head.emplace_back("deviation");
  }
  table.head.emplace_back("epochs");
  table.head.emplace_back("state");
  for (const SweepResult &result : results) {
    std::vector<std::string> row = {concat(result.trial.number)};
    for (size_t i = 0; i < sweep.space.size(); ++i) {
      row.push_back(pointText(sweep.space[i], result.trial.point[i]));
    }
    row.push_back(numberText(result.trial.value()));
    if (sweep.folds > 1) {
      row.push_back(numberText(deviation(result.folds)));
    }
    row.push_back(concat(result.epochs));
    row.emplace_back(stateText(result.trial.state));
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string resultJson(const Sweep &sweep, std::span<const SweepResult> results, size_t programs) {
  rt::format::JsonWriter json;
  json.beginObject();
  json.member("metric", sweep.metric);
  json.member("goal", sweep.maximize ? "maximize" : "minimize");
  json.member("programs", programs);
  json.key("trials");
  json.beginArray();
  for (const SweepResult &result : results) {
    json.beginObject();
    json.member("trial", result.trial.number);
    json.key("values");
    json.beginObject();
    for (size_t i = 0; i < sweep.space.size(); ++i) {
      if (sweep.space[i].kind == search::Kind::Choice) {
        json.member(sweep.space[i].name, search::valueText(sweep.space[i], result.trial.point[i]));
      } else {
        json.member(sweep.space[i].name, result.trial.point[i]);
      }
    }
    json.endObject();
    json.member("value", result.trial.value());
    if (sweep.folds > 1) {
      json.member("deviation", deviation(result.folds));
      json.key("folds");
      json.beginArray();
      for (double value : result.folds) {
        json.number(value);
      }
      json.endArray();
    }
    json.member("epochs", result.epochs);
    json.member("state", std::string(stateText(result.trial.state)));
    if (!result.trial.message.empty()) {
      json.member("message", result.trial.message);
    }
    json.member("run", result.folder);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

std::string resultPlot(const Sweep &sweep, std::span<const SweepResult> results) {
  std::vector<rt::report::Axis> axes;
  for (const search::Parameter &parameter : sweep.space) {
    axes.push_back({parameter.name,
                    parameter.isLog ? rt::report::Scale::Log : rt::report::Scale::Linear,
                    parameter.choices});
  }
  axes.push_back({sweep.metric, rt::report::Scale::Linear, {}});
  std::vector<std::vector<double>> rows;
  for (const SweepResult &result : results) {
    rows.push_back(result.trial.point);
    rows.back().push_back(result.trial.value());
  }
  return rt::report::parallelCoordinates(axes, rows, sweep.maximize);
}

std::string resultPage(const Sweep &sweep, std::span<const SweepResult> results,
                       const std::string &folder, size_t programs) {
  rt::report::HtmlPage page("Sweep", folder);
  rt::report::Pairs tiles;
  if (!results.empty()) {
    const search::Trial &best = results[0].trial;
    tiles.emplace_back(concat("best ", sweep.metric), numberText(best.value()));
    for (size_t i = 0; i < sweep.space.size(); ++i) {
      tiles.emplace_back(sweep.space[i].name, pointText(sweep.space[i], best.point[i]));
    }
  }
  tiles.emplace_back("trials", concat(results.size()));
  tiles.emplace_back("programs", concat(programs));
  page.tiles(tiles);
  page.heading("Parameters and what came of them");
  page.figures(std::vector{resultPlot(sweep, results)});
  page.heading("Value over trials");
  std::vector<std::pair<double, double>> values, best;
  std::vector<const SweepResult *> byNumber;
  for (const SweepResult &result : results) {
    byNumber.push_back(&result);
  }
  std::ranges::sort(byNumber, {}, [](const SweepResult *each) { return each->trial.number; });
  for (const SweepResult *result : byNumber) {
    const double value = result->trial.value();
    if (std::isfinite(value)) {
      const double number = static_cast<double>(result->trial.number);
      values.emplace_back(number, value);
      const double before = best.empty() ? value : best.back().second;
      best.emplace_back(number, sweep.maximize ? std::max(before, value) : std::min(before, value));
    }
  }
  page.figures(std::vector{rt::report::lineChart(
      {.title = sweep.metric,
       .xLabel = "trial",
       .series = {{.name = "trial", .points = values}, {.name = "best", .points = best}}})});
  page.heading("Trials");
  const TextTable table = resultTable(sweep, results);
  page.table(table.head, table.rows);
  return page.text();
}

} // namespace ntc::driver
