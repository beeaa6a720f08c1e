// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loss of a recipe: its flag, what each loss may be given, and its defaults.
#include "frontend/format/FlagText.h"
#include "frontend/format/Names.h"
#include "frontend/format/RecipeParts.h"
#include "frontend/format/SpecFlags.h"

#include <algorithm>
#include <cmath>

namespace ntc::format {
namespace {

struct LossRule {
  std::string_view name;
  bool classes;
  std::string_view torchName;
};
constexpr LossRule lossRules[] = {{"cross_entropy", true, "CrossEntropyLoss"},
                                  {"nll", true, "NLLLoss"},
                                  {"mse", false, "MSELoss"},
                                  {"l1", false, "L1Loss"},
                                  {"bce", false, "BCELoss"},
                                  {"bce_with_logits", false, "BCEWithLogitsLoss"}};

const LossRule *findLoss(std::string_view name) {
  for (const LossRule &rule : lossRules) {
    if (rule.name == name || rule.torchName == name) {
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

const char *defaultTarget(const LossRule &rule, const LossSpec &spec) {
  return rule.classes && !spec.probabilities() ? "label" : "target";
}

} // namespace

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
    spec.set_target(defaultTarget(*rule, spec));
  }
  for (const LossTerm &term : spec.terms()) {
    if (term.value().empty() || !std::isfinite(term.weight())) {
      problems.push_back(
          {where, rt::concat("term ", quoted(term.value()),
                             ": expected the name of a value and a finite weight, found ",
                             term.weight())});
    }
  }
}

void replaceLoss(TrainSpec &spec, const LossSpec &loss, const onnx::ModelProto &model) {
  LossSpec old = std::move(*spec.mutable_loss());
  *spec.mutable_loss() = loss;
  const LossRule *rule = findLoss(loss.name());
  bool classes = rule && rule->classes && !loss.probabilities();
  bool ownTarget = rule && !loss.target().empty() && loss.target() != defaultTarget(*rule, loss);
  for (const onnx::ValueInfoProto &input : model.graph().input()) {
    if (input.name() == old.target() && !classes && !ownTarget) {
      spec.mutable_loss()->set_target(old.target());
    }
  }
  if (loss.terms_size() == 0) {
    spec.mutable_loss()->mutable_terms()->Swap(old.mutable_terms());
  }
  spec.clear_metrics();
  if (classes) {
    spec.add_metrics("accuracy");
  }
}

std::string ownLossName(const std::string &name) {
  const LossRule *rule = findLoss(name);
  return rule ? std::string(rule->name) : name;
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
  spec.set_name(std::string(rule->name));
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

} // namespace ntc::format
