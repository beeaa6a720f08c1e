// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Texts by line and by table, and ragged arrays.
#include "runtime/data/SequenceFiles.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/CsvText.h"
#include "runtime/data/Suggest.h"
#include "runtime/data/WholeNumbers.h"
#include "runtime/data/text/Tokenizer.h"
#include "runtime/format/Npy.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace ntc::rt::data {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 1 << 20;

/// Texts with their labels, before they are divided into tokens.
struct Texts {
  std::vector<std::string> texts;
  std::vector<std::string> places;
  std::vector<std::string> labels; ///< names; empty: none
};

Status addLines(const std::string &path, const std::string &label, Texts &out) {
  Result<std::string> content = readTextFile(path);
  if (!content) {
    return content.status();
  }
  std::string_view rest = *content;
  for (size_t line = 1; !rest.empty(); ++line) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view one = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    one = one.ends_with('\r') ? one.substr(0, one.size() - 1) : one;
    if (one.empty()) {
      continue;
    }
    out.texts.emplace_back(one);
    out.places.push_back(concat("'", path, "', line ", line));
    if (!label.empty()) {
      out.labels.push_back(label);
    }
  }
  return Status::ok();
}

Status addFolder(const std::string &folder, Texts &out) {
  std::vector<std::string> names;
  std::error_code problem;
  for (fs::directory_iterator it(folder, problem), end; !problem && it != end;
       it.increment(problem)) {
    if (it->path().extension() == ".txt" && names.size() < kMostFiles) {
      names.push_back(it->path().stem().string());
    }
  }
  if (problem) {
    return error(Code::Io, "'", folder, "': ", problem.message());
  }
  if (names.empty()) {
    return error(Code::NotFound, "'", folder,
                 "' has no .txt files; a class is a file of that name with a sample per line");
  }
  std::ranges::sort(names);
  for (const std::string &name : names) {
    if (!isUtf8(name)) {
      return error(Code::Corrupt, "'", folder, "': the file name ", quoted(name), " is not UTF-8");
    }
    const size_t before = out.texts.size();
    if (Status status = addLines(concat(folder, "/", name, ".txt"), name, out); !status) {
      return status;
    }
    if (out.texts.size() == before) {
      return error(Code::Corrupt, "'", folder, "/", name, ".txt' has no lines");
    }
  }
  return Status::ok();
}

Result<size_t> columnOf(const DataSource &source, const CsvText &table, const std::string &name) {
  auto found = std::ranges::find(table.columns, name);
  if (found == table.columns.end()) {
    const std::vector<std::string_view> names(table.columns.begin(), table.columns.end());
    return error(Code::InvalidArgument, "data '", source.text, "': the table has no column ",
                 quoted(name), didYouMean(name, names));
  }
  return static_cast<size_t>(found - table.columns.begin());
}

Status addTable(const DataSource &source, Texts &out) {
  Result<CsvText> table = readCsvText(source.place, source.place.ends_with(".tsv") ? '\t' : ',');
  if (!table) {
    return table.status();
  }
  const std::string textName = "text", labelName = "label";
  const std::string *text = source.find("text"), *label = source.find("label");
  const auto has = [&](const std::string &name) {
    return std::ranges::find(table->columns, name) != table->columns.end();
  };
  if (!text && !has(textName)) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': say which column has the texts with the option text=COLUMN");
  }
  text = text ? text : &textName;
  label = label || !has(labelName) ? label : &labelName;
  Result<size_t> textColumn = columnOf(source, *table, *text);
  Result<size_t> labelColumn = label ? columnOf(source, *table, *label) : Result<size_t>(size_t{0});
  if (!textColumn || !labelColumn) {
    return textColumn ? labelColumn.status() : textColumn.status();
  }
  for (int64_t row = 0; row < table->rows; ++row) {
    out.texts.emplace_back(table->cell(row, *textColumn));
    out.places.push_back(concat("'", source.place, "', line ", table->lineOf(row)));
    if (!label) {
      continue;
    }
    const std::string_view name = table->cell(row, *labelColumn);
    if (name.empty() || !isUtf8(name)) {
      return error(Code::Corrupt, out.places.back(), ": the label ", quoted(shownCell(name)),
                   name.empty() ? " is missing" : " is not UTF-8");
    }
    out.labels.emplace_back(name);
  }
  return Status::ok();
}

