// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc compare: runs side by side, what they were told and what came of it.
#include "runtime/format/Json.h"
#include "tools/ntc/RunFiles.h"
#include "tools/ntc/TextTable.h"
#include "tools/ntc/Verb.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace ntc::driver {
namespace {

using rt::report::Hparam;

/// Rows of the table: the name, and a text per run.
struct Row {
  std::string name;
  std::vector<std::string> cells;
};

std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return std::isfinite(value) ? text : "-";
}

std::vector<std::string> allSettings(const std::vector<RunFiles> &runs) {
  std::vector<std::string> out;
  for (const RunFiles &run : runs) {
    for (const auto &[name, value] : run.settings) {
      if (std::ranges::find(out, name) == out.end()) {
        out.push_back(name);
      }
    }
  }
  return out;
}

std::vector<std::string> allMetrics(const std::vector<RunFiles> &runs) {
  std::vector<std::string> out;
  for (const RunFiles &run : runs) {
    for (const std::string &column : run.metrics.columns) {
      const bool isMetric =
          column != "epoch" && column != "step" && column != "lr" && column != "time_s";
      if (isMetric && std::ranges::find(out, column) == out.end()) {
        out.push_back(column);
      }
    }
  }
  return out;
}

std::string settingOf(const RunFiles &run, const std::string &name) {
  for (const auto &[each, value] : run.settings) {
    if (each == name) {
      return rt::report::textOf(value);
    }
  }
  return "-";
}

/// The best value of a metric over the run, and NaN without one.
double bestOf(const RunFiles &run, const std::string &metric) {
  double best = NAN;
  for (const auto &[step, value] : run.metrics.points("step", metric)) {
    const bool isBetter =
        std::isnan(best) || (rt::report::isMaximized(metric) ? value > best : value < best);
    best = isBetter ? value : best;
  }
  return best;
}

std::vector<Row> rowsOf(const std::vector<RunFiles> &runs, bool all) {
  std::vector<Row> rows;
  auto add = [&](std::string name, const auto &textOf) {
    Row row{std::move(name), {}};
    for (const RunFiles &run : runs) {
      row.cells.push_back(textOf(run));
    }
    rows.push_back(std::move(row));
  };
  for (const std::string &name : allSettings(runs)) {
    add(name, [&](const RunFiles &run) { return settingOf(run, name); });
    const std::vector<std::string> &cells = rows.back().cells;
    if (!all && std::ranges::count(cells, cells[0]) == std::ssize(cells) && cells.size() > 1) {
      rows.pop_back(); // the same everywhere
    }
  }
  add("epochs trained", [](const RunFiles &run) { return numberText(run.metrics.last("epoch")); });
  add("steps", [](const RunFiles &run) { return numberText(run.metrics.last("step")); });
  add("seconds", [](const RunFiles &run) { return numberText(run.metrics.last("time_s")); });
  for (const std::string &name : allMetrics(runs)) {
    add(name, [&](const RunFiles &run) { return numberText(run.metrics.last(name)); });
    if (name.starts_with("val_")) {
      add("best " + name, [&](const RunFiles &run) { return numberText(bestOf(run, name)); });
    }
  }
  return rows;
}

void printJson(const std::vector<RunFiles> &runs) {
  rt::format::JsonWriter json;
  json.beginArray();
  for (const RunFiles &run : runs) {
    json.beginObject();
    json.member("run", run.folder);
    json.key("settings");
    json.beginObject();
    for (const auto &[name, value] : run.settings) {
      std::visit([&](const auto &each) { json.member(name, each); }, value);
    }
    json.endObject();
    for (const char *key : {"last", "best"}) {
      json.key(key);
      json.beginObject();
      for (const std::string &column : run.metrics.columns) {
        const bool isLast = std::string_view(key) == "last";
        if (isLast || column.starts_with("val_")) {
          json.member(column, isLast ? run.metrics.last(column) : bestOf(run, column));
        }
      }
      json.endObject();
    }
    json.endObject();
  }
  json.endArray();
  printLine(json.text());
}

} // namespace

int runCompare(const Verb &verb, Words words) {
  bool json = false, all = false;
  std::vector<std::string> folders;
  std::vector<Flag> table = {
      rt::train::switchFlag("--all", all, "also settings in which the runs agree"),
      jsonFlag(json),
  };
  if (auto code = parseWords(verb, words, table, {1, 1000, "run folders"}, folders)) {
    return *code;
  }
  auto runs = readRuns(folders);
  if (!runs) {
    return fail(verb, runs.status());
  }
  if (json) {
    printJson(*runs);
    return kDone;
  }
  TextTable text({""});
  for (const RunFiles &run : *runs) {
    text.head.push_back(run.name);
  }
  for (const Row &row : rowsOf(*runs, all)) {
    text.rows.push_back({row.name});
    text.rows.back().insert(text.rows.back().end(), row.cells.begin(), row.cells.end());
  }
  print(text.text());
  return kDone;
}

} // namespace ntc::driver
