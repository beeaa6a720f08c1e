// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optimizer of a recipe: its flag, its ranges (OptimizerFunctions.h has the table) and its
// defaults.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/RecipeParts.h"
#include "frontend/format/SpecFlags.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace ntc::format {
namespace {

std::vector<std::string> optimizerNames() {
  std::vector<std::string> names;
  for (const OptimizerRule &rule : optimizerRules()) {
    names.emplace_back(rule.name);
  }
  return names;
}

/// PyTorch's classes have the names with capital letters: AdamW, RMSprop.
std::string lowerCase(std::string name) {
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return name;
}

std::string rangeText(const HyperparameterRule &rule) {
  bool unbounded = std::isinf(rule.high);
  if (unbounded) {
    return rt::concat("at least ", rule.low);
  }
  return rt::concat("in [", rule.low, ", ", rule.high, rule.openAbove ? ")" : "]");
}

/// "" or what is wrong with `value`.
std::string checkRange(const HyperparameterRule &rule, double value) {
  bool above = rule.openAbove ? value >= rule.high : value > rule.high;
  if (std::isfinite(value) && value >= rule.low && !above) {
    return {};
  }
  return rt::concat("expected a finite number ", rangeText(rule), ", found ", value);
}

const HyperparameterRule *findRule(const OptimizerRule &optimizer, std::string_view name) {
  for (const HyperparameterRule &rule : optimizer.hyperparameters) {
    if (rule.name == name) {
      return &rule;
    }
  }
  return nullptr;
}

/// Settings of PyTorch's optimizers that the step does not have; off is accepted.
constexpr std::string_view unsupportedSwitches[] = {"amsgrad", "maximize", "centered"};

/// Settings that choose an implementation in PyTorch and change nothing here.
constexpr std::string_view ignorableSwitches[] = {"foreach", "capturable", "differentiable",
                                                  "fused"};

/// "" or the rule of SGD that the recipe breaks.
std::string checkNesterov(const OptimizerSpec &spec) {
  auto value = [&](const char *name) {
    auto found = spec.hyperparameters().find(name);
    return found == spec.hyperparameters().end() ? 0.0 : found->second;
  };
  if (spec.nesterov() && (value("momentum") <= 0 || value("dampening") != 0)) {
    return "nesterov needs a momentum above 0 and no dampening";
  }
  return {};
}

/// The patterns of a group, and that its rate is given in one way.
void checkRateOf(const ParameterGroup &group, const std::string &where,
                 std::vector<Diagnostic> &problems) {
  if (!std::isfinite(group.lr_factor()) || group.lr_factor() < 0) {
    problems.push_back({where, rt::concat("lr_factor: expected a finite number of at least 0, "
                                          "found ",
                                          group.lr_factor())});
  }
  if (group.lr_factor() != 0 && group.hyperparameters().contains("lr")) {
    problems.push_back({where, "has both lr and lr_factor; expected one of them"});
  }
  if (group.patterns_size() == 0) {
    problems.push_back({where, "has no pattern"});
  }
  for (const std::string &text : group.patterns()) {
    if (auto pattern = NamePattern::parse(text); !pattern) {
      problems.push_back({where, pattern.status().message()});
    }
  }
}

void fillDefaults(const OptimizerRule &rule, OptimizerSpec &spec) {
  for (const HyperparameterRule &hyper : rule.hyperparameters) {
    spec.mutable_hyperparameters()->insert({std::string(hyper.name), hyper.byDefault});
  }
}

} // namespace