/// Numbers of the labels, by the names in the order of their bytes or those of the training data.
Status numberLabels(const Texts &texts, std::span<const std::string> known, Sequences &out) {
  out.classNames.assign(known.begin(), known.end());
  if (known.empty()) {
    out.classNames = texts.labels;
    std::ranges::sort(out.classNames);
    const auto rest = std::ranges::unique(out.classNames);
    out.classNames.erase(rest.begin(), rest.end());
  }
  std::unordered_map<std::string_view, int64_t> numbers;
  for (size_t i = 0; i < out.classNames.size(); ++i) {
    numbers.emplace(out.classNames[i], static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < texts.labels.size(); ++i) {
    auto found = numbers.find(texts.labels[i]);
    if (found == numbers.end()) {
      return error(Code::Corrupt, texts.places[i], ": the class ", quoted(texts.labels[i]),
                   " was not in the training data");
    }
    const auto *bytes = reinterpret_cast<const uint8_t *>(&found->second);
    out.targets.insert(out.targets.end(), bytes, bytes + sizeof(int64_t));
  }
  out.y = Field{"y", DType::I64, {}, true, std::ssize(out.classNames)};
  return Status::ok();
}

bool isNumeric(DType dtype) { return dtype == DType::F32 || dtype == DType::F64 || isWhole(dtype); }

Status addTarget(const std::string &path, format::NpyArray array, Sequences &out) {
  const int64_t count = array.shape.empty() ? -1 : array.shape[0];
  out.yPerElement = count == out.offsets.back() && count != out.size();
  if (count != out.size() && !out.yPerElement) {
    return error(Code::Corrupt, "'", path, "': array 'y' should have ", out.size(), " or ",
                 out.offsets.back(), " rows, one for each sample or element, found shape ",
                 shapeText(array.shape));
  }
  if (!isNumeric(array.dtype)) {
    return error(Code::Corrupt, "'", path, "': array 'y' should hold numbers, found ",
                 nameOf(array.dtype));
  }
  Field field{"y", array.dtype, {array.shape.begin() + 1, array.shape.end()}, true, 0};
  if (auto whole = wholeNumbers(array.dtype, array.bytes);
      whole && field.shape.empty() && !whole->empty()) {
    field.classes = classesOf(array.dtype, array.bytes);
    field.dtype = DType::I64;
    array.bytes.assign(reinterpret_cast<const uint8_t *>(whole->data()),
                       reinterpret_cast<const uint8_t *>(whole->data() + whole->size()));
  }
  if (out.yPerElement && (!field.shape.empty() || field.classes == 0)) {
    return error(Code::Corrupt, "'", path,
                 "': array 'y' of one row for each element should hold labels from 0, found ",
                 nameOf(array.dtype), shapeText(array.shape));
  }
  out.y = std::move(field);
  out.targets = std::move(array.bytes);
  return Status::ok();
}

} // namespace

Result<Sequences> readTexts(const DataSource &source, std::span<const std::string> classes,
                            std::span<const std::string> characters) {
  Texts texts;
  std::error_code problem;
  const bool isTable = source.place.ends_with(".csv") || source.place.ends_with(".tsv");
  if (!isTable && (source.find("text") || source.find("label"))) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': the options text and label name columns of a .csv or .tsv table");
  }
  Status status = fs::is_directory(source.place, problem) ? addFolder(source.place, texts)
                  : isTable                               ? addTable(source, texts)
                                                          : addLines(source.place, "", texts);
  if (!status) {
    return status;
  }
  if (texts.texts.empty()) {
    return error(Code::Corrupt, "'", source.place, "' has no lines");
  }
  Result<Tokenizer> tokenizer = Tokenizer::open(source, characters, "bytes");
  if (!tokenizer) {
    return tokenizer.status();
  }
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    if (Status learned = tokenizer->learn(texts.texts[i], texts.places[i]); !learned) {
      return learned;
    }
  }
  std::vector<int32_t> tokens;
  Sequences out;
  out.offsets.push_back(0);
  for (size_t i = 0; i < texts.texts.size(); ++i) {
    if (Status encoded = tokenizer->encode(texts.texts[i], texts.places[i], tokens); !encoded) {
      return encoded;
    }
    out.offsets.push_back(std::ssize(tokens));
  }
  out.x = Field{"x", DType::I32, {}, false, 0};
  out.values.assign(reinterpret_cast<const uint8_t *>(tokens.data()),
                    reinterpret_cast<const uint8_t *>(tokens.data() + tokens.size()));
  out.characters = tokenizer->names();
  out.vocabulary = tokenizer->size();
  if (!texts.labels.empty()) {
    if (Status numbered = numberLabels(texts, classes, out); !numbered) {
      return numbered;
    }
  }
  out.places = std::move(texts.places);
  return out;
}

Result<Sequences> readRagged(const DataSource &source) {
  const std::string &path = source.place;
  Result<format::NpzArchive> archive = format::NpzArchive::open(path);
  if (!archive) {
    return archive.status();
  }
  Result<format::NpyArray> x = archive->read("x");
  Result<format::NpyArray> offsets = archive->read("offsets");
  if (!x || !offsets) {
    return withContext(x ? offsets.status() : x.status(),
                       concat("'", path, "' should hold the arrays x and offsets"));
  }
  if (x->shape.empty() || x->shape.size() > 2 || !isNumeric(x->dtype)) {
    return error(Code::Corrupt, "'", path,
                 "': array 'x' should have the shape [total] or "
                 "[total, features] of numbers, found ",
                 nameOf(x->dtype), shapeText(x->shape));
  }
  auto bounds = wholeNumbers(offsets->dtype, offsets->bytes);
  const bool isLine = offsets->shape.size() == 1 && bounds && bounds->size() >= 2;
  if (!isLine || bounds->front() != 0 || bounds->back() != x->shape[0] ||
      !std::ranges::is_sorted(*bounds)) {
    return error(Code::Corrupt, "'", path, "': array 'offsets' should rise from 0 to ", x->shape[0],
                 ", the rows of x, with one more number than there are samples");
  }
  Sequences out;
  out.offsets = std::move(*bounds);
  out.x = Field{"x", x->dtype, {x->shape.begin() + 1, x->shape.end()}, false, 0};
  out.values = std::move(x->bytes);
  for (const std::string &key : archive->keys()) {
    if (key != "y") {
      continue;
    }
    Result<format::NpyArray> y = archive->read(key);
    Status status = y ? addTarget(path, y.take(), out) : y.status();
    if (!status) {
      return status;
    }
  }
  return out;
}

} // namespace ntc::rt::data
