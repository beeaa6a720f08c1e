// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The sampler's text, and files of weights.
#include "runtime/data/SamplerSpec.h"

#include "runtime/data/CsvText.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/Suggest.h"
#include "runtime/data/TableChoice.h"
#include "runtime/format/Npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

constexpr int64_t kMostSamples = int64_t{1} << 40;
constexpr std::array<std::string_view, 3> kWeightedSettings = {"weights", "num_samples",
                                                               "replacement"};
constexpr std::array<std::string_view, 1> kWindowSettings = {"size"};

std::span<const std::string_view> settingsOf(std::string_view name) {
  return name == "weighted" ? std::span<const std::string_view>(kWeightedSettings)
         : name == "window" ? std::span<const std::string_view>(kWindowSettings)
                            : std::span<const std::string_view>();
}

Status wrong(std::string_view key, std::string_view expected, std::string_view found) {
  return error(Code::InvalidArgument, key, ": expected ", expected, ", found ", quoted(found));
}

std::optional<int64_t> positive(std::string_view text) {
  int64_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool isGood = problem == std::errc() && end == text.data() + text.size() && value >= 1 &&
                      value <= kMostSamples;
  return isGood ? std::optional(value) : std::nullopt;
}

Status set(std::string_view key, std::string_view value, SamplerSpec &spec) {
  if (key == "weights") {
    spec.weights = value;
    return value.empty() ? wrong(key, "a .npy or .csv file", value) : Status::ok();
  }
  if (key == "replacement") {
    spec.replacement = value != "false";
    return value == "true" || value == "false" ? Status::ok() : wrong(key, "true or false", value);
  }
  const std::optional<int64_t> count = positive(value);
  if (!count) {
    return wrong(key, "a whole number from 1 to 2^40", value);
  }
  key == "size" ? void(spec.window = *count) : void(spec.numSamples = count);
  return Status::ok();
}

Result<std::vector<double>> readArray(const std::string &path) {
  Result<format::NpyArray> array = format::readNpy(path);
  if (!array) {
    return array.status();
  }
  const Field field{"weights", array->dtype, {}};
  if (array->shape.size() != 1 || !canConvert(field, DType::F64)) {
    return error(Code::Corrupt, "'", path, "': expected weights, numbers in one dimension, found ",
                 nameOf(array->dtype), shapeText(array->shape));
  }
  std::vector<double> out(static_cast<size_t>(array->shape[0]));
  convertValues(array->dtype, reinterpret_cast<const std::byte *>(array->bytes.data()), DType::F64,
                reinterpret_cast<std::byte *>(out.data()), array->shape[0]);
  return out;
}

Result<std::vector<double>> readColumn(const std::string &path, const std::string &column) {
  Result<CsvText> table = readCsvText(path, path.ends_with(".tsv") ? '\t' : ',');
  if (!table) {
    return table.status();
  }
  if (column.empty() && table->columns.size() > 1) {
    return error(Code::InvalidArgument, "'", path, "' has ", table->columns.size(),
                 " columns; say which one holds the weights, as in '", path, ":",
                 table->columns.back(), "'");
  }
  const auto found =
      column.empty() ? table->columns.begin() : std::ranges::find(table->columns, column);
  if (found == table->columns.end()) {
    const std::vector<std::string_view> known(table->columns.begin(), table->columns.end());
    return error(Code::InvalidArgument, "'", path, "' has no column ", quoted(column),
                 didYouMean(column, known));
  }
  std::vector<double> out(static_cast<size_t>(table->rows));
  for (int64_t row = 0; row < table->rows; ++row) {
    const auto cell = table->cell(row, static_cast<size_t>(found - table->columns.begin()));
    if (!parseCell(cell, out[static_cast<size_t>(row)])) {
      return error(Code::Corrupt, "'", path, "', line ", table->lineOf(row), ", column ",
                   quoted(*found), ": expected a number, found ", shownCell(cell));
    }
  }
  return out;
}

} // namespace

std::span<const std::string_view> samplerNames() {
  static constexpr std::array<std::string_view, 5> names = {"random", "weighted", "stratified",
                                                            "bucketed", "window"};
  return names;
}

Result<SamplerSpec> parseSampler(std::string_view text) {
  SamplerSpec spec;
  if (text.empty()) {
    return spec;
  }
  const std::string_view name = text.substr(0, text.find(','));
  if (std::ranges::find(samplerNames(), name) == samplerNames().end()) {
    return error(Code::InvalidArgument, "unknown sampler ", quoted(name),
                 didYouMean(name, samplerNames()));
  }
  spec.name = name;
  for (size_t at = name.size(); at < text.size();) {
    const size_t end = std::min(text.find(',', at + 1), text.size());
    const std::string_view part = text.substr(at + 1, end - at - 1);
    const size_t equals = std::min(part.find('='), part.size());
    const std::string_view key = part.substr(0, equals);
    const auto known = settingsOf(name);
    if (std::ranges::find(known, key) == known.end()) {
      return error(Code::InvalidArgument, "sampler ", name, " has no setting ", quoted(key),
                   known.empty() ? "" : didYouMean(key, known));
    }
    Status status = set(key, part.substr(std::min(equals + 1, part.size())), spec);
    if (!status) {
      return status;
    }
    at = end;
  }
  if (spec.name == "window" && spec.window == 0) {
    return error(Code::InvalidArgument,
                 "sampler window needs the number of samples that are shuffled among themselves, "
                 "as in window,size=10000");
  }
  return spec;
}

Result<std::vector<double>> readWeights(const std::string &file) {
  std::string path = file, column;
  if (const size_t colon = file.rfind(':');
      colon != std::string::npos && ::access(file.c_str(), F_OK) != 0) {
    path = file.substr(0, colon);
    column = file.substr(colon + 1);
  }
  return path.ends_with(".npy") ? readArray(path) : readColumn(path, column);
}

} // namespace ntc::rt::data