Status setHyperparameter(const OptimizerRule &rule, const Setting &setting, OptimizerSpec &spec) {
  std::string where = rt::concat("optimizer ", rule.name, ": ", setting.key);
  bool hasBetas = findRule(rule, "beta1") != nullptr;
  if (setting.key == "betas" && hasBetas) {
    auto betas = splitText(setting.value, ':');
    if (betas.size() != 2) {
      return failure(where, ": expected two numbers as 0.9:0.999, found ", quoted(setting.value));
    }
    for (int i = 0; i < 2; ++i) {
      Setting beta{i ? "beta2" : "beta1", betas[i], true};
      if (Status status = setHyperparameter(rule, beta, spec); !status) {
        return status;
      }
    }
    return Status::ok();
  }
  if (setting.key == "nesterov" && rule.name == "sgd") {
    auto on = truth(where, setting);
    if (on) {
      spec.set_nesterov(*on);
    }
    return on ? Status::ok() : on.status();
  }
  for (std::string_view name : unsupportedSwitches) {
    if (setting.key == name) {
      auto on = truth(where, setting);
      return on && !*on ? Status::ok() : failure(where, " is not supported; leave it out");
    }
  }
  for (std::string_view name : ignorableSwitches) {
    if (setting.key == name) {
      return failure(where,
                     " chooses an implementation in PyTorch and means nothing here; leave it out");
    }
  }
  const HyperparameterRule *hyper = findRule(rule, setting.key);
  if (!hyper) {
    std::vector<std::string> known;
    for (const HyperparameterRule &each : rule.hyperparameters) {
      known.emplace_back(each.name);
    }
    if (hasBetas) {
      known.push_back("betas");
    }
    if (rule.name == "sgd") {
      known.push_back("nesterov");
    }
    return failure("optimizer ", rule.name, " has no setting ", quoted(setting.key),
                   suggestion(setting.key, known));
  }
  auto value = finiteNumber(where, setting.value);
  if (!value) {
    return value.status();
  }
  if (std::string problem = checkRange(*hyper, *value); !problem.empty()) {
    return failure(where, ": ", problem);
  }
  (*spec.mutable_hyperparameters())[setting.key] = *value;
  return Status::ok();
}

std::string ownOptimizerName(const std::string &name) {
  const OptimizerRule *rule = findOptimizer(lowerCase(name));
  return rule ? std::string(rule->name) : name;
}

void completeOptimizer(OptimizerSpec &spec, std::vector<Diagnostic> &problems) {
  const OptimizerRule *rule = findOptimizer(spec.name());
  if (!rule) {
    std::string message =
        "unknown optimizer " + quoted(spec.name()) + suggestion(spec.name(), optimizerNames());
    problems.push_back({"", spec.name().empty() ? "the recipe names no optimizer" : message});
    return;
  }
  auto check = [&](const std::string &where, const auto &values) {
    for (const auto &[name, value] : std::map<std::string, double>(values.begin(), values.end())) {
      const HyperparameterRule *hyper = findRule(*rule, name);
      std::string problem = hyper ? checkRange(*hyper, value) : "is no setting of this optimizer";
      if (!problem.empty()) {
        problems.push_back({where + ": " + quoted(name), problem});
      }
    }
  };
  check("optimizer " + spec.name(), spec.hyperparameters());
  std::vector<std::string> names;
  for (const ParameterGroup &group : spec.groups()) {
    std::string where = "parameter group " + quoted(group.name());
    if (group.name().empty() || group.name().find('.') != std::string::npos) {
      problems.push_back({where, "a group needs a name without a dot"});
    }
    if (std::find(names.begin(), names.end(), group.name()) != names.end()) {
      problems.push_back({where, "the name is used twice"});
    }
    names.push_back(group.name());
    check(where, group.hyperparameters());
    checkRateOf(group, where, problems);
  }
  fillDefaults(*rule, spec);
  if (spec.nesterov() && rule->name != "sgd") {
    problems.push_back({"optimizer " + spec.name(), "has no nesterov"});
  } else if (std::string problem = checkNesterov(spec); !problem.empty()) {
    problems.push_back({"optimizer sgd", problem});
  }
}

Result<OptimizerSpec> parseOptimizer(std::string_view text) {
  auto flag = parseFlag("optimizer", text);
  if (!flag) {
    return flag.status();
  }
  const OptimizerRule *rule = findOptimizer(lowerCase(flag->name));
  if (!rule) {
    return failure("unknown optimizer ", quoted(flag->name),
                   suggestion(lowerCase(flag->name), optimizerNames()));
  }
  OptimizerSpec spec;
  spec.set_name(std::string(rule->name));
  for (const Setting &setting : flag->settings) {
    if (Status status = setHyperparameter(*rule, setting, spec); !status) {
      return status;
    }
  }
  fillDefaults(*rule, spec);
  if (std::string problem = checkNesterov(spec); !problem.empty()) {
    return failure("optimizer sgd: ", problem);
  }
  return spec;
}

} // namespace ntc::format
