// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a table of numbers to inputs and targets.
#include "runtime/data/CsvTable.h"
#include "runtime/data/GzipFile.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <cmath>

namespace ntc::rt::data {
namespace {

constexpr double kMostClasses = 65536.0;

Result<std::string> readText(const std::string &path) {
  auto maybeFile = GzipFile::open(path);
  if (!maybeFile) {
    return maybeFile.status();
  }
  GzipFile file = maybeFile.take();
  std::string text;
  std::vector<uint8_t> chunk(1 << 20);
  while (true) {
    auto maybeGot = file.read(chunk);
    if (!maybeGot) {
      return maybeGot.status();
    }
    size_t got = maybeGot.take();
    text.append(reinterpret_cast<const char *>(chunk.data()), got);
    if (got < chunk.size()) {
      return text;
    }
  }
}

Result<char> separatorOf(const DataSource &source) {
  const std::string *value = source.find("separator");
  if (!value) {
    return source.place.ends_with(".tsv") ? '\t' : ',';
  }
  if (*value == "," || *value == "comma") {
    return ',';
  }
  if (*value == ";" || *value == "semicolon") {
    return ';';
  }
  if (*value == "\t" || *value == "tab") {
    return '\t';
  }
  return error(Code::InvalidArgument, "data '", source.text,
               "': option 'separator' must be comma, semicolon ", "or tab, found '", *value, "'");
}

/// Indices of the columns that `list` names, divided by commas.
Result<std::vector<size_t>> columnsNamed(const DataSource &source, const CsvTable &table,
                                         std::string_view list) {
  std::vector<std::string_view> known(table.columns.begin(), table.columns.end());
  std::vector<size_t> out;
  while (true) {
    size_t end = std::min(list.find(','), list.size());
    std::string_view name = list.substr(0, end);
    auto it = std::ranges::find(known, name);
    if (it == known.end()) {
      return error(Code::InvalidArgument, "data '", source.text, "': '", source.place,
                   "' has no column '", name, "'", didYouMean(name, known));
    }
    size_t index = static_cast<size_t>(it - known.begin());
    if (std::ranges::find(out, index) != out.end()) {
      return error(Code::InvalidArgument, "data '", source.text, "': column '", name,
                   "' is named twice");
    }
    out.push_back(index);
    if (end == list.size()) {
      return out;
    }
    list.remove_prefix(end + 1);
  }
}

struct Columns {
  std::vector<size_t> inputs;
  std::vector<size_t> targets;
};

Result<Columns> chooseColumns(const DataSource &source, const CsvTable &table) {
  const std::string *target = source.find("target");
  if (!target) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': say which column is the target, as in '", "csv:", source.place,
                 "?target=", table.columns.back(), "'");
  }
  Columns columns;
  auto maybeTargets = columnsNamed(source, table, *target);
  if (!maybeTargets) {
    return maybeTargets.status();
  }
  columns.targets = maybeTargets.take();
  if (const std::string *inputs = source.find("columns")) {
    auto maybeInputs = columnsNamed(source, table, *inputs);
    if (!maybeInputs) {
      return maybeInputs.status();
    }
    columns.inputs = maybeInputs.take();
    for (size_t index : columns.inputs) {
      if (std::ranges::find(columns.targets, index) != columns.targets.end()) {
        return error(Code::InvalidArgument, "data '", source.text, "': column '",
                     table.columns[index], "' is both an input and the target");
      }
    }
    return columns;
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (std::ranges::find(columns.targets, i) == columns.targets.end()) {
      columns.inputs.push_back(i);
    }
  }
  if (columns.inputs.empty()) {
    return error(Code::Corrupt, "'", source.place, "' has no column besides the target '", *target,
                 "': expected at least one input");
  }
  return columns;
}

double at(const CsvTable &table, int64_t row, size_t column) {
  return table.values[static_cast<size_t>(row) * table.columns.size() + column];
}

bool isClassIndex(double value) {
  return value >= 0.0 && value < kMostClasses && value == std::floor(value);
}

