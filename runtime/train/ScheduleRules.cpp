// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of schedules and what it checks.
#include "runtime/train/ScheduleRules.h"

#include "runtime/data/Suggest.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ntc::rt::train {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRequired = std::numeric_limits<double>::quiet_NaN();
constexpr double kFromRun = kInfinity;
/// Greater whole numbers could not be counted exactly in f64.
constexpr double kMost = 1e15;

std::string expectedText(const NumberRule &rule) {
  const char *what = rule.kind == NumberKind::Whole ? "a whole number" : "a number";
  std::string least = concat(rule.kind == NumberKind::Above ? " above " : " from ", rule.low);
  return rule.high >= 1e6 ? concat(what, least) : concat(what, least, " to ", rule.high);
}

Status checkParts(const ScheduleRule &rule, const ScheduleSpec &spec) {
  if (rule.hasSchedules && spec.schedules.empty()) {
    return error(Code::InvalidArgument, "schedule ", rule.name, " needs schedules: ", rule.name,
                 "(linear,total_iters=5;exponential,gamma=0.9)");
  }
  if (rule.hasMilestones && spec.milestones.empty() && spec.schedules.size() != 1) {
    return error(Code::InvalidArgument, "schedule ", rule.name, " needs milestones");
  }
  if (rule.hasFactors && spec.factors.empty()) {
    return error(Code::InvalidArgument, "schedule ", rule.name, " needs factors");
  }
  if (rule.hasSchedules && rule.hasMilestones &&
      spec.milestones.size() + 1 != spec.schedules.size()) {
    return error(Code::InvalidArgument, "schedule sequential: expected ", spec.schedules.size() - 1,
                 " milestones between ", spec.schedules.size(), " schedules, found ",
                 spec.milestones.size());
  }
  for (const ScheduleSpec &child : spec.schedules) {
    if (child.name.empty() || child.name == "plateau" || !child.schedules.empty()) {
      return error(Code::InvalidArgument, "schedule ", rule.name, " cannot contain ",
                   child.name.empty() ? "none" : child.name);
    }
    if (child.words.contains("interval")) {
      return error(Code::InvalidArgument, "schedule ", rule.name,
                   ": interval belongs to it, not to the ", child.name, " in it");
    }
  }
  return Status::ok();
}

/// Ranges that two settings make together, in every parameter group.
Status checkOrder(const ScheduleSpec &spec, std::string_view low, std::string_view high) {
  size_t groups = 1;
  for (const auto &[key, values] : spec.perGroup) {
    groups = values.size();
  }
  for (size_t i = 0; i < groups && spec.has(high); ++i) {
    if (spec.number(low, i) > spec.number(high, i)) {
      return error(Code::InvalidArgument, "schedule ", spec.name, ": ", low, " ",
                   spec.number(low, i), " is above ", high, " ", spec.number(high, i));
    }
  }
  return Status::ok();
}

Status checkRanges(const ScheduleRule &rule, const ScheduleSpec &spec) {
  size_t groups = 0;
  for (const auto &[key, values] : spec.perGroup) {
    if (groups != 0 && groups != values.size()) {
      return error(Code::InvalidArgument, "schedule ", rule.name, ": ", key, " has ", values.size(),
                   " values, another setting has ", groups);
    }
    groups = values.size();
  }
  const bool cycles = rule.name == "onecycle" || rule.name == "cyclic";
  Status status = cycles && spec.isSet("cycle_momentum")
                      ? checkOrder(spec, "base_momentum", "max_momentum")
                      : Status::ok();
  return status && rule.name == "cyclic" ? checkOrder(spec, "base_lr", "max_lr") : status;
}

/// OneCycleLR takes its length in two ways.
Status completeLength(ScheduleSpec &spec) {
  if (spec.has("epochs") != spec.has("steps_per_epoch")) {
    return error(Code::InvalidArgument, "schedule onecycle: epochs and steps_per_epoch belong "
                                        "together; without both, total_steps is the run's");
  }
  if (spec.has("epochs")) {
    spec.parameters.emplace("total_steps", spec.number("epochs") * spec.number("steps_per_epoch"));
    spec.parameters.erase("epochs");
    spec.parameters.erase("steps_per_epoch");
  }
  return Status::ok();
}

} // namespace

