// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables with a header line as data sets.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/CsvText.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/TableFit.h"

#include <optional>

namespace ntc::rt::data {

/// Opens `csv:FILE`. Fields: "x" (f64, the columns in the file's order or as `columns=a,b` names
/// them, without the target; a column of texts has one value for each of its categories, 1 where it
/// is that one) and "y", the `target` column(s): f64 of shape [targets] for task=regression, i64
/// scalar for task=classification, which needs one column of whole numbers from 0 or of texts, the
/// classes in the order of their bytes.
///
/// Without `task` the type of the model's target decides (`targetIsClass` true or false); where
/// that is unknown too, texts are classes, and so are whole numbers from 0 to 255 that take each of
/// those values up to their greatest.
///
/// A column is one of texts where no cell of it is a number, or where `categorical=a,b` names it.
/// Cells that are empty, NA, N/A, NaN, nan, null, NULL, None or ? are missing: refused, or by
/// `missing=`: drop (the row), mean, median, zero (NaN in "x" until a fit fills them). A missing
/// text has no category, unless it is refused. `scale=`: none, standard, minmax, see TableFit.h.
///
/// With `window=W` the rows are a time series: sample i has "x" of shape [W, values of a row], the
/// rows from i on, and "y" of shape [horizon] (or [horizon, targets]), the targets of the `horizon`
/// (1) rows after them. Inputs are then all columns of numbers, the targets' past included.
///
/// With `known`, inputs, categories, classes and targets are those, found by their names; a text
/// that is no category is refused, or has none with unknown=ignore; a file without the targets has
/// no "y". Numbers beyond those of f32 are refused where the model has such inputs (`isF32`) and
/// nothing scales them, by line and column.
Result<std::unique_ptr<Dataset>> openCsv(const DataSource &source,
                                         std::optional<bool> targetIsClass, const TableFit *known,
                                         bool isF32);

} // namespace ntc::rt::data
