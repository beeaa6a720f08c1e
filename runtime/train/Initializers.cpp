// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of first values: their text, and which parameters they draw.
#include "runtime/train/Initializers.h"

#include "runtime/base/CallText.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/Suggest.h"
#include "runtime/train/Flags.h"
#include "runtime/train/InitFunctions.h"

#include <algorithm>
#include <cmath>
#include <fnmatch.h>
#include <regex>

namespace ntc::rt::train {
namespace {

/// Streams of the rules lie above those of the program's own draws.
constexpr uint32_t kFirstStream = 0x40000000u;

/// A number, or what PyTorch's calculate_gain('leaky_relu', 0.2) gives.
std::optional<double> gainIn(std::string_view value) {
  const size_t open = value.find('(');
  if (open == std::string_view::npos || !value.ends_with(')')) {
    return parseNumber(value);
  }
  std::string_view name = value.substr(0, open);
  name.remove_prefix(name.rfind('.') + 1);
  const auto arguments = callArguments(value.substr(open + 1, value.size() - open - 2));
  if (name != "calculate_gain" || !arguments || arguments->empty() || arguments->size() > 2) {
    return std::nullopt;
  }
  const std::string_view kind = unquoted(arguments->front().value);
  const std::optional<double> slope =
      arguments->size() == 2 ? parseNumber(arguments->back().value) : 0.01;
  if (!slope || std::ranges::find(nonlinearities(), kind) == nonlinearities().end()) {
    return std::nullopt;
  }
  return calculateGain(kind, *slope);
}

/// The name of the setting at a position, as PyTorch's arguments come behind the tensor.
std::string_view settingAt(const InitFunction &function, size_t position) {
  if (position < function.settings.size()) {
    return function.settings[position].name;
  }
  const size_t behind = position - function.settings.size();
  return !function.hasMode || behind > 1 ? "" : behind == 0 ? "mode" : "nonlinearity";
}

Status setSetting(const InitFunction &function, std::string_view key, std::string_view value,
                  InitRule &rule) {
  auto setting = std::ranges::find(
      function.settings, key, [](const InitSetting &each) { return std::string_view(each.name); });
  if (setting != function.settings.end()) {
    const std::optional<double> number = key == "gain" ? gainIn(value) : parseNumber(value);
    const bool isWhole = key != "groups" || (number && *number == std::floor(*number));
    if (!number || *number < setting->low || *number > setting->high || !isWhole) {
      return error(Code::InvalidArgument, function.name, ": ", key, ": expected a ",
                   key == "groups" ? "whole number from 1" : "number in its range", ", found ",
                   quoted(value));
    }
    rule.numbers[std::string(key)] = *number;
    return Status::ok();
  }
  const bool isMode = key == "mode", isWord = function.hasMode && (isMode || key == "nonlinearity");
  if (!isWord) {
    std::vector<std::string_view> names;
    for (const InitSetting &each : function.settings) {
      names.push_back(each.name);
    }
    return error(Code::InvalidArgument, function.name, " has no setting ", quoted(key),
                 names.empty() ? std::string() : data::didYouMean(key, names));
  }
  static constexpr std::string_view modes[] = {"fan_in", "fan_out"};
  const std::span<const std::string_view> allowed = isMode ? modes : nonlinearities();
  if (std::ranges::find(allowed, value) == allowed.end()) {
    return error(Code::InvalidArgument, function.name, ": unknown ", key, " ", quoted(value),
                 data::didYouMean(value, allowed));
  }
  rule.words[std::string(key)] = value;
  return Status::ok();
}

/// Reads what is between a function's parentheses. A first argument such as `m.weight`, the tensor
/// of the line that was pasted, is left out.
Status setSettings(const InitFunction &function, std::string_view inside, InitRule &rule) {
  auto arguments = callArguments(inside);
  if (!arguments) {
    return error(Code::InvalidArgument, function.name, ": parentheses do not match in ",
                 quoted(inside));
  }
  size_t position = 0;
  for (size_t i = 0; i < arguments->size(); ++i) {
    const CallArgument &argument = (*arguments)[i];
    const std::string_view value = unquoted(argument.value);
    const bool isTensor = i == 0 && argument.name.empty() && value.find('(') == value.npos &&
                          value.find('.') != value.npos && !parseNumber(value);
    if (isTensor) {
      continue;
    }
    const std::string_view key =
        argument.name.empty() ? settingAt(function, position++) : argument.name;
    if (key.empty()) {
      return error(Code::InvalidArgument, function.name, " takes no argument ", quoted(value));
    }
    if (Status status = setSetting(function, key, value, rule); !status) {
      return status;
    }
  }
  return Status::ok();
}

Status completeRule(const InitFunction &function, InitRule &rule) {
  for (const InitSetting &setting : function.settings) {
    if (std::isnan(setting.byDefault) && !rule.numbers.contains(setting.name)) {
      return error(Code::InvalidArgument, function.name, " needs ", setting.name);
    }
    rule.numbers.emplace(setting.name, setting.byDefault);
  }
  if (function.hasMode) {
    rule.words.emplace("mode", "fan_in");
    rule.words.emplace("nonlinearity", "leaky_relu");
  }
  return Status::ok();
}

} // namespace

std::string initFunctionsText() {
  std::string out;
  for (const InitFunction &function : initFunctions()) {
    std::string settings;
    for (const InitSetting &setting : function.settings) {
      settings += concat(settings.empty() ? "" : ",", setting.name);
      settings += std::isnan(setting.byDefault) ? "" : concat("=", setting.byDefault);
    }
    settings += function.hasMode ? ",mode=fan_in,nonlinearity=leaky_relu" : "";
    out += concat(out.empty() ? "" : ", ", function.name);
    out += settings.empty() ? "" : concat("(", settings, ")");
  }
  return out;
}

Result<InitRule> parseInitRule(std::string_view text) {
  // An expression in slashes may hold '='.
  const size_t slash = text.starts_with('/') ? text.find("/=", 1) : std::string_view::npos;
  const size_t equals = slash != std::string_view::npos ? slash + 1 : text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return error(Code::InvalidArgument, "expected PATTERN=FUNCTION(SETTINGS), found ",
                 quoted(text));
  }
  InitRule rule;
  rule.pattern = text.substr(0, equals);
  std::string_view call = text.substr(equals + 1), inside;
  if (size_t open = call.find('('); open != std::string_view::npos) {
    if (!call.ends_with(')')) {
      return error(Code::InvalidArgument, "expected ')' at the end of ", quoted(text));
    }
    inside = call.substr(open + 1, call.size() - open - 2);
    call = call.substr(0, open);
  }
  call.remove_prefix(call.rfind('.') + 1);         // of nn.init.ones_
  call.remove_suffix(call.ends_with('_') ? 1 : 0); // PyTorch's names end so
  const InitFunction *function = findInitFunction(call);
  if (!function) {
    std::vector<std::string_view> names;
    for (const InitFunction &each : initFunctions()) {
      names.push_back(each.name);
    }
    return error(Code::InvalidArgument, "unknown initializer ", quoted(call),
                 data::didYouMean(call, names));
  }
  rule.function = call;
  if (Status status = setSettings(*function, inside, rule); !status) {
    return status;
  }
  if (Status status = completeRule(*function, rule); !status) {
    return status;
  }
  if (rule.pattern.size() > 1000) {
    return error(Code::InvalidArgument, "the pattern is longer than 1000 bytes");
  }
  if (rule.pattern.starts_with('/') && rule.pattern.size() > 1) {
    try { // std::regex reports errors by exception only
      std::regex(rule.pattern.substr(1, rule.pattern.size() - 2));
    } catch (const std::regex_error &problem) {
      return error(Code::InvalidArgument, quoted(rule.pattern),
                   " is no regular expression: ", problem.what());
    }
  }
  return rule;
}

