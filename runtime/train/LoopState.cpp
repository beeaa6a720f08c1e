// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LoopState as text.
#include "runtime/train/LoopState.h"

#include "runtime/format/Json.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace ntc::rt::train {
namespace {

/// "1.8p+1", "-0p+0", "nan", "inf", as std::to_chars writes them.
std::string hexText(double value) {
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::hex).ptr;
  return {buffer, end};
}

std::optional<double> fromHex(const format::JsonValue &json) {
  const std::string_view text = json.isString() ? std::string_view(json.text()) : "";
  double value = 0.0;
  auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
  bool whole = problem == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(value) : std::nullopt;
}

Status corrupt() {
  return error(Code::Corrupt, "the checkpoint's '", kLoopKey, "' is not as ntc writes it");
}

} // namespace

std::optional<double> valueOf(const NamedValues &values, std::string_view name) {
  for (const auto &[each, value] : values) {
    if (each == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::string toJson(const LoopState &state) {
  format::JsonWriter json;
  json.beginObject();
  json.key("epochs");
  json.beginArray();
  for (const NamedValues &epoch : state.epochs) {
    json.beginObject();
    for (const auto &[name, value] : epoch) {
      json.member(name, hexText(value));
    }
    json.endObject();
  }
  json.endArray();
  json.key("sums");
  json.beginArray();
  for (const MeanParts &parts : state.sums) {
    json.string(hexText(parts.sum));
    json.string(hexText(parts.count));
  }
  json.endArray();
  json.endObject();
  return json.text();
}

Result<LoopState> parseLoopState(std::string_view text) {
  Result<format::JsonValue> json = format::parseJson(text);
  const format::JsonValue *epochs = json ? json->find("epochs") : nullptr;
  const format::JsonValue *sums = json ? json->find("sums") : nullptr;
  if (!epochs || !sums || sums->items().size() % 2 != 0) {
    return corrupt();
  }
  LoopState state;
  for (const format::JsonValue &epoch : epochs->items()) {
    NamedValues values;
    for (size_t i = 0; i < epoch.keys().size(); ++i) {
      std::optional<double> value = fromHex(epoch.items()[i]);
      if (!value) {
        return corrupt();
      }
      values.emplace_back(epoch.keys()[i], *value);
    }
    state.epochs.push_back(std::move(values));
  }
  for (size_t i = 0; i < sums->items().size(); i += 2) {
    std::optional<double> sum = fromHex(sums->items()[i]);
    std::optional<double> count = fromHex(sums->items()[i + 1]);
    if (!sum || !count) {
      return corrupt();
    }
    state.sums.push_back({*sum, *count});
  }
  return state;
}

} // namespace ntc::rt::train
