// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the cells of a table to inputs and targets.
#include "runtime/data/CsvDataset.h"

#include "runtime/data/Suggest.h"
#include "runtime/data/TableChoice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace ntc::rt::data {
namespace {

constexpr double kMissingValue = std::numeric_limits<double>::quiet_NaN();

/// A table whose columns are known.
class TableDataset : public ArrayDataset {
public:
  TableDataset(int64_t samples, std::vector<Array> arrays, TableLayout layout)
      : ArrayDataset(samples, std::move(arrays)), layout_(std::move(layout)) {
    setClassNames(layout_.classNames);
    // A row as the head of a table would be lost without a word.
    std::string_view number;
    for (const TableColumn &column : layout_.columns) {
      double value = 0.0;
      number = parseCell(column.name, value) ? std::string_view(column.name) : number;
    }
    if (!number.empty()) {
      remarks_.push_back(concat("the column ", quoted(number),
                                " is named by a number; if the first ",
                                "line is a row, add the option header=no"));
    }
  }
  std::span<const std::string> remarks() const override { return remarks_; }
  const TableLayout *table() const override { return &layout_; }
  const Dataset *tableRows(std::span<const int64_t> samples,
                           std::vector<int64_t> &rows) const override {
    rows.assign(samples.begin(), samples.end());
    std::ranges::sort(rows);
    rows.erase(std::ranges::unique(rows).begin(), rows.end());
    return this;
  }

private:
  TableLayout layout_;
  std::vector<std::string> remarks_;
};

/// Windows of consecutive rows: sample i sees rows [i, i + window) and wants the targets of the
/// `horizon` rows after them.
class WindowDataset : public Dataset {
public:
  WindowDataset(std::shared_ptr<const Dataset> rows, TableLayout layout)
      : rows_(std::move(rows)), layout_(std::move(layout)) {
    for (const Field &field : rows_->fields()) {
      Field own = field;
      own.shape.insert(own.shape.begin(), field.isTarget ? layout_.horizon : layout_.window);
      if (field.isTarget && own.shape[1] == 1) {
        own.shape.pop_back();
      }
      fields_.push_back(std::move(own));
    }
  }

  int64_t size() const override {
    const bool hasTargets = fields_.size() > 1;
    return rows_->size() - layout_.window - (hasTargets ? layout_.horizon : 0) + 1;
  }
  std::span<const Field> fields() const override { return fields_; }
  const TableLayout *table() const override { return &layout_; }
  std::span<const std::string> remarks() const override { return rows_->remarks(); }
  const Dataset *tableRows(std::span<const int64_t> samples,
                           std::vector<int64_t> &rows) const override {
    std::vector<bool> isBegin(static_cast<size_t>(rows_->size()));
    for (int64_t sample : samples) {
      isBegin[static_cast<size_t>(sample)] = true;
    }
    const int64_t length = rows_->size() - size() + 1;
    rows.clear();
    for (int64_t row = 0, end = 0; row < rows_->size(); ++row) {
      end = isBegin[static_cast<size_t>(row)] ? row + length : end;
      if (row < end) {
        rows.push_back(row);
      }
    }
    return rows_.get();
  }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    const bool isTarget = fields_[field].isTarget;
    std::vector<int64_t> steps(static_cast<size_t>(isTarget ? layout_.horizon : layout_.window));
    const size_t bytes = static_cast<size_t>(fields_[field].elements()) * sizeOf(dtype);
    for (int64_t row : rows) {
      std::iota(steps.begin(), steps.end(), row + (isTarget ? layout_.window : 0));
      rows_->copyRows(field, steps, dtype, destination);
      destination += bytes;
    }
  }

private:
  std::shared_ptr<const Dataset> rows_;
  TableLayout layout_;
  std::vector<Field> fields_;
};

Result<char> separatorOf(const DataSource &source) {
  constexpr std::string_view characters = ",;\t";
  constexpr std::array<std::string_view, 3> words = {"comma", "semicolon", "tab"};
  const std::string *value = source.find("separator");
  if (value && value->size() == 1 && characters.find(*value) != std::string_view::npos) {
    return value->front();
  }
  Result<size_t> index =
      wordOption(source, "separator", words, source.place.ends_with(".tsv") ? 2 : 0);
  return index ? Result<char>(characters[*index]) : index.status();
}

