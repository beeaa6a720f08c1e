// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The readers and writers of schedules; what is allowed is in ScheduleRules.
#include "runtime/train/ScheduleSpec.h"

#include "runtime/base/CallText.h"
#include "runtime/data/Suggest.h"
#include "runtime/train/Flags.h"
#include "runtime/train/ScheduleRules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace ntc::rt::train {
namespace {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();

Status setWord(const ScheduleRule &rule, std::string_view key, std::string_view value,
               ScheduleSpec &spec) {
  Status status = checkWord(rule, key, value);
  if (status && !spec.words.emplace(std::string(key), std::string(value)).second) {
    return error(Code::InvalidArgument, "schedule ", rule.name, ": ", key, " is given twice");
  }
  return status;
}

std::vector<std::string_view> splitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::optional<double> numberOf(const NumberRule &rule, std::string_view value) {
  if (rule.kind == NumberKind::Truth) {
    const std::string word = lowerCase(value);
    if (word.empty() || word == "true") {
      return 1.0;
    }
    if (word == "false") {
      return 0.0;
    }
  }
  return parseNumber(value);
}

/// Several numbers, one for each parameter group.
Status setPerGroup(const ScheduleRule &rule, const NumberRule &number,
                   std::span<const std::optional<double>> values, std::string_view found,
                   ScheduleSpec &spec) {
  const std::string key(number.name);
  std::vector<double> checked;
  for (const std::optional<double> &value : values) {
    Status status = checkNumber(rule, number, value.value_or(kNoNumber), found);
    if (!status) {
      return status;
    }
    checked.push_back(*value);
  }
  spec.perGroup[key] = checked;
  spec.parameters[key] = checked.front();
  return Status::ok();
}

/// A list of Python as flags write it: [30, 80] is 30:80. Other words without quotes.
std::string plainValue(std::string_view value) {
  const bool isList = value.size() >= 2 && ((value.front() == '[' && value.back() == ']') ||
                                            (value.front() == '(' && value.back() == ')'));
  if (!isList) {
    return std::string(unquoted(value));
  }
  std::string out;
  for (char c : value.substr(1, value.size() - 2)) {
    out += c == ' ' ? "" : std::string(1, c == ',' ? ':' : c);
  }
  return out;
}

Status setText(const ScheduleRule &rule, std::string_view key, std::string_view value,
               ScheduleSpec &spec) {
  std::vector<std::string_view> names = settingNames(rule);
  if (std::ranges::find(names, key) == names.end()) {
    return error(Code::InvalidArgument, "schedule ", rule.name, " has no setting ", quoted(key),
                 data::didYouMean(key, names));
  }
  auto number = std::ranges::find(rule.numbers, key, &NumberRule::name);
  if (number != rule.numbers.end()) {
    if (spec.has(key)) {
      return error(Code::InvalidArgument, "schedule ", rule.name, ": ", key, " is given twice");
    }
    if (number->isPerGroup && value.find(':') != std::string_view::npos) {
      std::vector<std::optional<double>> values;
      for (std::string_view part : splitAt(value, ':')) {
        values.push_back(parseNumber(part));
      }
      return setPerGroup(rule, *number, values, quoted(value), spec);
    }
    std::optional<double> parsed = numberOf(*number, value);
    Status status = checkNumber(rule, *number, parsed.value_or(kNoNumber), quoted(value));
    if (status) {
      spec.parameters.emplace(std::string(key), *parsed);
    }
    return status;
  }
  if (key != "milestones" && key != "factors") {
    return setWord(rule, key, value, spec);
  }
  for (std::string_view part : splitAt(value, ':')) {
    std::optional<double> item = parseNumber(part);
    bool isMilestone = item && *item >= 1 && *item <= 1e15 && *item == std::floor(*item);
    if (key == "milestones" && isMilestone) {
      spec.milestones.push_back(static_cast<int64_t>(*item));
    } else if (key == "factors" && item && *item >= 0.0) {
      spec.factors.push_back(*item);
    } else {
      return badSetting(rule.name, key,
                        key == "factors" ? "numbers from 0 as 1:0.5:0.25"
                                         : "ascending numbers from 1 as 30:60",
                        quoted(value));
    }
  }
  return checkMilestones(rule, spec.milestones, quoted(value));
}

/// The parts of `text` between `separator`s that are outside brackets. Nothing where those do
/// not match.
std::optional<std::vector<std::string_view>> splitOutside(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' || text[i] == '[' ? 1 : text[i] == ')' || text[i] == ']' ? -1 : 0;
    if (depth < 0 || depth > 2) {
      return std::nullopt;
    }
    if (text[i] == separator && depth == 0) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(text.substr(begin));
  return depth == 0 ? std::optional(parts) : std::nullopt;
}

