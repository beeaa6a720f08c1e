// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A class is told from a flag's own names by its capital letter.
#include "runtime/base/CallText.h"

#include "runtime/base/Text.h"

#include <algorithm>

namespace ntc::rt {
namespace {

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool isNamePart(char c) { return isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.'; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The parts between commas outside of brackets, trimmed. Nothing where brackets do not match.
std::optional<std::vector<std::string_view>> splitArguments(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' || text[i] == '[' ? 1 : text[i] == ')' || text[i] == ']' ? -1 : 0;
    if (depth < 0) {
      return std::nullopt;
    }
    if (text[i] == ',' && depth == 0) {
      parts.push_back(trimmed(text.substr(begin, i - begin)));
      begin = i + 1;
    }
  }
  parts.push_back(trimmed(text.substr(begin)));
  if (parts.back().empty()) {
    parts.pop_back(); // after the last comma, or of an empty call
  }
  return depth == 0 ? std::optional(parts) : std::nullopt;
}

/// A value as flags write it: a list with colons, a word without quotes.
std::optional<std::string> valueText(std::string_view value) {
  std::string out;
  const bool isList = value.size() >= 2 && ((value.front() == '(' && value.back() == ')') ||
                                            (value.front() == '[' && value.back() == ']'));
  if (isList) {
    auto items = splitArguments(value.substr(1, value.size() - 2));
    for (std::string_view item : items.value_or(std::vector<std::string_view>())) {
      out += concat(out.empty() ? "" : ":", item);
    }
  } else {
    out = unquoted(value);
  }
  return out.empty() || out.find_first_of("()[],;") != std::string::npos ? std::nullopt
                                                                         : std::optional(out);
}

std::optional<std::string> settingsText(std::string_view text) {
  auto arguments = callArguments(text);
  if (!arguments) {
    return std::nullopt;
  }
  std::string out;
  for (size_t i = 0; i < arguments->size(); ++i) {
    const auto &[name, given] = (*arguments)[i];
    if (name.empty()) {
      const bool isObject = i == 0 && !given.empty() && isLetter(given.front()) &&
                            given.find(';') == std::string_view::npos;
      if (!isObject) {
        return std::nullopt;
      }
      continue;
    }
    const auto value = valueText(given);
    if (!value) {
      return std::nullopt;
    }
    out += concat(",", name, "=", *value);
  }
  return out;
}

} // namespace

std::string flagOfCall(std::string_view text) {
  const std::string_view call = trimmed(text);
  const auto end = std::ranges::find_if_not(call, isNamePart);
  std::string_view name = call.substr(0, static_cast<size_t>(end - call.begin()));
  const std::string_view rest = call.substr(name.size());
  name.remove_prefix(name.rfind('.') + 1);
  if (name.empty() || name.front() < 'A' || name.front() > 'Z') {
    return std::string(text);
  }
  if (rest.empty() || rest.front() == ',') {
    return concat(name, rest);
  }
  if (rest.front() != '(' || rest.back() != ')') {
    return std::string(text);
  }
  const auto settings = settingsText(rest.substr(1, rest.size() - 2));
  return settings ? concat(name, *settings) : std::string(text);
}

std::optional<std::vector<CallArgument>> callArguments(std::string_view text) {
  auto parts = splitArguments(text);
  if (!parts) {
    return std::nullopt;
  }
  std::vector<CallArgument> out;
  for (std::string_view part : *parts) {
    const size_t equals = part.find_first_of("=([\"'");
    const bool isNamed = equals != std::string_view::npos && part[equals] == '=';
    out.push_back(
        isNamed ? CallArgument{trimmed(part.substr(0, equals)), trimmed(part.substr(equals + 1))}
                : CallArgument{{}, part});
  }
  return out;
}

std::string_view unquoted(std::string_view text) {
  const bool isQuoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
                        text.back() == text.front();
  return isQuoted ? text.substr(1, text.size() - 2) : text;
}

} // namespace ntc::rt
