// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and writing tuning files. Whatever is unknown is refused: an entry that a misspelling
// made ineffective would look like one that does not pay.
#include "tools/ntc/TuningFile.h"

#include "compiler/pipelines/Optimizations.h"
#include "runtime/base/File.h"
#include "runtime/format/Json.h"

#include <algorithm>
#include <set>

namespace ntc::driver {
namespace {

using rt::Code;
using rt::concat;
using rt::quoted;
using rt::Result;
using rt::Status;
using rt::format::JsonValue;
using rt::format::JsonWriter;
using schedule::KernelTuning;

constexpr std::string_view kFormat = "ntc-tuning";
constexpr int64_t kVersion = 1;
constexpr uint64_t kMostBytes = uint64_t{1} << 24;
constexpr size_t kKeyDigits = 16;

/// Passes and choices alike have a name; a kernel may leave out choices only, a program passes.
enum class NameOf : uint8_t { Pass, Choice };

Status wrong(std::string_view where, std::string_view expected) {
  return rt::error(Code::Corrupt, where, ": expected ", expected);
}

Status checkMembers(const JsonValue &object, const std::string &where,
                    std::initializer_list<std::string_view> known) {
  for (const std::string &key : object.keys()) {
    if (std::ranges::find(known, key) == known.end()) {
      return rt::error(Code::Corrupt, where, ": unknown field ", quoted(key));
    }
  }
  return {};
}

Status readNames(const JsonValue *list, const std::string &where, NameOf kind,
                 std::vector<std::string> &out) {
  if (!list) {
    return {};
  }
  if (!list->isArray()) {
    return wrong(where, "a list of names");
  }
  for (const JsonValue &item : list->items()) {
    auto info = std::ranges::find_if(pipelines::kOptimizations, [&](const auto &known) {
      return item.isString() && known.name == llvm::StringRef(item.text()) &&
             known.choice.has_value() == (kind == NameOf::Choice);
    });
    if (info == pipelines::kOptimizations.end()) {
      return rt::error(Code::Corrupt, where, ": ",
                       item.isString() ? quoted(item.text()) : std::string("what is no text"),
                       kind == NameOf::Pass ? " is no pass that may be left out"
                                            : " is no choice inside of a kernel");
    }
    if (std::ranges::find(out, item.text()) != out.end()) {
      return rt::error(Code::Corrupt, where, ": ", quoted(item.text()), " stands there twice");
    }
    out.push_back(item.text());
  }
  return {};
}

Status readTile(const JsonValue *tile, const std::string &where, KernelTuning &out) {
  if (!tile) {
    return {};
  }
  auto take = [&](size_t i, int64_t &size) {
    auto number = tile->items()[i].asInt64();
    size = number.value_or(0);
    return size >= 1 && size <= schedule::kMostTuned;
  };
  if (!tile->isArray() || tile->items().size() != 2 || !take(0, out.rows) ||
      !take(1, out.columns)) {
    return wrong(where, concat("rows and columns, from 1 to ", schedule::kMostTuned));
  }
  return {};
}

Status readText(const JsonValue &object, std::string_view name, const std::string &where,
                std::string &out) {
  const JsonValue *value = object.find(name);
  if (!value || !value->isString()) {
    return wrong(where, concat("a text ", quoted(std::string(name))));
  }
  out = value->text();
  return {};
}

bool isKey(std::string_view text) {
  return text.size() == kKeyDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Status readKernel(const JsonValue &entry, const std::string &where, std::set<std::string> &seen,
                  Tuning &tuning) {
  if (!entry.isObject()) {
    return wrong(where, "an object");
  }
  KernelTuning kernel;
  if (Status status = checkMembers(entry, where, {"kernel", "leave_out", "tile"}); !status) {
    return status;
  }
  if (Status status = readText(entry, "kernel", where, kernel.kernel); !status) {
    return status;
  }
  if (!isKey(kernel.kernel)) {
    return wrong(where + ".kernel", "16 hexadecimal digits");
  }
  if (!seen.insert(kernel.kernel).second) {
    return rt::error(Code::Corrupt, where, ".kernel: ", quoted(kernel.kernel),
                     " has an entry before");
  }
  if (Status status =
          readNames(entry.find("leave_out"), where + ".leave_out", NameOf::Choice, kernel.leaveOut);
      !status) {
    return status;
  }
  if (Status status = readTile(entry.find("tile"), where + ".tile", kernel); !status) {
    return status;
  }
  tuning.kernels.push_back(std::move(kernel));
  return {};
}

Status readFields(const JsonValue &file, Tuning &tuning) {
  const JsonValue *format = file.find("format"), *version = file.find("version");
  if (!file.isObject() || !format || format->text() != kFormat) {
    return rt::error(Code::Corrupt, "no tuning file: it lacks \"format\": \"", kFormat, "\"");
  }
  if (!version || version->asInt64() != kVersion) {
    return rt::error(Code::Unsupported, "version: expected ", kVersion,
                     ", as this ntc writes it; tune again");
  }
  if (Status status = checkMembers(
          file, "file", {"format", "version", "processor", "model", "leave_out", "kernels"});
      !status) {
    return status;
  }
  for (auto [name, out] : {std::pair("processor", &tuning.processor), {"model", &tuning.model}}) {
    if (Status status = readText(file, name, "file", *out); !status) {
      return status;
    }
  }
  if (Status status = readNames(file.find("leave_out"), "leave_out", NameOf::Pass, tuning.leaveOut);
      !status) {
    return status;
  }
  const JsonValue *kernels = file.find("kernels");
  if (!kernels || !kernels->isArray()) {
    return wrong("kernels", "a list");
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < kernels->items().size(); ++i) {
    if (Status status = readKernel(kernels->items()[i], concat("kernels[", i, "]"), seen, tuning);
        !status) {
      return status;
    }
  }
  return {};
}

void writeNames(JsonWriter &json, std::vector<std::string> names) {
  std::ranges::sort(names);
  json.key("leave_out");
  json.beginArray();
  for (const std::string &name : names) {
    json.string(name);
  }
  json.endArray();
}

std::string lineOf(const KernelTuning &kernel) {
  JsonWriter json;
  json.beginObject();
  json.member("kernel", kernel.kernel);
  if (!kernel.leaveOut.empty()) {
    writeNames(json, kernel.leaveOut);
  }
  if (kernel.rows != 0) {
    json.key("tile");
    json.beginArray();
    json.integer(kernel.rows);
    json.integer(kernel.columns);
    json.endArray();
  }
  json.endObject();
  return json.text();
}

} // namespace

std::string tuningText(Tuning tuning) {
  std::ranges::sort(tuning.kernels, {}, &KernelTuning::kernel);
  JsonWriter head;
  head.beginObject();
  head.member("format", kFormat);
  head.member("version", kVersion);
  head.member("processor", tuning.processor);
  head.member("model", tuning.model);
  writeNames(head, tuning.leaveOut);
  std::string text = head.text() + ",\n\"kernels\":[";
  for (size_t i = 0; i < tuning.kernels.size(); ++i) {
    text += (i == 0 ? "\n" : ",\n") + lineOf(tuning.kernels[i]);
  }
  return text + "\n]}\n";
}

Result<Tuning> parseTuning(std::string_view text) {
  auto file = rt::format::parseJson(text);
  if (!file) {
    return file.status();
  }
  Tuning tuning;
  if (Status status = readFields(*file, tuning); !status) {
    return status;
  }
  return tuning;
}

Result<Tuning> readTuning(const std::string &path) {
  auto bytes = rt::readFile(path, kMostBytes);
  if (!bytes) {
    return bytes.status();
  }
  return rt::withContext(
      parseTuning({reinterpret_cast<const char *>(bytes->data()), bytes->size()}), path);
}

} // namespace ntc::driver
