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

Status setText(const ScheduleRule &rule, std::string_view key, std::string_view value,
               ScheduleSpec &spec) {
  std::vector<std::string_view> names = settingNames(rule);
  if (std::ranges::find(names, key) == names.end()) {
    return error(Code::InvalidArgument, "schedule ", rule.name, " has no setting ", quoted(key),
                 data::didYouMean(key, names));
  }
  auto number = std::ranges::find(rule.numbers, key, &NumberRule::name);
  if (number != rule.numbers.end()) {
    std::optional<double> parsed = numberOf(*number, value);
    Status status = checkNumber(rule, *number, parsed.value_or(kNoNumber), quoted(value));
    if (status && !spec.parameters.emplace(std::string(key), *parsed).second) {
      return error(Code::InvalidArgument, "schedule ", rule.name, ": ", key, " is given twice");
    }
    return status;
  }
  if (key != "milestones" && key != "factors") {
    return setWord(rule, key, value, spec);
  }
  std::string_view left = value;
  for (bool more = true; more;) {
    size_t end = std::min(left.find(':'), left.size());
    std::optional<double> item = parseNumber(left.substr(0, end));
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
    more = end < left.size();
    left.remove_prefix(more ? end + 1 : end);
  }
  return checkMilestones(rule, spec.milestones, quoted(value));
}

/// The parts of `text` between `separator`s that are outside parentheses. Nothing where those do
/// not match.
std::optional<std::vector<std::string_view>> splitOutside(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
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
      auto number = std::ranges::find(rule.numbers, all->keys()[i], &NumberRule::name);
      if (number == rule.numbers.end()) {
        return error(Code::InvalidArgument, "schedule ", rule.name, " has no setting ",
                     quoted(all->keys()[i]), data::didYouMean(all->keys()[i], settingNames(rule)));
      }
      std::string found = value ? concat(*value) : std::string("something else");
      Status status = checkNumber(rule, *number, value.value_or(kNoNumber), found);
      if (!status) {
        return status;
      }
      spec.parameters[all->keys()[i]] = *value;
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
    std::string_view value = equals < part.size() ? part.substr(equals + 1) : "";
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
    format::JsonWriter digits; // the fewest that read back to the same number
    digits.number(value);
    out += concat(",", key, "=", digits.text());
  }
  for (const auto &[key, value] : spec.words) {
    out += concat(",", key, "=", value);
  }
  for (size_t i = 0; i < spec.milestones.size(); ++i) {
    out += concat(i == 0 ? ",milestones=" : ":", spec.milestones[i]);
  }
  for (size_t i = 0; i < spec.factors.size(); ++i) {
    format::JsonWriter digits;
    digits.number(spec.factors[i]);
    out += concat(i == 0 ? ",factors=" : ":", digits.text());
  }
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
  out.key("factors");
  out.beginArray();
  for (double factor : spec.factors) {
    out.number(factor);
  }
  out.endArray();
  out.key("schedules");
  out.beginArray();
  for (const ScheduleSpec &child : spec.schedules) {
    writeJson(child, out);
  }
  out.endArray();
  out.endObject();
}

} // namespace ntc::rt::train
