// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is learnt of a table before a network sees it: which columns there are, the categories of
// texts, and the numbers that scale and fill columns. Fitted on the training part alone and kept
// with the run, so that evaluation and prediction do the same to other files.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/Dataset.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace ntc::rt::data {

/// One input column of a file.
struct TableColumn {
  std::string name;
  std::vector<std::string> categories; ///< in order; empty: a column of numbers

  /// Values that it has in a sample: one for each category, or one.
  int64_t width() const { return categories.empty() ? 1 : static_cast<int64_t>(categories.size()); }
  bool operator==(const TableColumn &) const = default;
};

enum class TableScale : uint8_t {
  None,
  Standard, ///< (x - mean) / deviation, of the population
  MinMax,   ///< (x - least) / (greatest - least)
};

enum class TableMissing : uint8_t {
  Refuse,
  Drop,   ///< rows with a missing value are left out when the file is read
  Mean,   ///< the column's mean
  Median, ///< the column's median
  Zero,
};

/// The words of the options `scale` and `missing`, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> kScaleWords = {"none", "standard", "minmax"};
inline constexpr std::array<std::string_view, 5> kMissingWords = {"refuse", "drop", "mean",
                                                                  "median", "zero"};

/// What a file's inputs are, and what is asked to be done to them.
struct TableLayout {
  std::vector<TableColumn> columns;
  std::vector<std::string> targets;    ///< names of columns
  std::vector<std::string> classNames; ///< of a target of texts; else empty
  bool isClassification = false;
  TableScale scale = TableScale::None;
  TableMissing missing = TableMissing::Refuse;
  int64_t window = 0;  ///< rows that a sample sees, of a time series; 0: each row is a sample
  int64_t horizon = 0; ///< rows after them whose targets it wants

  /// Values of a sample's "x".
  int64_t width() const;
  /// Whether fitting changes any value.
  bool needsFit() const { return scale != TableScale::None || missing >= TableMissing::Mean; }
};

/// x becomes (x - shift) / scale, and `fill` (before scaling) where it is missing.
struct ColumnFit {
  double shift = 0.0;
  double scale = 1.0;
  double fill = 0.0;
};

struct TableFit {
  TableLayout layout;
  std::vector<ColumnFit> columns; ///< of layout.columns; those of categories stay as they are
};

/// Learns the fit of `part`, whose table() is not null: means, deviations, medians over its rows in
/// f64, missing values (NaN) left out; of a series over every row that one of the windows sees or
/// wants, once. A column without spread, or with one that rounding explains, has scale 1, by
/// scikit-learn's rules. Errors (InvalidArgument): a column to be filled that has no value at all.
Result<TableFit> fitTable(const Dataset &part);

/// `part` with the fit applied to its "x": a copy in memory; windows of a series as they are read.
std::shared_ptr<const Dataset> applyFit(std::shared_ptr<const Dataset> part, const TableFit &fit);

/// The fit as a JSON object, and back. Errors: Corrupt.
std::string tableFitJson(const TableFit &fit);
Result<TableFit> parseTableFit(std::string_view json);

} // namespace ntc::rt::data