bool matches(const InitRule &rule, std::string_view name) {
  const std::string &pattern = rule.pattern;
  if (pattern.size() < 2 || pattern.front() != '/' || pattern.back() != '/') {
    return ::fnmatch(pattern.c_str(), std::string(name).c_str(), 0) == 0;
  }
  if (name.size() > 4096) { // std::regex recurses per character
    return false;
  }
  try {
    return std::regex_match(name.begin(), name.end(),
                            std::regex(pattern.substr(1, pattern.size() - 2)));
  } catch (const std::regex_error &) { // too complex for the library: no match
    return false;
  }
}

Status drawInitial(const InitRule &rule, std::span<const int64_t> shape, uint64_t seed,
                   uint32_t stream, std::vector<double> &values) {
  const InitFunction &function = *findInitFunction(rule.function);
  if (shape.size() < function.leastRank || shape.size() > function.mostRank) {
    return error(Code::InvalidArgument, function.name, " takes tensors of ", function.leastRank,
                 function.mostRank == function.leastRank ? ""
                 : function.mostRank > 9                 ? " or more"
                                                         : concat(" to ", function.mostRank),
                 " dimensions, found the shape ", shapeText(shape));
  }
  return drawBy(function, rule, shape, seed, stream, values);
}

Status applyInitRules(exec::Session &session, std::span<const InitRule> rules, uint64_t seed) {
  const std::vector<artifact::StateSpec> &states = session.manifest().states;
  for (const InitRule &rule : rules) {
    bool fits = false;
    for (size_t i = 0; i < states.size(); ++i) {
      const artifact::StateSpec &state = states[i];
      const bool isFloat = state.dtype == DType::F32 || state.dtype == DType::F64;
      if (state.role != artifact::Role::Parameter || !isFloat || !matches(rule, state.name)) {
        continue;
      }
      fits = true;
      std::vector<double> values(state.sizeBytes / sizeOf(state.dtype));
      Status status =
          drawInitial(rule, state.shape, seed, kFirstStream + static_cast<uint32_t>(i), values);
      if (!status) {
        return withContext(status, "parameter ", quoted(state.name));
      }
      data::convertValues(DType::F64, reinterpret_cast<const std::byte *>(values.data()),
                          state.dtype,
                          reinterpret_cast<std::byte *>(session.stateBytes(state).data()),
                          static_cast<int64_t>(values.size()));
    }
    if (!fits) {
      return error(Code::InvalidArgument, "the pattern ", quoted(rule.pattern),
                   " fits no parameter of the program");
    }
  }
  return Status::ok();
}

} // namespace ntc::rt::train
