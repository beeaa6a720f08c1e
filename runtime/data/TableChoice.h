// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which columns and rows of a table are what: options, kinds of columns, categories, the task.
#pragma once

#include "runtime/data/CsvText.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/TableFit.h"

#include <optional>

namespace ntc::rt::data {

/// A table with every decision taken but none of its values read.
struct TableChoice {
  CsvText table;
  TableLayout layout;
  std::vector<size_t> inputs, targets; ///< columns of the file
  std::vector<int64_t> rows;           ///< those that are kept
  bool ignoresUnknown = false;         ///< a text that is no category has none
};

/// Decides by the source's options (see CsvDataset.h), or by what is `known`. Errors:
/// InvalidArgument for options that do not fit the table, Corrupt.
Result<TableChoice> chooseTable(const DataSource &source, CsvText table, const TableFit *known,
                                std::optional<bool> targetIsClass);

/// Whether a cell stands for a value that is not there.
bool isMissingCell(std::string_view cell);
/// A cell as a finite number.
bool parseCell(std::string_view cell, double &value);
/// Whether a number is a class: whole, from 0 to 65535.
bool isClassIndex(double value);
/// The index of option `key`'s word in `words`, `fallback` where it is missing. Errors
/// (InvalidArgument): another word.
Result<size_t> wordOption(const DataSource &source, std::string_view key,
                          std::span<const std::string_view> words, size_t fallback);

} // namespace ntc::rt::data
