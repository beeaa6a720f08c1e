// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grammar of DATA and the table of schemes with what each takes.
#include "runtime/data/DataSource.h"

#include "runtime/base/Utf8.h"
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace ntc::rt::data {
namespace {

enum class Place : uint8_t { None, Optional, Required };

struct Scheme {
  std::string_view name;
  Place place;
  std::string_view example;
  std::span<const std::string_view> options;
};

constexpr std::array<std::string_view, 4> kImageOptions = {"split", "normalize", "samples",
                                                           "class_names"};
constexpr std::array<std::string_view, 5> kCifar100Options = {"split", "normalize", "samples",
                                                              "labels", "class_names"};
constexpr std::array<std::string_view, 5> kIdxOptions = {"split", "normalize", "samples", "classes",
                                                         "class_names"};
constexpr std::array<std::string_view, 12> kCsvOptions = {
    "target",  "task",  "columns", "separator", "samples", "categorical",
    "missing", "scale", "unknown", "header",    "window",  "horizon"};
constexpr std::array<std::string_view, 3> kFolderOptions = {"mode", "skip", "samples"};
constexpr std::array<std::string_view, 6> kListOptions = {"mode",  "skip",  "samples",
                                                          "image", "label", "folder"};
constexpr std::array<std::string_view, 6> kTextOptions = {"context", "by",     "stride",
                                                          "vocab",   "merges", "samples"};
constexpr std::array<std::string_view, 5> kTokensOptions = {"context", "dtype", "stride",
                                                            "vocabulary", "samples"};
constexpr std::array<std::string_view, 10> kSequencesOptions = {
    "length", "pad", "truncate", "buckets", "by", "vocab", "text", "label", "merges", "samples"};
constexpr std::array<std::string_view, 5> kGraphsOptions = {"split", "directed", "loops", "nodes",
                                                            "samples"};
constexpr std::array<std::string_view, 2> kLibraryOptions = {"argument", "samples"};
constexpr std::array<std::string_view, 2> kNpzOptions = {"samples", "class_names"};
constexpr std::array<std::string_view, 4> kNpyOptions = {"inputs", "target", "samples",
                                                         "class_names"};
constexpr std::array<std::string_view, 2> kSyntheticOptions = {"samples", "seed"};

const std::array<Scheme, 17> kSchemes = {{
    {"fashion-mnist", Place::Optional, "fashion-mnist", kImageOptions},
    {"mnist", Place::Required, "mnist:DIR", kImageOptions},
    {"cifar10", Place::Required, "cifar10:DIR", kImageOptions},
    {"cifar100", Place::Required, "cifar100:DIR", kCifar100Options},
    {"idx", Place::Required, "idx:DIR", kIdxOptions},
    {"imagefolder", Place::Required, "imagefolder:DIR", kFolderOptions},
    {"imagelist", Place::Required, "imagelist:FILE", kListOptions},
    {"csv", Place::Required, "csv:FILE?target=COLUMN", kCsvOptions},
    {"npz", Place::Required, "npz:FILE", kNpzOptions},
    {"npy", Place::Required, "npy:FILE?target=FILE", kNpyOptions},
    {"safetensors", Place::Required, "safetensors:FILE", kNpzOptions},
    {"text", Place::Required, "text:FILE?context=64", kTextOptions},
    {"tokens", Place::Required, "tokens:FILE?context=64", kTokensOptions},
    {"sequences", Place::Required, "sequences:FOLDER", kSequencesOptions},
    {"graphs", Place::Required, "graphs:FILE.npz", kGraphsOptions},
    {"library", Place::Required, "library:FILE.so", kLibraryOptions},
    {"synthetic", Place::None, "synthetic?samples=N", kSyntheticOptions},
}};

const Scheme *findScheme(std::string_view name) {
  auto it = std::ranges::find(kSchemes, name, &Scheme::name);
  return it == kSchemes.end() ? nullptr : &*it;
}

/// The scheme that a bare file name asks for, by its ending.
std::string hintForFile(std::string_view text) {
  if (text.ends_with(".csv") || text.ends_with(".tsv")) {
    return concat("; for a table write 'csv:", text, "?target=COLUMN'");
  }
  if (text.ends_with(".npz")) {
    return concat("; for this archive write 'npz:", text, "'");
  }
  if (text.ends_with(".npy")) {
    return concat("; for this array write 'npy:", text, "?target=LABELS.npy'");
  }
  if (text.ends_with(".safetensors")) {
    return concat("; for this file write 'safetensors:", text, "'");
  }
  if (text.ends_with(".txt")) {
    return concat("; for this text write 'text:", text, "?context=64'");
  }
  std::error_code ignored;
  if (text.find('/') != std::string_view::npos || std::filesystem::is_directory(text, ignored)) {
    return concat("; for a folder of IDX files write 'idx:", text,
                  "', for one of pictures 'imagefolder:", text, "'");
  }
  return {};
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/// Replaces every %XX; nothing if one is broken or stands for a zero byte.
std::optional<std::string> percentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hexDigit(text[i + 1]) < 0 || hexDigit(text[i + 2]) < 0) {
      return std::nullopt;
    }
    char byte = static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
    if (byte == 0) {
      return std::nullopt;
    }
    out += byte;
    i += 2;
  }
  return out;
}

Status brokenPercent(std::string_view text) {
  return error(Code::InvalidArgument, "data '", text,
               "': '%' must be followed by the two hexadecimal digits of ",
               "a byte other than 00 (write '%25' for '%' itself)");
}