/// What to say about a table that is broken, or one column wide, where another separator divides it
/// well; empty where none does.
std::string separatorHint(const DataSource &source, char used, CsvHeader header) {
  for (auto [word, character] : {std::pair("semicolon", ';'), {"tab", '\t'}, {"comma", ','}}) {
    Result<CsvText> table = character == used ? Result<CsvText>(error(Code::InvalidArgument, ""))
                                              : readCsvText(source.place, character, header);
    if (table && table->columns.size() > 1) {
      return concat("; with the option separator=", word, " it has ", table->columns.size(),
                    " columns");
    }
  }
  return "";
}

class ValueReader {
public:
  ValueReader(const DataSource &source, TableChoice choice, bool isF32)
      : source_(source), choice_(std::move(choice)), isF32_(isF32) {}

  Result<std::unique_ptr<Dataset>> read() {
    std::vector<ArrayDataset::Array> arrays;
    Status status = readInputs(arrays);
    if (status && !choice_.targets.empty()) {
      status = choice_.layout.isClassification ? readClasses(arrays) : readNumbers(arrays);
    }
    if (!status) {
      return status;
    }
    TableLayout layout = choice_.layout;
    auto table = std::make_unique<TableDataset>(std::ssize(choice_.rows), std::move(arrays),
                                                std::move(choice_.layout));
    if (layout.window == 0) {
      return std::unique_ptr<Dataset>(std::move(table));
    }
    return std::unique_ptr<Dataset>(
        std::make_unique<WindowDataset>(std::move(table), std::move(layout)));
  }

private:
  std::string place(int64_t row, size_t column) const {
    return concat("'", source_.place, "', line ", choice_.table.lineOf(row), ", column '",
                  shownCell(choice_.table.columns[column]), "'");
  }

  bool isTarget(size_t column) const {
    return std::ranges::find(choice_.targets, column) != choice_.targets.end();
  }

  Status missingAt(int64_t row, size_t column) const {
    const std::string_view cell = choice_.table.cell(row, column);
    return error(Code::Corrupt, place(row, column), ": expected a finite number, found ",
                 cell.empty() ? "nothing" : concat("'", shownCell(cell), "'"),
                 "; fill missing values with the option missing=mean, or leave such rows out with ",
                 "missing=drop");
  }

  Status readNumber(int64_t row, size_t column, double &value) const {
    const std::string_view cell = choice_.table.cell(row, column);
    if (parseCell(cell, value)) {
      // Scaled inputs are numbers of 64 bits until they are scaled.
      const bool mayBeGreat =
          !isF32_ || (choice_.layout.scale != TableScale::None && !isTarget(column));
      constexpr double most = std::numeric_limits<float>::max();
      return mayBeGreat || std::abs(value) <= most
                 ? Status::ok()
                 : error(Code::Corrupt, place(row, column), ": expected a number of 32 bits, at ",
                         "most 3.4e38, found '", shownCell(cell), "'");
    }
    if (!isMissingCell(cell)) {
      return error(Code::Corrupt, place(row, column), ": expected a finite number, found '",
                   shownCell(cell), "'; ",
                   isTarget(column) ? "texts as classes need a column without numbers"
                                    : "take a column of texts and numbers for categories with the "
                                      "option categorical, or leave it out with columns");
    }
    value = kMissingValue;
    const bool isFilled = choice_.layout.missing >= TableMissing::Mean && !isTarget(column);
    return isFilled ? Status::ok() : missingAt(row, column);
  }

  Status readCategory(int64_t row, size_t column, const std::vector<std::string> &categories,
                      double *out) const {
    const std::string_view cell = choice_.table.cell(row, column);
    std::fill_n(out, categories.size(), 0.0);
    auto found = std::ranges::lower_bound(categories, cell);
    if (found != categories.end() && *found == cell) {
      out[found - categories.begin()] = 1.0;
      return Status::ok();
    }
    if (isMissingCell(cell)) {
      return choice_.layout.missing >= TableMissing::Mean
                 ? Status::ok()
                 : error(Code::Corrupt, place(row, column),
                         ": expected a category, found nothing; take missing ones for none with ",
                         "the option missing=zero, or leave such rows out with missing=drop");
    }
    std::vector<std::string_view> names(categories.begin(), categories.end());
    return choice_.ignoresUnknown
               ? Status::ok()
               : error(Code::Corrupt, place(row, column), ": category '", shownCell(cell),
                       "' was not in the training data", didYouMean(cell, names),
                       "; take such ones for none with the option unknown=ignore");
  }

