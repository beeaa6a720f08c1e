// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The flags that name parameters by a pattern and say what is different for them: --param-group and
// --penalty. "PATTERN:SETTINGS" is split at the last colon with a letter behind it, so that names
// such as onnx::Conv_12 and lists such as betas=0.9:0.999 stay whole.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/RecipeParts.h"
#include "frontend/format/SpecFlags.h"

#include <algorithm>
#include <cmath>

namespace ntc::format {
namespace {

struct Patterned {
  std::string pattern; ///< empty: none was given
  std::vector<Setting> settings;
};

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Result<Patterned> splitPattern(std::string_view what, std::string_view text) {
  size_t colon = text.size();
  while (colon-- > 0 &&
         !(text[colon] == ':' && colon + 1 < text.size() && isLetter(text[colon + 1]))) {
  }
  Patterned result;
  std::string_view settings = text;
  if (colon != std::string_view::npos) {
    result.pattern = text.substr(0, colon);
    settings = text.substr(colon + 1);
    if (auto pattern = NamePattern::parse(result.pattern); !pattern || result.pattern.empty()) {
      return result.pattern.empty() ? failure(what, " ", quoted(text), " begins with no pattern")
                                    : pattern.status();
    }
  }
  auto flag = parseFlag(what, rt::concat("settings,", settings));
  if (!flag) {
    return flag.status();
  }
  result.settings = std::move(flag->settings);
  return result;
}

/// A name that no group of the recipe has.
std::string freshName(const OptimizerSpec &spec) {
  for (int i = spec.groups_size() + 1;; ++i) {
    std::string name = rt::concat("group", i);
    if (std::ranges::none_of(spec.groups(), [&](const auto &g) { return g.name() == name; })) {
      return name;
    }
  }
}

/// "0.1x" → 0.1.
Result<double> factorOf(const std::string &where, std::string_view text) {
  auto factor = finiteNumber(where, text.substr(0, text.size() - 1));
  if (factor && *factor <= 0) {
    return failure(where, ": expected a factor above 0, found ", quoted(text),
                   "; to leave parameters as they are, freeze them");
  }
  return factor;
}

} // namespace

Status addParameterGroup(std::string_view text, TrainSpec &spec) {
  auto parsed = splitPattern("parameter group", text);
  if (!parsed) {
    return parsed.status();
  }
  if (parsed->pattern.empty() || parsed->settings.empty()) {
    return failure("expected PATTERN:SETTINGS as in 'fc*:lr=0.1x,weight_decay=0', found ",
                   quoted(text));
  }
  if (parsed->settings[0].key == "freeze") {
    auto on = truth("freeze", parsed->settings[0]);
    if (!on || parsed->settings.size() > 1) {
      return on ? failure("freeze stands alone: what is not trained has no other settings")
                : on.status();
    }
    if (*on) {
      spec.add_frozen(parsed->pattern);
    }
    return Status::ok();
  }
  const OptimizerRule *rule = findOptimizer(spec.optimizer().name());
  if (!rule) {
    return failure("the recipe names no optimizer; give one with --optimizer");
  }
  ParameterGroup group;
  group.add_patterns(parsed->pattern);
  group.set_name(freshName(spec.optimizer()));
  OptimizerSpec values;
  for (const Setting &setting : parsed->settings) {
    if (setting.key == "name") {
      group.set_name(setting.value);
    } else if (setting.key == "nesterov") {
      return failure("nesterov holds for all parameters; give it to --optimizer");
    } else if (setting.key == "lr" && setting.value.ends_with('x')) {
      auto factor = factorOf("lr", setting.value);
      if (!factor) {
        return factor.status();
      }
      group.set_lr_factor(*factor);
    } else if (Status status = setHyperparameter(*rule, setting, values); !status) {
      return status;
    }
  }
  *group.mutable_hyperparameters() = values.hyperparameters();
  *spec.mutable_optimizer()->add_groups() = group;
  return Status::ok();
}

Result<PenaltySpec> parsePenalty(std::string_view text) {
  auto parsed = splitPattern("penalty", text);
  if (!parsed) {
    return parsed.status();
  }
  PenaltySpec penalty;
  if (!parsed->pattern.empty()) {
    penalty.add_patterns(parsed->pattern);
  }
  std::optional<double> alpha, ratio;
  for (const Setting &setting : parsed->settings) {
    static const std::vector<std::string> known = {"l1", "l2", "alpha", "l1_ratio"};
    if (std::ranges::find(known, setting.key) == known.end()) {
      return failure("penalty has no setting ", quoted(setting.key),
                     suggestion(setting.key, known));
    }
    auto value = finiteNumber("penalty: " + setting.key, setting.value);
    if (!value) {
      return value.status();
    }
    const double most = setting.key == "l1_ratio" ? 1.0 : INFINITY;
    if (*value < 0 || *value > most) {
      return failure("penalty: ", setting.key, ": expected a number ",
                     most == 1.0 ? "in [0, 1]" : "of at least 0", ", found ", *value);
    }
    if (setting.key == "l1") {
      penalty.set_l1(*value);
    } else if (setting.key == "l2") {
      penalty.set_l2(*value);
    } else {
      (setting.key == "alpha" ? alpha : ratio) = *value;
    }
  }
  if (alpha || ratio) { // ElasticNet: alpha * (l1_ratio * |w| + (1 - l1_ratio) / 2 * w^2)
    if (!alpha || penalty.l1() > 0 || penalty.l2() > 0) {
      return failure("penalty: alpha with l1_ratio stands for l1 and l2; give either pair");
    }
    penalty.set_l1(*alpha * ratio.value_or(0.5));
    penalty.set_l2(*alpha * (1.0 - ratio.value_or(0.5)) / 2.0);
  }
  if (penalty.l1() <= 0 && penalty.l2() <= 0) {
    return failure("penalty ", quoted(text), " weighs nothing; expected l1 or l2 above 0");
  }
  return penalty;
}

void completeGradients(const TrainSpec &spec, std::vector<Diagnostic> &problems) {
  auto check = [&](const std::string &where, const char *name, double value) {
    if (!std::isfinite(value) || value < 0) {
      problems.push_back(
          {where, rt::concat(name, ": expected a finite number of at least 0, found ", value)});
    }
  };
  check("clip", "max_norm", spec.clip().max_norm());
  check("clip", "clip_value", spec.clip().clip_value());
  for (const PenaltySpec &penalty : spec.penalties()) {
    check("penalty", "l1", penalty.l1());
    check("penalty", "l2", penalty.l2());
    for (const std::string &text : penalty.patterns()) {
      if (auto pattern = NamePattern::parse(text); !pattern) {
        problems.push_back({"penalty", pattern.status().message()});
      }
    }
  }
}

} // namespace ntc::format