Status parseOptions(std::string_view list, const Scheme &scheme, DataSource &source) {
  while (!list.empty()) {
    size_t end = std::min(list.find('&'), list.size());
    std::string_view option = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    size_t equals = option.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return error(Code::InvalidArgument, "data '", source.text, "': option '", option,
                   "' must have the form key=value");
    }
    std::string_view key = option.substr(0, equals);
    if (std::ranges::find(scheme.options, key) == scheme.options.end()) {
      return error(Code::InvalidArgument, "data '", source.text, "': scheme '", scheme.name,
                   "' has no option '", key, "'", didYouMean(key, scheme.options));
    }
    if (source.find(key)) {
      return error(Code::InvalidArgument, "data '", source.text, "': option '", key,
                   "' is given twice");
    }
    std::optional<std::string> value = percentDecode(option.substr(equals + 1));
    if (!value) {
      return brokenPercent(source.text);
    }
    source.options.emplace_back(key, std::move(*value));
  }
  return Status::ok();
}

Status unknownScheme(std::string_view text, std::string_view name, bool hasColon) {
  if (text == kTensorsOfProgram || text == kObjectOfProgram) {
    return error(Code::InvalidArgument, "the run's data are ", text,
                 " that made it: no command can open them; go on with the run by that program, or "
                 "name other data with --data");
  }
  std::string hint = hasColon ? std::string() : hintForFile(text);
  if (!hint.empty()) {
    return error(Code::InvalidArgument, "data '", text, "' has no scheme", hint);
  }
  return error(Code::InvalidArgument, "data '", text, "': unknown scheme '", name, "'",
               didYouMean(name, schemes()));
}

} // namespace

std::span<const std::string_view> schemes() {
  static const std::array<std::string_view, kSchemes.size()> names = [] {
    std::array<std::string_view, kSchemes.size()> out;
    std::ranges::transform(kSchemes, out.begin(), &Scheme::name);
    return out;
  }();
  return names;
}

Result<DataSource> DataSource::parse(std::string_view text) {
  if (text.empty()) {
    return error(Code::InvalidArgument,
                 "data '': expected SCHEME:PLACE?OPTIONS, for example 'fashion-mnist' or "
                 "'csv:table.csv?target=price', found nothing");
  }
  if (text.find('\0') != std::string_view::npos) {
    return error(Code::InvalidArgument, "data: the text holds a zero byte");
  }
  if (!isUtf8(text)) {
    return error(Code::InvalidArgument, "data ", quoted(text),
                 ": the text is not UTF-8, so that no run could record it; write such bytes of a ",
                 "name as %XX");
  }
  size_t question = std::min(text.find('?'), text.size());
  std::string_view head = text.substr(0, question);
  size_t colon = std::min(head.find(':'), head.size());
  std::string_view name = head.substr(0, colon);
  const Scheme *scheme = findScheme(name);
  if (!scheme) {
    return unknownScheme(text, name, colon < head.size());
  }
  DataSource source;
  source.text = text;
  source.scheme = name;
  std::optional<std::string> place = percentDecode(head.substr(std::min(colon + 1, head.size())));
  if (!place) {
    return brokenPercent(text);
  }
  source.place = std::move(*place);
  if (scheme->place == Place::Required && source.place.empty()) {
    return error(Code::InvalidArgument, "data '", text, "': scheme '", name,
                 "' needs a place, as in '", scheme->example, "'");
  }
  if (scheme->place == Place::None && !source.place.empty()) {
    return error(Code::InvalidArgument, "data '", text, "': scheme '", name,
                 "' takes no place, found '", source.place, "'; write '", scheme->example, "'");
  }
  if (question < text.size()) {
    if (Status status = parseOptions(text.substr(question + 1), *scheme, source); !status) {
      return status;
    }
  }
  return source;
}

const std::string *DataSource::find(std::string_view key) const {
  for (const auto &[name, value] : options) {
    if (name == key) {
      return &value;
    }
  }
  return nullptr;
}

Result<int64_t> DataSource::integer(std::string_view key, int64_t fallback, int64_t least,
                                    int64_t most) const {
  const std::string *value = find(key);
  if (!value) {
    return fallback;
  }
  int64_t number = 0;
  auto [end, problem] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (problem != std::errc() || end != value->data() + value->size() || number < least ||
      number > most) {
    return error(Code::InvalidArgument, "data '", text, "': option '", key,
                 "' must be a whole number from ", least, " to ", most, ", found '", *value, "'");
  }
  return number;
}

Result<std::vector<double>> DataSource::numbers(std::string_view key, size_t count) const {
  std::vector<double> out;
  const std::string *value = find(key);
  if (!value) {
    return out;
  }
  const char *at = value->data(), *end = at + value->size();
  while (at < end && out.size() <= count) {
    double number = 0.0;
    auto [next, problem] = std::from_chars(at, end, number);
    if (problem != std::errc() || !std::isfinite(number) || (next < end && *next != ',') ||
        (next < end && next + 1 == end)) {
      break;
    }
    out.push_back(number);
    at = next < end ? next + 1 : end;
  }
  if (at != end || out.size() != count) {
    return error(Code::InvalidArgument, "data '", text, "': option '", key, "' must be ", count,
                 " numbers divided by commas, found '", *value, "'");
  }
  return out;
}

Result<Split> DataSource::split(Split fallback) const {
  const std::string *value = find("split");
  if (!value) {
    return fallback;
  }
  if (*value == "train") {
    return Split::Train;
  }
  if (*value == "test") {
    return Split::Test;
  }
  const bool hasThree = scheme == "graphs";
  if (hasThree && *value == "val") {
    return Split::Validation;
  }
  return error(Code::InvalidArgument, "data '", text, "': option 'split' must be ",
               hasThree ? "train, val or test" : "train or test", ", found '", *value, "'");
}

} // namespace ntc::rt::data
