// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statistics of columns, and their JSON form.
#include "runtime/data/TableFit.h"

#include "runtime/format/Json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace ntc::rt::data {
namespace {

using format::JsonValue;
using format::JsonWriter;

/// The numbers from 0 to `count`, without it.
std::vector<int64_t> upTo(int64_t count) {
  std::vector<int64_t> out(static_cast<size_t>(count));
  std::iota(out.begin(), out.end(), int64_t{0});
  return out;
}

/// A table or its windows, fitted as samples are read: windows overlap, so that a copy of them
/// would be as many times as large as they are long.
class FittedDataset : public Dataset {
public:
  FittedDataset(std::shared_ptr<const Dataset> part, TableFit fit)
      : part_(std::move(part)), fit_(std::move(fit)) {
    for (size_t i = 0; i < fit_.columns.size(); ++i) {
      const TableColumn &column = fit_.layout.columns[i];
      const size_t width = static_cast<size_t>(column.width());
      columns_.insert(columns_.end(), width, fit_.columns[i]);
      isNumber_.insert(isNumber_.end(), width, column.categories.empty());
    }
  }

  int64_t size() const override { return part_->size(); }
  std::span<const Field> fields() const override { return part_->fields(); }
  std::span<const std::string> classNames() const override { return part_->classNames(); }
  std::span<const std::string> remarks() const override { return part_->remarks(); }
  std::string nameOf(int64_t row) const override { return part_->nameOf(row); }

  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &reading) const override {
    if (field != 0) {
      return part_->readRows(field, rows, dtype, destination, reading);
    }
    std::vector<double> values(rows.size() * static_cast<size_t>(part_->fields()[0].elements()));
    auto *bytes = reinterpret_cast<std::byte *>(values.data());
    if (Status status = part_->readRows(0, rows, DType::F64, bytes, reading); !status) {
      return status;
    }
    apply(values);
    convertValues(DType::F64, bytes, dtype, destination, std::ssize(values));
    return Status::ok();
  }

private:
  void apply(std::vector<double> &values) const {
    for (size_t at = 0; at < values.size(); at += columns_.size()) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        double &value = values[at + i];
        const ColumnFit &own = columns_[i];
        if (isNumber_[i]) {
          value = ((std::isnan(value) ? own.fill : value) - own.shift) / own.scale;
        }
      }
    }
  }

  std::shared_ptr<const Dataset> part_;
  TableFit fit_;
  std::vector<ColumnFit> columns_; ///< of each value of a row
  std::vector<bool> isNumber_;
};

double medianOf(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// Whether a variance is what rounding makes of equal values: scikit-learn's rule, of the error
/// bound of the variance by two passes (Chan, Golub and LeVeque, "Algorithms for computing the
/// sample variance", 1983).
bool isRounding(double variance, double mean, size_t count) {
  const double n = static_cast<double>(count), eps = std::numeric_limits<double>::epsilon();
  return variance <= n * eps * variance + (n * mean * eps) * (n * mean * eps);
}

Result<ColumnFit> fitColumn(const TableLayout &layout, const std::string &name,
                            const std::vector<double> &values) {
  std::vector<double> present;
  std::ranges::copy_if(values, std::back_inserter(present),
                       [](double value) { return !std::isnan(value); });
  if (present.empty()) {
    return error(Code::InvalidArgument, "column '", name,
                 "' has no value in the training part: leave it out with the option columns=");
  }
  ColumnFit fit;
  double mean =
      std::accumulate(present.begin(), present.end(), 0.0) / static_cast<double>(present.size());
  fit.fill = layout.missing == TableMissing::Mean     ? mean
             : layout.missing == TableMissing::Median ? medianOf(present)
                                                      : 0.0;
  // Statistics are those of the column as the network sees it, fillings included.
  const size_t missing = values.size() - present.size();
  present.insert(present.end(), missing, fit.fill);
  if (layout.scale == TableScale::Standard) {
    mean =
        std::accumulate(present.begin(), present.end(), 0.0) / static_cast<double>(present.size());
    double squares = 0.0;
    for (double value : present) {
      squares += (value - mean) * (value - mean);
    }
    fit.shift = mean;
    const double variance = squares / static_cast<double>(present.size());
    fit.scale = isRounding(variance, mean, present.size()) ? 1.0 : std::sqrt(variance);
  } else if (layout.scale == TableScale::MinMax) {
    const auto [least, greatest] = std::ranges::minmax(present);
    fit.shift = least;
    fit.scale =
        greatest - least < 10.0 * std::numeric_limits<double>::epsilon() ? 1.0 : greatest - least;
  }
  fit.scale = fit.scale > 0.0 && std::isfinite(fit.scale) ? fit.scale : 1.0;
  return fit;
}

template <size_t n>
std::optional<size_t> indexOf(const std::array<std::string_view, n> &names, const JsonValue *word) {
  auto found = word ? std::ranges::find(names, word->text()) : names.end();
  return found == names.end() ? std::nullopt
                              : std::optional(static_cast<size_t>(found - names.begin()));
}

void writeTexts(JsonWriter &json, std::string_view key, const std::vector<std::string> &texts) {
  json.key(key);
  json.beginArray();
  for (const std::string &text : texts) {
    json.string(text);
  }
  json.endArray();
}

bool readTexts(const JsonValue *list, std::vector<std::string> &out) {
  if (!list) {
    return true;
  }
  for (const JsonValue &item : list->items()) {
    out.push_back(item.text());
  }
  return list->isArray() && std::ranges::all_of(list->items(), &JsonValue::isString);
}

bool readColumn(const JsonValue &value, TableFit &fit) {
  auto number = [&](std::string_view key, double fallback) {
    const JsonValue *found = value.find(key);
    return found ? found->asDouble() : std::optional(fallback);
  };
  TableColumn column;
  const JsonValue *name = value.find("name");
  const auto shift = number("shift", 0.0), scale = number("scale", 1.0), fill = number("fill", 0.0);
  if (!name || !name->isString() || !readTexts(value.find("categories"), column.categories) ||
      !shift || !fill || !scale || !(*scale > 0.0)) {
    return false;
  }
  column.name = name->text();
  fit.layout.columns.push_back(std::move(column));
  fit.columns.push_back({*shift, *scale, *fill});
  return true;
}

} // namespace