Status readMembers(const format::JsonValue &json, const ScheduleRule &rule, ScheduleSpec &spec) {
  auto member = [&](std::string_view key) { return json.find(key); };
  if (const format::JsonValue *all = member("parameters")) {
    for (size_t i = 0; i < all->items().size(); ++i) {
      std::optional<double> value = all->items()[i].asDouble();
      const std::string key = lowerCase(all->keys()[i]); // PyTorch's T_max
      auto number = std::ranges::find(rule.numbers, key, &NumberRule::name);
      if (number == rule.numbers.end()) {
        return error(Code::InvalidArgument, "schedule ", rule.name, " has no setting ",
                     quoted(all->keys()[i]), data::didYouMean(all->keys()[i], settingNames(rule)));
      }
      std::string found = value ? concat(*value) : std::string("something else");
      Status status = checkNumber(rule, *number, value.value_or(kNoNumber), found);
      if (!status) {
        return status;
      }
      spec.parameters[key] = *value;
    }
  }
  const format::JsonValue *lists = member("perGroup");
  lists = lists ? lists : member("per_group");
  for (size_t i = 0; lists && i < lists->items().size(); ++i) {
    auto number = std::ranges::find(rule.numbers, lists->keys()[i], &NumberRule::name);
    const format::JsonValue *values = lists->items()[i].find("values");
    if (number == rule.numbers.end() || !number->isPerGroup || !values || values->items().empty()) {
      return error(Code::InvalidArgument, "schedule ", rule.name, " takes no list ",
                   quoted(lists->keys()[i]));
    }
    std::vector<std::optional<double>> numbers;
    for (const format::JsonValue &item : values->items()) {
      numbers.push_back(item.asDouble());
    }
    Status status = setPerGroup(rule, *number, numbers, "the recipe's list", spec);
    if (!status) {
      return status;
    }
  }
  if (const format::JsonValue *all = member("words")) {
    for (size_t i = 0; i < all->items().size(); ++i) {
      const std::string &key = all->keys()[i];
      Status status = setWord(rule, key, all->items()[i].text(), spec);
      if (!status) {
        return status;
      }
    }
  }
  if (const format::JsonValue *list = member("milestones")) {
    for (const format::JsonValue &item : list->items()) {
      spec.milestones.push_back(item.asInt64().value_or(-1));
    }
  }
  if (const format::JsonValue *list = member("factors")) {
    for (const format::JsonValue &item : list->items()) {
      spec.factors.push_back(item.asDouble().value_or(-1.0));
      if (!(spec.factors.back() >= 0.0)) {
        return badSetting(rule.name, "factors", "numbers from 0", "something else");
      }
    }
  }
  return checkMilestones(rule, spec.milestones, "the recipe's list");
}

/// Numbers between colons, with the fewest digits that read back to the same.
std::string listText(std::span<const double> numbers) {
  std::string out;
  for (double number : numbers) {
    format::JsonWriter digits;
    digits.number(number);
    out += concat(out.empty() ? "" : ":", digits.text());
  }
  return out;
}

void writeNumbers(std::string_view key, std::span<const double> numbers, format::JsonWriter &out) {
  out.key(key);
  out.beginArray();
  for (double number : numbers) {
    out.number(number);
  }
  out.endArray();
}

} // namespace

std::string ScheduleSpec::word(std::string_view key) const {
  auto found = words.find(std::string(key));
  return found == words.end() ? "" : found->second;
}

std::span<const std::string_view> scheduleNames() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> out = {"none"};
    for (const ScheduleRule &rule : scheduleRules()) {
      out.push_back(rule.name);
    }
    return out;
  }();
  return names;
}

