// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Statistics of columns, and their JSON form.
#include "runtime/data/TableFit.h"

#include "runtime/format/Json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ntc::rt::data {
namespace {

using format::JsonValue;
using format::JsonWriter;

constexpr std::array<std::string_view, 3> kScales = {"none", "standard", "minmax"};
constexpr std::array<std::string_view, 5> kMissing = {"refuse", "drop", "mean", "median", "zero"};

/// Field `field` of all samples as f64.
std::vector<double> valuesOf(const Dataset &part, size_t field) {
  std::vector<int64_t> rows(static_cast<size_t>(part.size()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  std::vector<double> out(rows.size() * static_cast<size_t>(part.fields()[field].elements()));
  part.copyRows(field, rows, DType::F64, reinterpret_cast<std::byte *>(out.data()));
  return out;
}

double medianOf(std::vector<double> values) {
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
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
    fit.scale = std::sqrt(squares / static_cast<double>(present.size()));
  } else if (layout.scale == TableScale::MinMax) {
    const auto [least, greatest] = std::ranges::minmax(present);
    fit.shift = least;
    fit.scale = greatest - least;
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
  const std::vector<double> values = valuesOf(part, 0);
  const auto width = static_cast<size_t>(fit.layout.width());
  size_t at = 0;
  for (const TableColumn &column : fit.layout.columns) {
    ColumnFit own;
    if (column.categories.empty() && fit.layout.needsFit()) {
      std::vector<double> its(values.size() / width);
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

std::shared_ptr<const Dataset> applyFit(const Dataset &part, const TableFit &fit) {
  const auto width = static_cast<size_t>(fit.layout.width());
  std::vector<double> values = valuesOf(part, 0);
  size_t at = 0;
  for (size_t i = 0; i < fit.columns.size(); ++i) {
    const TableColumn &column = fit.layout.columns[i];
    for (size_t k = at; column.categories.empty() && k < values.size(); k += width) {
      const ColumnFit &own = fit.columns[i];
      values[k] = ((std::isnan(values[k]) ? own.fill : values[k]) - own.shift) / own.scale;
    }
    at += static_cast<size_t>(column.width());
  }
  std::vector<ArrayDataset::Array> arrays;
  const auto *bytes = reinterpret_cast<const uint8_t *>(values.data());
  arrays.push_back({part.fields()[0], {bytes, bytes + values.size() * sizeof(double)}});
  std::vector<int64_t> rows(static_cast<size_t>(part.size()));
  std::iota(rows.begin(), rows.end(), int64_t{0});
  for (size_t field = 1; field < part.fields().size(); ++field) {
    const Field &own = part.fields()[field];
    std::vector<uint8_t> copy(rows.size() * static_cast<size_t>(own.elements()) *
                              sizeOf(own.dtype));
    part.copyRows(field, rows, own.dtype, reinterpret_cast<std::byte *>(copy.data()));
    arrays.push_back({own, std::move(copy)});
  }
  auto out = std::make_shared<ArrayDataset>(part.size(), std::move(arrays));
  out->setClassNames({part.classNames().begin(), part.classNames().end()});
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
  json.member("scaling", kScales[static_cast<size_t>(fit.layout.scale)]);
  json.member("missing", kMissing[static_cast<size_t>(fit.layout.missing)]);
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
  const auto scale = indexOf(kScales, json->find("scaling"));
  const auto missing = indexOf(kMissing, json->find("missing"));
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
