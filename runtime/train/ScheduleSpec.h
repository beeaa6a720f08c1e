// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A learning-rate schedule as data: PyTorch's class by name with its settings, from a flag's text
// or from the recipe. Everything impossible in itself is refused here; what depends on the program
// or on the length of the run is refused where the schedule is built (Scheduler.h).
//
//   cosine,t_max=20,eta_min=1e-5
//   multistep,milestones=30:60,gamma=0.1
//   onecycle,max_lr=0.1,interval=step
//   plateau,min_lr=0.001:0.01
//   sequential(linear,start_factor=0.1,total_iters=5;exponential,gamma=0.9),milestones=5
#pragma once

#include "runtime/base/Status.h"
#include "runtime/format/Json.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::train {

/// One schedule. Settings that the text leaves out are filled in with PyTorch's defaults, except
/// those whose default depends on the run (`total_steps`, `max_lr` of onecycle, `step_size_down`).
struct ScheduleSpec {
  std::string name;                         ///< of the table below; empty: a constant rate
  std::map<std::string, double> parameters; ///< numbers; true and false are 1 and 0
  /// Of settings that differ between parameter groups, the optimizer's own first; `parameters` has
  /// the first.
  std::map<std::string, std::vector<double>> perGroup;
  std::map<std::string, std::string> words; ///< mode, anneal_strategy, interval, monitor, …
  std::vector<int64_t> milestones;          ///< multistep, sequential
  std::vector<double> factors;              ///< lambda, multiplicative
  std::vector<ScheduleSpec> schedules;      ///< chained, sequential

  double number(std::string_view key) const { return parameters.find(std::string(key))->second; }
  double number(std::string_view key, size_t group) const {
    auto found = perGroup.find(std::string(key));
    return found == perGroup.end() ? number(key) : found->second[group];
  }
  bool has(std::string_view key) const { return parameters.contains(std::string(key)); }
  bool isSet(std::string_view key) const { return number(key) != 0.0; }
  std::string word(std::string_view key) const;
};

/// Names of all schedules, as flags write them. The names of PyTorch's classes are taken too.
std::span<const std::string_view> scheduleNames();

/// Reads a flag's text; "none" is the constant rate. Keys may be written as PyTorch writes them
/// (T_max). Errors: InvalidArgument that names the schedule, the setting and what was expected.
Result<ScheduleSpec> parseSchedule(std::string_view text);
/// Reads a recipe's member `schedule` (null: constant). Errors: as parseSchedule.
Result<ScheduleSpec> readSchedule(const format::JsonValue *spec);

/// The text that reads back to the same schedule; "none" for the constant rate.
std::string toText(const ScheduleSpec &spec);
/// ntc.ScheduleSpec in protobuf's JSON form.
void writeJson(const ScheduleSpec &spec, format::JsonWriter &out);

} // namespace ntc::rt::train