Result<ScheduleSpec> parseSchedule(std::string_view text) {
  ScheduleSpec spec;
  const std::string plain = flagOfCall(text);
  auto parts = splitOutside(plain, ',');
  if (!parts) {
    return error(Code::InvalidArgument, "schedule ", quoted(text), ": parentheses do not match");
  }
  std::string_view name = parts->front(), inside;
  if (size_t open = name.find('('); open != std::string_view::npos && name.ends_with(')')) {
    inside = name.substr(open + 1, name.size() - open - 2);
    name = name.substr(0, open);
  }
  if (name == "none" && parts->size() == 1 && inside.empty()) {
    return spec;
  }
  Result<const ScheduleRule *> rule = findScheduleRule(name);
  if (!rule) {
    return rule.status();
  }
  spec.name = (*rule)->name;
  if (!inside.empty() && !(*rule)->hasSchedules) {
    return error(Code::InvalidArgument, "schedule ", spec.name,
                 " takes no schedules in "
                 "parentheses; chained and sequential do");
  }
  if (!inside.empty()) {
    auto children = splitOutside(inside, ';');
    if (!children) {
      return error(Code::InvalidArgument, "schedule ", quoted(text), ": parentheses do not match");
    }
    for (std::string_view part : *children) {
      Result<ScheduleSpec> child = parseSchedule(part);
      if (!child) {
        return child.status();
      }
      spec.schedules.push_back(child.take());
    }
  }
  for (size_t i = 1; i < parts->size(); ++i) {
    std::string_view part = (*parts)[i];
    size_t equals = std::min(part.find('='), part.size());
    std::string key = lowerCase(part.substr(0, equals));
    const std::string value = plainValue(equals < part.size() ? part.substr(equals + 1) : "");
    if (Status status = setText(**rule, key, value, spec); !status) {
      return status;
    }
  }
  if (Status status = completeSchedule(**rule, spec); !status) {
    return status;
  }
  return spec;
}

Result<ScheduleSpec> readSchedule(const format::JsonValue *json) {
  ScheduleSpec spec;
  const format::JsonValue *name = json ? json->find("name") : nullptr;
  if (!name || name->text().empty() || name->text() == "none") {
    return spec;
  }
  Result<const ScheduleRule *> rule = findScheduleRule(name->text());
  if (!rule) {
    return rule.status();
  }
  spec.name = (*rule)->name;
  if (Status status = readMembers(*json, **rule, spec); !status) {
    return status;
  }
  if (const format::JsonValue *list = json->find("schedules")) {
    for (const format::JsonValue &item : list->items()) {
      Result<ScheduleSpec> child = readSchedule(&item);
      if (!child) {
        return child.status();
      }
      spec.schedules.push_back(child.take());
    }
  }
  if (Status status = completeSchedule(**rule, spec); !status) {
    return status;
  }
  return spec;
}

std::string toText(const ScheduleSpec &spec) {
  std::string out = spec.name.empty() ? "none" : spec.name;
  for (size_t i = 0; i < spec.schedules.size(); ++i) {
    out += concat(i == 0 ? "(" : ";", toText(spec.schedules[i]));
  }
  out += spec.schedules.empty() ? "" : ")";
  for (const auto &[key, value] : spec.parameters) {
    auto list = spec.perGroup.find(key);
    out += concat(",", key, "=",
                  list == spec.perGroup.end() ? listText(std::span(&value, 1))
                                              : listText(list->second));
  }
  for (const auto &[key, value] : spec.words) {
    out += concat(",", key, "=", value);
  }
  for (size_t i = 0; i < spec.milestones.size(); ++i) {
    out += concat(i == 0 ? ",milestones=" : ":", spec.milestones[i]);
  }
  out += spec.factors.empty() ? "" : concat(",factors=", listText(spec.factors));
  return out;
}

void writeJson(const ScheduleSpec &spec, format::JsonWriter &out) {
  out.beginObject();
  out.member("name", spec.name);
  out.key("parameters");
  out.beginObject();
  for (const auto &[key, value] : spec.parameters) {
    out.member(key, value);
  }
  out.endObject();
  if (!spec.perGroup.empty()) {
    out.key("perGroup");
    out.beginObject();
    for (const auto &[key, values] : spec.perGroup) {
      out.key(key);
      out.beginObject();
      writeNumbers("values", values, out);
      out.endObject();
    }
    out.endObject();
  }
  out.key("words");
  out.beginObject();
  for (const auto &[key, value] : spec.words) {
    out.member(key, value);
  }
  out.endObject();
  out.key("milestones");
  out.beginArray();
  for (int64_t milestone : spec.milestones) {
    out.integer(milestone);
  }
  out.endArray();
  writeNumbers("factors", spec.factors, out);
  out.key("schedules");
  out.beginArray();
  for (const ScheduleSpec &child : spec.schedules) {
    writeJson(child, out);
  }
  out.endArray();
  out.endObject();
}

} // namespace ntc::rt::train
