// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of numbers with a header line.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

#include <string_view>

namespace ntc::rt::data {

/// A table of finite numbers with named columns.
struct CsvTable {
  std::vector<std::string> columns;
  int64_t rows = 0;
  std::vector<double> values; ///< row after row
};

/// Parses the text of a table: a header line of distinct names, then lines of as many finite
/// decimal numbers. Fields may be quoted as in RFC 4180 (without line ends inside), blanks around
/// them are dropped, lines end in LF or CRLF, empty lines at the end are ignored. `name` is the
/// file's name for messages. Errors name the line (from 1) and the column.
Result<CsvTable> parseCsv(std::string_view text, char separator, const std::string &name);

/// Opens `csv:FILE`. Fields: "x" (f64, the columns in the file's order or as `columns=a,b` names
/// them, without the target) and "y", the `target` column(s): f64 of shape [targets] for
/// task=regression, i64 scalar for task=classification, which needs one column of whole numbers
/// from 0. Without `task` the type of the model's target decides (`targetIsClass` true or false);
/// where that is unknown too, a target of whole numbers from 0 to 255 that takes each of those
/// values up to its greatest is a class.
Result<std::unique_ptr<Dataset>> openCsv(const DataSource &source,
                                         std::optional<bool> targetIsClass);

} // namespace ntc::rt::data