int64_t TableLayout::width() const {
  int64_t width = 0;
  for (const TableColumn &column : columns) {
    width += column.width();
  }
  return width;
}

Result<TableFit> fitTable(const Dataset &part) {
  TableFit fit{*part.table(), {}};
  std::vector<int64_t> rows;
  const Dataset &table = *part.tableRows(upTo(part.size()), rows);
  const auto width = static_cast<size_t>(fit.layout.width());
  std::vector<double> values;
  if (fit.layout.needsFit()) {
    values.resize(rows.size() * width);
    table.copyRows(0, rows, DType::F64, reinterpret_cast<std::byte *>(values.data()));
  }
  size_t at = 0;
  for (const TableColumn &column : fit.layout.columns) {
    ColumnFit own;
    if (column.categories.empty() && fit.layout.needsFit()) {
      std::vector<double> its(rows.size());
      for (size_t row = 0; row < its.size(); ++row) {
        its[row] = values[row * width + at];
      }
      Result<ColumnFit> made = fitColumn(fit.layout, column.name, its);
      if (!made) {
        return made.status();
      }
      own = *made;
    }
    fit.columns.push_back(own);
    at += static_cast<size_t>(column.width());
  }
  return fit;
}

std::shared_ptr<const Dataset> applyFit(std::shared_ptr<const Dataset> part, const TableFit &fit) {
  auto fitted = std::make_shared<FittedDataset>(std::move(part), fit);
  if (fit.layout.window > 0) {
    return fitted;
  }
  // Rows are fitted once, and copied from then on.
  const std::vector<int64_t> rows = upTo(fitted->size());
  std::vector<ArrayDataset::Array> arrays;
  for (size_t i = 0; i < fitted->fields().size(); ++i) {
    const Field &field = fitted->fields()[i];
    std::vector<uint8_t> values(rows.size() * static_cast<size_t>(field.elements()) *
                                sizeOf(field.dtype));
    fitted->copyRows(i, rows, field.dtype, reinterpret_cast<std::byte *>(values.data()));
    arrays.push_back({field, std::move(values)});
  }
  auto out = std::make_shared<ArrayDataset>(fitted->size(), std::move(arrays));
  out->setClassNames({fitted->classNames().begin(), fitted->classNames().end()});
  return out;
}

std::string tableFitJson(const TableFit &fit) {
  JsonWriter json;
  json.beginObject();
  json.key("columns");
  json.beginArray();
  for (size_t i = 0; i < fit.columns.size(); ++i) {
    const TableColumn &column = fit.layout.columns[i];
    json.beginObject();
    json.member("name", column.name);
    if (!column.categories.empty()) {
      writeTexts(json, "categories", column.categories);
    } else {
      json.member("shift", fit.columns[i].shift);
      json.member("scale", fit.columns[i].scale);
      json.member("fill", fit.columns[i].fill);
    }
    json.endObject();
  }
  json.endArray();
  writeTexts(json, "targets", fit.layout.targets);
  writeTexts(json, "classNames", fit.layout.classNames);
  json.member("isClassification", fit.layout.isClassification);
  json.member("scaling", kScaleWords[static_cast<size_t>(fit.layout.scale)]);
  json.member("missing", kMissingWords[static_cast<size_t>(fit.layout.missing)]);
  if (fit.layout.window > 0) {
    json.member("window", fit.layout.window);
    json.member("horizon", fit.layout.horizon);
  }
  json.endObject();
  return json.text();
}

Result<TableFit> parseTableFit(std::string_view text) {
  Result<JsonValue> json = format::parseJson(text);
  if (!json) {
    return json.status();
  }
  TableFit fit;
  const JsonValue *columns = json->find("columns");
  bool isGood = columns && columns->isArray() && !columns->items().empty();
  for (size_t i = 0; isGood && i < columns->items().size(); ++i) {
    isGood = readColumn(columns->items()[i], fit);
  }
  isGood = isGood && readTexts(json->find("targets"), fit.layout.targets) &&
           readTexts(json->find("classNames"), fit.layout.classNames);
  const auto scale = indexOf(kScaleWords, json->find("scaling"));
  const auto missing = indexOf(kMissingWords, json->find("missing"));
  if (!isGood || !scale || !missing) {
    return error(Code::Corrupt, "the recipe's 'preprocessing.table' is not what ntc writes");
  }
  const JsonValue *isClassification = json->find("isClassification");
  fit.layout.isClassification = isClassification && isClassification->asBool().value_or(false);
  auto whole = [&](std::string_view key) {
    const JsonValue *found = json->find(key);
    return std::clamp<int64_t>(found ? found->asInt64().value_or(0) : 0, 0, 1 << 20);
  };
  fit.layout.window = whole("window");
  fit.layout.horizon = whole("horizon");
  fit.layout.scale = static_cast<TableScale>(*scale);
  fit.layout.missing = static_cast<TableMissing>(*missing);
  return fit;
}

} // namespace ntc::rt::data
