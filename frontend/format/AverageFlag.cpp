// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The average of the weights of a recipe: its flag, its ranges and its default.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/RecipeParts.h"
#include "frontend/format/SpecFlags.h"

#include <algorithm>

namespace ntc::format {
namespace {

constexpr double kDecay = 0.999;

/// Puts a setting of the average `name` into `average`.
Status setAverage(const Setting &setting, AverageSpec &average) {
  const bool isEma = average.name() == "ema";
  const std::string where = rt::concat("average ", average.name(), ": ", setting.key);
  if (setting.key == "decay" && isEma) {
    auto value = finiteNumber(where, setting.value);
    if (value && (*value <= 0 || *value >= 1)) {
      return failure(where, ": expected a number in (0, 1), found ", *value);
    }
    if (value) {
      average.set_decay(*value);
    }
    return value.status();
  }
  if (setting.key != "every" && setting.key != "start") {
    std::vector<std::string> known = {"every", "start"};
    if (isEma) {
      known.emplace_back("decay");
    }
    return failure("average ", average.name(), " has no setting ", quoted(setting.key),
                   suggestion(setting.key, known));
  }
  auto number = parseNumber<uint32_t>(setting.value);
  if (!number) {
    return failure(where, ": expected a whole number, found ", quoted(setting.value));
  }
  if (setting.key == "every") {
    average.set_every(*number);
  } else {
    average.set_start(*number);
  }
  return Status::ok();
}

} // namespace

Result<AverageSpec> parseAverage(std::string_view text) {
  auto flag = parseFlag("average", text);
  if (!flag) {
    return flag.status();
  }
  static const std::vector<std::string> names = {"ema", "swa"};
  if (std::ranges::find(names, flag->name) == names.end()) {
    return failure("unknown average ", quoted(flag->name), suggestion(flag->name, names));
  }
  AverageSpec average;
  average.set_name(flag->name);
  average.set_decay(flag->name == "ema" ? kDecay : 0);
  for (const Setting &setting : flag->settings) {
    if (Status status = setAverage(setting, average); !status) {
      return status;
    }
  }
  return average;
}

void completeAverage(AverageSpec &average, std::vector<Diagnostic> &problems) {
  const bool isEma = average.name() == "ema";
  if (!isEma && average.name() != "swa") {
    problems.push_back({"average", "unknown name " + quoted(average.name()) + "; known: ema, swa"});
  }
  if (isEma && average.decay() == 0) {
    average.set_decay(kDecay);
  }
  const bool fits = isEma ? average.decay() > 0 && average.decay() < 1 : average.decay() == 0;
  if (!fits) {
    problems.push_back({"average", rt::concat("decay: expected a number in (0, 1) for an ema and "
                                              "none for a swa, found ",
                                              average.decay())});
  }
}

} // namespace ntc::format
