// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// metrics.jsonl as a table: one column per key, one row per line.
#pragma once

#include "runtime/base/Status.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::report {

/// Columns in the order in which keys first appear. A value that a line lacks, or that is null, is
/// NaN.
struct MetricsTable {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows; ///< each of columns.size() values

  /// The index of a column. Nothing where there is none.
  std::optional<size_t> find(std::string_view column) const;
  /// (x, y) of the rows that have both. Empty for unknown columns.
  std::vector<std::pair<double, double>> points(std::string_view x, std::string_view y) const;
  /// The last value of a column that is a number; NaN where there is none.
  double last(std::string_view column) const;
};

/// Whether greater is better: losses, errors and perplexity are to be small, the rest is not.
bool isMaximized(std::string_view metric);

/// Metrics whose names appear in the table, without "val_": loss first, others in order. Epoch,
/// step, lr and time are none.
std::vector<std::string> metricNames(const MetricsTable &table);

/// Parses the text of a metrics.jsonl. A last line that a crash cut short is left out. Errors:
/// Corrupt, with the line's number.
Result<MetricsTable> parseMetrics(std::string_view text);
/// Reads a file of that kind. Errors: as parseMetrics, NotFound, Io.
Result<MetricsTable> readMetrics(const std::string &path);

} // namespace ntc::rt::report
