// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines of JSON to columns.
#include "runtime/report/MetricsTable.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ntc::rt::report {
namespace {

constexpr uint64_t kGreatestLog = uint64_t{1} << 30;

size_t columnOf(MetricsTable &table, const std::string &name) {
  if (auto found = table.find(name)) {
    return *found;
  }
  table.columns.push_back(name);
  for (std::vector<double> &row : table.rows) {
    row.push_back(NAN);
  }
  return table.columns.size() - 1;
}

} // namespace

std::optional<size_t> MetricsTable::find(std::string_view column) const {
  auto found = std::ranges::find(columns, column);
  return found == columns.end() ? std::nullopt
                                : std::optional(static_cast<size_t>(found - columns.begin()));
}

std::vector<std::pair<double, double>> MetricsTable::points(std::string_view x,
                                                            std::string_view y) const {
  std::vector<std::pair<double, double>> out;
  const auto xs = find(x), ys = find(y);
  if (xs && ys) {
    for (const std::vector<double> &row : rows) {
      if (std::isfinite(row[*xs]) && std::isfinite(row[*ys])) {
        out.emplace_back(row[*xs], row[*ys]);
      }
    }
  }
  return out;
}

double MetricsTable::last(std::string_view column) const {
  const auto at = find(column);
  for (auto row = rows.rbegin(); at && row != rows.rend(); ++row) {
    if (std::isfinite((*row)[*at])) {
      return (*row)[*at];
    }
  }
  return NAN;
}

bool isMaximized(std::string_view metric) {
  if (metric.starts_with("val_")) {
    metric.remove_prefix(4);
  }
  constexpr std::array<std::string_view, 8> small = {"loss", "perplexity", "mae",       "mse",
                                                     "rmse", "error",      "grad_norm", "time_s"};
  return std::ranges::find(small, metric) == small.end() && !metric.ends_with("_loss") &&
         !metric.ends_with("_error");
}

std::vector<std::string> metricNames(const MetricsTable &table) {
  std::vector<std::string> out;
  for (const std::string &column : table.columns) {
    const std::string name = column.starts_with("val_") ? column.substr(4) : column;
    const bool isMetric = name != "epoch" && name != "step" && name != "lr" && name != "time_s";
    if (isMetric && std::ranges::find(out, name) == out.end()) {
      out.push_back(name);
    }
  }
  auto loss = std::ranges::find(out, "loss");
  if (loss != out.end()) {
    std::rotate(out.begin(), loss, loss + 1);
  }
  return out;
}

Result<MetricsTable> parseMetrics(std::string_view text) {
  MetricsTable table;
  int64_t number = 0;
  for (size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
    ++number;
    Result<format::JsonValue> record = format::parseJson(text.substr(0, end));
    if (!record || !record->isObject()) {
      return error(Code::Corrupt, "line ", number, ": ",
                   record ? std::string("expected a JSON object") : record.status().message());
    }
    table.rows.emplace_back(table.columns.size(), NAN);
    for (size_t i = 0; i < record->keys().size(); ++i) {
      const size_t column = columnOf(table, record->keys()[i]);
      table.rows.back()[column] = record->items()[i].asDouble().value_or(NAN);
    }
  }
  return table;
}

Result<MetricsTable> readMetrics(const std::string &path) {
  Result<std::vector<uint8_t>> bytes = readFile(path, kGreatestLog);
  if (!bytes) {
    return bytes.status();
  }
  return withContext(parseMetrics({reinterpret_cast<const char *>(bytes->data()), bytes->size()}),
                     path);
}

} // namespace ntc::rt::report