  Status readInputs(std::vector<ArrayDataset::Array> &arrays) const {
    const int64_t width = choice_.layout.width();
    if (std::ssize(choice_.rows) > (int64_t{1} << 40) / std::max<int64_t>(width, 1)) {
      return error(Code::OutOfMemory, "'", source_.place, "' has ", choice_.rows.size(),
                   " rows of ", width, " input values, too many for memory");
    }
    std::vector<uint8_t> bytes(choice_.rows.size() * static_cast<size_t>(width) * sizeof(double));
    auto *out = reinterpret_cast<double *>(bytes.data());
    for (int64_t row : choice_.rows) {
      for (size_t i = 0; i < choice_.inputs.size(); ++i) {
        const TableColumn &column = choice_.layout.columns[i];
        Status status = column.categories.empty()
                            ? readNumber(row, choice_.inputs[i], *out)
                            : readCategory(row, choice_.inputs[i], column.categories, out);
        if (!status) {
          return status;
        }
        out += column.width();
      }
    }
    arrays.push_back({Field{"x", DType::F64, {width}, false, 0}, std::move(bytes)});
    return Status::ok();
  }

  Status readNumbers(std::vector<ArrayDataset::Array> &arrays) const {
    std::vector<uint8_t> bytes(choice_.rows.size() * choice_.targets.size() * sizeof(double));
    auto *out = reinterpret_cast<double *>(bytes.data());
    for (int64_t row : choice_.rows) {
      for (size_t column : choice_.targets) {
        if (Status status = readNumber(row, column, *out++); !status) {
          return status;
        }
      }
    }
    arrays.push_back(
        {Field{"y", DType::F64, {std::ssize(choice_.targets)}, true, 0}, std::move(bytes)});
    return Status::ok();
  }

  Status readClass(int64_t row, int64_t &label) const {
    const size_t column = choice_.targets[0];
    const std::string_view cell = choice_.table.cell(row, column);
    if (!choice_.layout.classNames.empty()) {
      auto found = std::ranges::lower_bound(choice_.layout.classNames, cell);
      label = found - choice_.layout.classNames.begin();
      std::vector<std::string_view> names(choice_.layout.classNames.begin(),
                                          choice_.layout.classNames.end());
      return found != choice_.layout.classNames.end() && *found == cell
                 ? Status::ok()
                 : error(Code::Corrupt, place(row, column), ": expected a class, found '",
                         shownCell(cell), "'", didYouMean(cell, names));
    }
    double value = 0.0;
    if (!parseCell(cell, value) || !isClassIndex(value)) {
      return error(Code::Corrupt, place(row, column), ": expected a class from 0 to ", 65535,
                   ", found ", cell.empty() ? "nothing" : shownCell(cell));
    }
    label = static_cast<int64_t>(value);
    return Status::ok();
  }

  Status readClasses(std::vector<ArrayDataset::Array> &arrays) const {
    std::vector<uint8_t> bytes(choice_.rows.size() * sizeof(int64_t));
    auto *out = reinterpret_cast<int64_t *>(bytes.data());
    int64_t classes = std::ssize(choice_.layout.classNames);
    for (int64_t row : choice_.rows) {
      if (Status status = readClass(row, *out); !status) {
        return status;
      }
      classes = std::max(classes, *out++ + 1);
    }
    arrays.push_back({Field{"y", DType::I64, {}, true, classes}, std::move(bytes)});
    return Status::ok();
  }

  const DataSource &source_;
  TableChoice choice_;
  bool isF32_;
};

} // namespace

Result<std::unique_ptr<Dataset>> openCsv(const DataSource &source,
                                         std::optional<bool> targetIsClass, const TableFit *known,
                                         bool isF32) {
  constexpr std::array<std::string_view, 2> headers = {"yes", "no"};
  Result<char> separator = separatorOf(source);
  Result<size_t> header = wordOption(source, "header", headers, 0);
  if (!separator || !header) {
    return separator ? header.status() : separator.status();
  }
  const CsvHeader kind = *header == 0 ? CsvHeader::FirstLine : CsvHeader::None;
  Result<CsvText> table = readCsvText(source.place, *separator, kind);
  const bool mayBeOther =
      table ? table->columns.size() == 1 : table.status().code() == Code::Corrupt;
  const std::string hint = mayBeOther ? separatorHint(source, *separator, kind) : "";
  if (!table) {
    return error(table.status().code(), table.status().message(), hint);
  }
  if (!hint.empty()) {
    return error(Code::Corrupt, "'", source.place, "' has one column, '",
                 shownCell(table->columns[0]), "'", hint);
  }
  Result<TableChoice> choice = chooseTable(source, table.take(), known, targetIsClass);
  return choice ? ValueReader(source, choice.take(), isF32).read()
                : Result<std::unique_ptr<Dataset>>(choice.status());
}

} // namespace ntc::rt::data