const std::vector<ScheduleRule> &scheduleRules() {
  static const NumberRule gamma = {"gamma", NumberKind::Number, 0, kInfinity, 0.1};
  static const NumberRule totalIters = {"total_iters", NumberKind::Whole, 1, kMost, 5};
  static const NumberRule etaMin = {"eta_min", NumberKind::Number, 0, kInfinity, 0};
  static const NumberRule cycles = {"cycle_momentum", NumberKind::Truth, 0, 1, 1};
  static const std::vector<ScheduleRule> all = {
      {"constant", "ConstantLR", {{"factor", NumberKind::Above, 0, 1, 1.0 / 3}, totalIters}, {}},
      {"linear",
       "LinearLR",
       {{"start_factor", NumberKind::Above, 0, 1, 1.0 / 3},
        {"end_factor", NumberKind::Number, 0, 1, 1.0},
        totalIters},
       {}},
      {"lambda", "LambdaLR", {}, {}, false, true},
      {"multiplicative", "MultiplicativeLR", {}, {}, false, true},
      {"step", "StepLR", {{"step_size", NumberKind::Whole, 1, kMost, kRequired}, gamma}, {}},
      {"multistep", "MultiStepLR", {gamma}, {}, true},
      {"exponential",
       "ExponentialLR",
       {{"gamma", NumberKind::Number, 0, kInfinity, kRequired}},
       {}},
      {"polynomial",
       "PolynomialLR",
       {totalIters, {"power", NumberKind::Number, 0, kInfinity, 1.0}},
       {}},
      {"cosine",
       "CosineAnnealingLR",
       {{"t_max", NumberKind::Above, 0, kMost, kRequired}, etaMin},
       {}},
      {"cosine_restarts",
       "CosineAnnealingWarmRestarts",
       {{"t_0", NumberKind::Whole, 1, kMost, kRequired},
        {"t_mult", NumberKind::Whole, 1, 1e6, 1},
        etaMin},
       {}},
      {"onecycle",
       "OneCycleLR",
       {{"max_lr", NumberKind::Above, 0, kInfinity, kFromRun, true},
        {"total_steps", NumberKind::Whole, 1, kMost, kFromRun},
        {"epochs", NumberKind::Whole, 1, kMost, kFromRun},
        {"steps_per_epoch", NumberKind::Whole, 1, kMost, kFromRun},
        {"pct_start", NumberKind::Number, 0, 1, 0.3},
        cycles,
        {"base_momentum", NumberKind::Number, 0, 1, 0.85, true},
        {"max_momentum", NumberKind::Number, 0, 1, 0.95, true},
        {"div_factor", NumberKind::Above, 0, kInfinity, 25.0},
        {"final_div_factor", NumberKind::Above, 0, kInfinity, 1e4},
        {"three_phase", NumberKind::Truth, 0, 1, 0}},
       {{"anneal_strategy", {"cos", "linear"}, "cos"}}},
      {"cyclic",
       "CyclicLR",
       {{"base_lr", NumberKind::Number, 0, kInfinity, kRequired, true},
        {"max_lr", NumberKind::Number, 0, kInfinity, kRequired, true},
        {"step_size_up", NumberKind::Whole, 1, kMost, 2000},
        {"step_size_down", NumberKind::Whole, 1, kMost, kFromRun},
        {"gamma", NumberKind::Number, 0, kInfinity, 1.0},
        cycles,
        {"base_momentum", NumberKind::Number, 0, 1, 0.8, true},
        {"max_momentum", NumberKind::Number, 0, 1, 0.9, true}},
       {{"mode", {"triangular", "triangular2", "exp_range"}, "triangular"}}},
      {"plateau",
       "ReduceLROnPlateau",
       {{"factor", NumberKind::Number, 0, 1, 0.1},
        {"patience", NumberKind::Whole, 0, kMost, 10},
        {"threshold", NumberKind::Number, 0, kInfinity, 1e-4},
        {"cooldown", NumberKind::Whole, 0, kMost, 0},
        {"min_lr", NumberKind::Number, 0, kInfinity, 0, true},
        {"eps", NumberKind::Number, 0, kInfinity, 1e-8}},
       {{"mode", {"min", "max"}, "min"},
        {"threshold_mode", {"rel", "abs"}, "rel"},
        {"monitor", {}, "val_loss"}}},
      {"chained", "ChainedScheduler", {}, {}, false, false, true},
      {"sequential", "SequentialLR", {}, {}, true, false, true},
  };
  return all;
}

