// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The learning-rate schedule of a recipe: its flag, which settings each schedule has and which it
// needs.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/SpecFlags.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace ntc::format {

Result<ScheduleSpec> parseSchedule(std::string_view text) {
  static const std::map<std::string, std::vector<std::string>> known = {
      {"none", {}},
      {"step", {"step_size", "gamma"}},
      {"multistep", {"milestones", "gamma"}},
      {"exponential", {"gamma"}},
      {"cosine", {"t_max", "eta_min"}}};
  auto flag = parseFlag("schedule", text);
  if (!flag) {
    return flag.status();
  }
  auto rule = known.find(flag->name);
  if (rule == known.end()) {
    std::vector<std::string> names;
    for (const auto &[name, settings] : known) {
      names.push_back(name);
    }
    return failure("unknown schedule ", quoted(flag->name), suggestion(flag->name, names));
  }
  ScheduleSpec spec;
  spec.set_name(flag->name == "none" ? "" : flag->name);
  for (const Setting &setting : flag->settings) {
    std::string where = "schedule " + flag->name + ": " + setting.key;
    if (std::find(rule->second.begin(), rule->second.end(), setting.key) == rule->second.end()) {
      return failure("schedule ", flag->name, " has no setting ", quoted(setting.key),
                     suggestion(setting.key, rule->second));
    }
    if (setting.key == "milestones") {
      uint32_t last = 0;
      for (const std::string &part : splitText(setting.value, ':')) {
        auto epoch = parseNumber<uint32_t>(part);
        if (!epoch || *epoch <= last) {
          return failure(where, ": expected ascending epochs as 30:60, found ",
                         quoted(setting.value));
        }
        spec.add_milestones(last = *epoch);
      }
      continue;
    }
    auto value = finiteNumber(where, setting.value);
    if (!value) {
      return value.status();
    }
    bool isCount = setting.key == "step_size" || setting.key == "t_max";
    if (isCount ? (*value < 1 || *value != std::floor(*value)) : *value < 0) {
      return failure(where,
                     isCount ? ": expected a number of epochs, found "
                             : ": expected at least 0, found ",
                     quoted(setting.value));
    }
    (*spec.mutable_parameters())[setting.key] = *value;
  }
  bool needsSize = flag->name == "step" && !spec.parameters().contains("step_size");
  bool needsPeriod = flag->name == "cosine" && !spec.parameters().contains("t_max");
  bool needsMilestones = flag->name == "multistep" && spec.milestones_size() == 0;
  bool needsGamma = flag->name == "exponential" && !spec.parameters().contains("gamma");
  if (needsSize || needsPeriod || needsMilestones || needsGamma) {
    const char *missing = needsSize         ? "step_size"
                          : needsPeriod     ? "t_max"
                          : needsMilestones ? "milestones"
                                            : "gamma";
    return failure("schedule ", flag->name, " needs ", missing);
  }
  if (flag->name == "step" || flag->name == "multistep") {
    spec.mutable_parameters()->insert({"gamma", 0.1});
  }
  if (flag->name == "cosine") {
    spec.mutable_parameters()->insert({"eta_min", 0.0});
  }
  return spec;
}

} // namespace ntc::format