/// Whether the column looks like class indices: whole numbers that use every class from 0 to the
/// greatest, below 256.
bool looksLikeClasses(const CsvTable &table, size_t column) {
  std::vector<bool> seen(256);
  size_t greatest = 0, distinct = 0;
  for (int64_t row = 0; row < table.rows; ++row) {
    double value = at(table, row, column);
    if (!isClassIndex(value) || value > 255.0) {
      return false;
    }
    size_t index = static_cast<size_t>(value);
    distinct += seen[index] ? 0 : 1;
    seen[index] = true;
    greatest = std::max(greatest, index);
  }
  return distinct >= 2 && distinct == greatest + 1;
}

Result<bool> isClassification(const DataSource &source, const CsvTable &table,
                              const std::vector<size_t> &targets, std::optional<bool> hint) {
  if (const std::string *task = source.find("task")) {
    if (*task != "classification" && *task != "regression") {
      return error(Code::InvalidArgument, "data '", source.text,
                   "': option 'task' must be classification or ", "regression, found '", *task,
                   "'");
    }
    hint = *task == "classification";
  }
  bool classes = hint ? *hint : targets.size() == 1 && looksLikeClasses(table, targets[0]);
  if (classes && targets.size() != 1) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': classification needs one target column, ", "found ", targets.size());
  }
  return classes;
}

ArrayDataset::Array columnsAsF64(const CsvTable &table, const std::vector<size_t> &columns,
                                 std::string_view name, bool isTarget) {
  const int64_t width = static_cast<int64_t>(columns.size());
  std::vector<uint8_t> bytes(static_cast<size_t>(table.rows * width) * sizeof(double));
  double *out = reinterpret_cast<double *>(bytes.data());
  for (int64_t row = 0; row < table.rows; ++row) {
    for (size_t column : columns) {
      *out++ = at(table, row, column);
    }
  }
  return {Field{std::string(name), DType::F64, {width}, isTarget, 0}, std::move(bytes)};
}

Result<ArrayDataset::Array> columnAsClass(const DataSource &source, const CsvTable &table,
                                          size_t column) {
  std::vector<uint8_t> bytes(static_cast<size_t>(table.rows) * sizeof(int64_t));
  int64_t *out = reinterpret_cast<int64_t *>(bytes.data());
  int64_t classes = 0;
  for (int64_t row = 0; row < table.rows; ++row) {
    double value = at(table, row, column);
    if (!isClassIndex(value)) {
      return error(Code::Corrupt, "'", source.place, "', line ", row + 2, ", column '",
                   table.columns[column], "': expected a class from 0 to ",
                   static_cast<int64_t>(kMostClasses) - 1, ", found ", value);
    }
    out[row] = static_cast<int64_t>(value);
    classes = std::max(classes, out[row] + 1);
  }
  return ArrayDataset::Array{Field{"y", DType::I64, {}, true, classes}, std::move(bytes)};
}

} // namespace

Result<std::unique_ptr<Dataset>> openCsv(const DataSource &source,
                                         std::optional<bool> targetIsClass) {
  auto maybeSeparator = separatorOf(source);
  if (!maybeSeparator) {
    return maybeSeparator.status();
  }
  char separator = maybeSeparator.take();
  auto maybeText = readText(source.place);
  if (!maybeText) {
    return maybeText.status();
  }
  std::string text = maybeText.take();
  auto maybeTable = parseCsv(text, separator, source.place);
  if (!maybeTable) {
    return maybeTable.status();
  }
  CsvTable table = maybeTable.take();
  auto maybeColumns = chooseColumns(source, table);
  if (!maybeColumns) {
    return maybeColumns.status();
  }
  Columns columns = maybeColumns.take();
  auto maybeClasses = isClassification(source, table, columns.targets, targetIsClass);
  if (!maybeClasses) {
    return maybeClasses.status();
  }
  bool classes = maybeClasses.take();
  std::vector<ArrayDataset::Array> arrays;
  arrays.push_back(columnsAsF64(table, columns.inputs, "x", false));
  if (classes) {
    auto maybeLabels = columnAsClass(source, table, columns.targets[0]);
    if (!maybeLabels) {
      return maybeLabels.status();
    }
    auto labels = maybeLabels.take();
    arrays.push_back(std::move(labels));
  } else {
    arrays.push_back(columnsAsF64(table, columns.targets, "y", true));
  }
  return std::unique_ptr<Dataset>(std::make_unique<ArrayDataset>(table.rows, std::move(arrays)));
}

} // namespace ntc::rt::data
