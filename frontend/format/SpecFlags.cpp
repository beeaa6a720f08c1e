// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Flags are split at commas, settings at the first '=', lists at ':'. Numbers are read by
// std::from_chars, which knows no locale, and must use the whole text.
#include "frontend/format/SpecFlags.h"

#include "frontend/format/Names.h"
#include "frontend/format/OptimizerFunctions.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace ntc::format {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
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

struct Setting {
  std::string key;
  std::string value;
  bool hasValue = false;
};

struct Flag {
  std::string name;
  std::vector<Setting> settings;
};

/// `flag` is what messages call it: "optimizer".
Result<Flag> parseFlag(std::string_view flag, std::string_view text) {
  Flag result;
  std::vector<std::string> parts = split(text, ',');
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

template <typename T> std::optional<T> parseNumber(std::string_view text) {
  T value{};
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = problem == std::errc() && end == text.data() + text.size();
  return whole ? std::optional<T>(value) : std::nullopt;
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
  for (const std::string &part : split(text, ':')) {
    auto value = finiteNumber(where, part);
    if (!value) {
      return value.status();
    }
    values.push_back(static_cast<float>(*value));
  }
  return values;
}

std::vector<std::string> optimizerNames() {
  std::vector<std::string> names;
  for (const OptimizerRule &rule : optimizerRules()) {
    names.emplace_back(rule.name);
  }
  return names;
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

Status setOptimizer(const OptimizerRule &rule, const Setting &setting, OptimizerSpec &spec) {
  std::string where = rt::concat("optimizer ", rule.name, ": ", setting.key);
  bool hasBetas = findRule(rule, "beta1") != nullptr;
  if (setting.key == "betas" && hasBetas) {
    auto betas = split(setting.value, ':');
    if (betas.size() != 2) {
      return failure(where, ": expected two numbers as 0.9:0.999, found ", quoted(setting.value));
    }
    for (int i = 0; i < 2; ++i) {
      Setting beta{i ? "beta2" : "beta1", betas[i], true};
      if (Status status = setOptimizer(rule, beta, spec); !status) {
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

void fillDefaults(const OptimizerRule &rule, OptimizerSpec &spec) {
  for (const HyperparameterRule &hyper : rule.hyperparameters) {
    spec.mutable_hyperparameters()->insert({std::string(hyper.name), hyper.byDefault});
  }
}

struct LossRule {
  std::string_view name;
  bool classes;
};
constexpr LossRule lossRules[] = {{"cross_entropy", true},
                                  {"nll", true},
                                  {"mse", false},
                                  {"l1", false},
                                  {"bce_with_logits", false}};

const LossRule *findLoss(std::string_view name) {
  for (const LossRule &rule : lossRules) {
    if (rule.name == name) {
      return &rule;
    }
  }
  return nullptr;
}

std::string unknownLoss(std::string_view name) {
  std::vector<std::string> names;
  for (const LossRule &rule : lossRules) {
    names.emplace_back(rule.name);
  }
  return "unknown loss " + quoted(name) + suggestion(name, names);
}

std::vector<std::string> lossSettings(const LossRule &rule) {
  std::vector<std::string> settings = {"reduction", "target"};
  if (rule.classes) {
    settings.insert(settings.end(), {"weight", "ignore_index"});
  }
  if (rule.name == "cross_entropy") {
    settings.insert(settings.end(), {"label_smoothing", "probabilities"});
  }
  if (rule.name == "bce_with_logits") {
    settings.push_back("pos_weight");
  }
  return settings;
}

Status setLoss(const LossRule &rule, const Setting &setting, LossSpec &spec) {
  std::string where = rt::concat("loss ", rule.name, ": ", setting.key);
  std::vector<std::string> known = lossSettings(rule);
  if (std::find(known.begin(), known.end(), setting.key) == known.end()) {
    return failure("loss ", rule.name, " has no setting ", quoted(setting.key),
                   suggestion(setting.key, known));
  }
  if (setting.key == "reduction") {
    spec.set_reduction(setting.value);
  } else if (setting.key == "target") {
    spec.set_target(setting.value);
  } else if (setting.key == "probabilities") {
    auto on = truth(where, setting);
    if (!on) {
      return on.status();
    }
    spec.set_probabilities(*on);
  } else if (setting.key == "label_smoothing") {
    auto value = finiteNumber(where, setting.value);
    if (!value) {
      return value.status();
    }
    spec.set_label_smoothing(*value);
  } else if (setting.key == "ignore_index") {
    auto value = parseNumber<int64_t>(setting.value);
    if (!value) {
      return failure(where, ": expected an integer, found ", quoted(setting.value));
    }
    spec.set_ignore_index(*value);
  } else {
    auto values = numberList(where, setting.value);
    if (!values) {
      return values.status();
    }
    auto &list = setting.key == "weight" ? *spec.mutable_weight() : *spec.mutable_pos_weight();
    list.Assign(values->begin(), values->end());
  }
  return Status::ok();
}

/// Fills in the reduction and lists what is wrong.
void completeLoss(LossSpec &spec, std::vector<Diagnostic> &problems) {
  const LossRule *rule = findLoss(spec.name());
  if (!rule) {
    problems.push_back(
        {"", spec.name().empty() ? "the recipe names no loss" : unknownLoss(spec.name())});
    return;
  }
  std::string where = "loss " + spec.name();
  if (spec.reduction().empty()) {
    spec.set_reduction("mean");
  }
  if (spec.reduction() == "none") {
    problems.push_back(
        {where, "reduction none leaves no scalar to differentiate; use mean or sum"});
  } else if (spec.reduction() != "mean" && spec.reduction() != "sum") {
    problems.push_back(
        {where, "reduction: expected mean or sum, found " + quoted(spec.reduction())});
  }
  if (!(spec.label_smoothing() >= 0 && spec.label_smoothing() <= 1)) {
    problems.push_back({where, rt::concat("label_smoothing: expected a number in [0, 1], found ",
                                          spec.label_smoothing())});
  }
  auto misplaced = [&](const char *setting, bool present, bool allowed) {
    if (present && !allowed) {
      problems.push_back({where, std::string("has no ") + setting});
    }
  };
  misplaced("label_smoothing", spec.label_smoothing() != 0, rule->name == "cross_entropy");
  misplaced("probabilities", spec.probabilities(), rule->name == "cross_entropy");
  misplaced("weight", spec.weight_size() != 0, rule->classes);
  misplaced("ignore_index", spec.has_ignore_index(), rule->classes);
  misplaced("pos_weight", spec.pos_weight_size() != 0, rule->name == "bce_with_logits");
  misplaced("ignore_index when the target holds probabilities", spec.has_ignore_index(),
            !spec.probabilities());
  for (const auto *list : {&spec.weight(), &spec.pos_weight()}) {
    for (float value : *list) {
      if (!std::isfinite(value) || value < 0) {
        problems.push_back(
            {where, rt::concat("weights must be finite and at least 0, found ", double{value})});
        break;
      }
    }
  }
  if (spec.target().empty()) {
    spec.set_target(rule->classes && !spec.probabilities() ? "label" : "target");
  }
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
  }
  fillDefaults(*rule, spec);
  if (spec.nesterov() && rule->name != "sgd") {
    problems.push_back({"optimizer " + spec.name(), "has no nesterov"});
  } else if (std::string problem = checkNesterov(spec); !problem.empty()) {
    problems.push_back({"optimizer sgd", problem});
  }
}

} // namespace

Result<OptimizerSpec> parseOptimizer(std::string_view text) {
  auto flag = parseFlag("optimizer", text);
  if (!flag) {
    return flag.status();
  }
  const OptimizerRule *rule = findOptimizer(flag->name);
  if (!rule) {
    return failure("unknown optimizer ", quoted(flag->name),
                   suggestion(flag->name, optimizerNames()));
  }
  OptimizerSpec spec;
  spec.set_name(flag->name);
  for (const Setting &setting : flag->settings) {
    if (Status status = setOptimizer(*rule, setting, spec); !status) {
      return status;
    }
  }
  fillDefaults(*rule, spec);
  if (std::string problem = checkNesterov(spec); !problem.empty()) {
    return failure("optimizer sgd: ", problem);
  }
  return spec;
}

Result<LossSpec> parseLoss(std::string_view text) {
  auto flag = parseFlag("loss", text);
  if (!flag) {
    return flag.status();
  }
  const LossRule *rule = findLoss(flag->name);
  if (!rule) {
    return failure(unknownLoss(flag->name));
  }
  LossSpec spec;
  spec.set_name(flag->name);
  for (const Setting &setting : flag->settings) {
    if (Status status = setLoss(*rule, setting, spec); !status) {
      return status;
    }
  }
  std::vector<Diagnostic> problems;
  completeLoss(spec, problems);
  if (!problems.empty()) {
    return failure(problems[0].str());
  }
  return spec;
}

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
      for (const std::string &part : split(setting.value, ':')) {
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

std::vector<Diagnostic> complete(TrainSpec &spec) {
  std::vector<Diagnostic> problems;
  completeLoss(*spec.mutable_loss(), problems);
  completeOptimizer(*spec.mutable_optimizer(), problems);
  for (const auto *patterns : {&spec.frozen(), &spec.eval_layers()}) {
    for (const std::string &pattern : *patterns) {
      if (auto parsed = NamePattern::parse(pattern); !parsed) {
        problems.push_back({"", parsed.status().message()});
      }
    }
  }
  if (!std::isfinite(spec.clip().max_norm()) || spec.clip().max_norm() < 0) {
    problems.push_back(
        {"clip", rt::concat("max_norm: expected a finite number of at least 0, found ",
                            spec.clip().max_norm())});
  }
  for (const std::string &metric : spec.metrics()) {
    if (metric != "accuracy") {
      problems.push_back({"", "unknown metric " + quoted(metric) + "; known: accuracy"});
    }
  }
  return problems;
}

} // namespace ntc::format