std::string lowerCase(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return out;
}

Result<const ScheduleRule *> findScheduleRule(std::string_view name) {
  for (const ScheduleRule &rule : scheduleRules()) {
    if (rule.name == name || lowerCase(rule.torchName) == lowerCase(name)) {
      return &rule;
    }
  }
  return error(Code::InvalidArgument, "unknown schedule ", quoted(name),
               data::didYouMean(name, scheduleNames()));
}

Status badSetting(std::string_view schedule, std::string_view setting, std::string_view expected,
                  std::string_view found) {
  return error(Code::InvalidArgument, "schedule ", schedule, ": ", setting, ": expected ", expected,
               ", found ", found);
}

Status checkNumber(const ScheduleRule &schedule, const NumberRule &rule, double value,
                   std::string_view found) {
  bool fits = rule.kind == NumberKind::Above ? value > rule.low : value >= rule.low;
  bool isWhole = rule.kind != NumberKind::Whole || value == std::floor(value);
  bool isTruth = rule.kind != NumberKind::Truth || value == 0.0 || value == 1.0;
  // PyTorch asks for a factor below 1: with 1 nothing is ever reduced.
  bool isReduction = schedule.name != "plateau" || rule.name != "factor" || value < 1.0;
  if (!std::isfinite(value) || !fits || value > rule.high || !isWhole || !isTruth || !isReduction) {
    return badSetting(schedule.name, rule.name,
                      isReduction ? expectedText(rule) : "a number below 1", found);
  }
  return Status::ok();
}

Status checkWord(const ScheduleRule &rule, std::string_view key, std::string_view value) {
  std::vector<std::string_view> allowed = {"epoch", "step"};
  auto word = std::ranges::find(rule.words, key, &WordRule::name);
  if (word != rule.words.end()) {
    allowed = word->values;
  } else if (key != "interval" || rule.name == "plateau") {
    return error(Code::InvalidArgument, "schedule ", rule.name, " has no setting ", quoted(key),
                 data::didYouMean(key, settingNames(rule)));
  }
  if (value.empty() || (!allowed.empty() && std::ranges::find(allowed, value) == allowed.end())) {
    std::string names;
    for (std::string_view each : allowed) {
      names += concat(names.empty() ? "" : " or ", each);
    }
    return badSetting(rule.name, key, names.empty() ? "a name" : names, quoted(value));
  }
  return Status::ok();
}

Status checkMilestones(const ScheduleRule &rule, std::span<const int64_t> milestones,
                       std::string_view found) {
  int64_t last = 0;
  for (int64_t milestone : milestones) {
    if (milestone <= last) {
      return badSetting(rule.name, "milestones", "ascending numbers from 1 as 30:60", found);
    }
    last = milestone;
  }
  return Status::ok();
}

std::vector<std::string_view> settingNames(const ScheduleRule &rule) {
  std::vector<std::string_view> names;
  for (const NumberRule &number : rule.numbers) {
    names.push_back(number.name);
  }
  for (const WordRule &word : rule.words) {
    names.push_back(word.name);
  }
  if (rule.hasMilestones) {
    names.push_back("milestones");
  }
  if (rule.hasFactors) {
    names.push_back("factors");
  }
  if (rule.name != "plateau") {
    names.push_back("interval");
  }
  return names;
}

Status completeSchedule(const ScheduleRule &rule, ScheduleSpec &spec) {
  for (const NumberRule &number : rule.numbers) {
    std::string key(number.name);
    if (std::isnan(number.byDefault) && !spec.parameters.contains(key)) {
      return error(Code::InvalidArgument, "schedule ", rule.name, " needs ", number.name);
    }
    if (std::isfinite(number.byDefault)) {
      spec.parameters.emplace(key, number.byDefault);
    }
  }
  for (const WordRule &word : rule.words) {
    spec.words.emplace(std::string(word.name), std::string(word.byDefault));
  }
  Status status = checkParts(rule, spec);
  status = status && rule.name == "onecycle" ? completeLength(spec) : status;
  return status ? checkRanges(rule, spec) : status;
}

} // namespace ntc::rt::train
