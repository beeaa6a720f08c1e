// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Numbers are read by std::from_chars, which knows no locale, and must use the
// whole text.
#include "frontend/format/FlagText.h"

#include "frontend/format/Names.h"
#include "runtime/base/CallText.h"

#include <cmath>

namespace ntc::format {

std::vector<std::string> splitText(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(at + 1);
  }
}

Result<Flag> parseFlag(std::string_view flag, std::string_view text) {
  Flag result;
  const std::string plain = rt::flagOfCall(text);
  std::vector<std::string> parts = splitText(plain, ',');
  result.name = parts[0];
  if (result.name.empty()) {
    return failure(flag, " ", quoted(text), " does not begin with a name");
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    size_t equals = parts[i].find('=');
    Setting setting{parts[i].substr(0, equals), "", equals != std::string::npos};
    if (setting.hasValue) {
      setting.value = parts[i].substr(equals + 1);
    }
    if (setting.key.empty()) {
      return failure(flag, " ", quoted(text), ": setting ", i, " has no name");
    }
    for (const Setting &earlier : result.settings) {
      if (earlier.key == setting.key) {
        return failure(flag, " ", quoted(text), ": ", quoted(setting.key), " is given twice");
      }
    }
    result.settings.push_back(std::move(setting));
  }
  return result;
}

Result<double> finiteNumber(const std::string &where, std::string_view text) {
  auto value = parseNumber<double>(text);
  if (!value || !std::isfinite(*value)) {
    return failure(where, ": expected a finite number, found ", quoted(text));
  }
  return *value;
}

Result<bool> truth(const std::string &where, const Setting &setting) {
  if (!setting.hasValue || setting.value == "true" || setting.value == "1" ||
      setting.value == "True") {
    return true;
  }
  if (setting.value == "false" || setting.value == "0" || setting.value == "False") {
    return false;
  }
  return failure(where, ": expected true or false, found ", quoted(setting.value));
}

Result<std::vector<float>> numberList(const std::string &where, std::string_view text) {
  std::vector<float> values;
  for (const std::string &part : splitText(text, ':')) {
    auto value = finiteNumber(where, part);
    if (!value) {
      return value.status();
    }
    values.push_back(static_cast<float>(*value));
  }
  return values;
}

} // namespace ntc::format
