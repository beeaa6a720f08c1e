// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which settings each schedule has, their ranges and defaults (those of torch.optim.lr_scheduler),
// and the checks that the readers of ScheduleSpec share.
#pragma once

#include "runtime/train/ScheduleSpec.h"

namespace ntc::rt::train {

/// What a number may be. `Above` excludes the lower limit.
enum class NumberKind : uint8_t { Whole, Number, Above, Truth };

/// One number of a schedule. A default of NaN means that the number is required, infinity that its
/// default depends on the run.
struct NumberRule {
  std::string_view name;
  NumberKind kind;
  double low, high;
  double byDefault;
  bool isPerGroup = false; ///< PyTorch takes a list, one number for each parameter group
};

struct WordRule {
  std::string_view name;
  std::vector<std::string_view> values; ///< empty: any text
  std::string_view byDefault;
};

struct ScheduleRule {
  std::string_view name;
  std::string_view torchName;
  std::vector<NumberRule> numbers;
  std::vector<WordRule> words = {};
  bool hasMilestones = false;
  bool hasFactors = false;
  bool hasSchedules = false;
};

const std::vector<ScheduleRule> &scheduleRules();

/// The rule of a name, ours or PyTorch's, in any case. Errors: InvalidArgument with the nearest.
Result<const ScheduleRule *> findScheduleRule(std::string_view name);

/// All settings that a flag may give.
std::vector<std::string_view> settingNames(const ScheduleRule &rule);

/// Each says what was expected; `found` is how the message shows the value.
Status checkNumber(const ScheduleRule &schedule, const NumberRule &rule, double value,
                   std::string_view found);
Status checkWord(const ScheduleRule &rule, std::string_view key, std::string_view value);
Status checkMilestones(const ScheduleRule &rule, std::span<const int64_t> milestones,
                       std::string_view found);
Status badSetting(std::string_view schedule, std::string_view setting, std::string_view expected,
                  std::string_view found);

/// Fills in defaults and checks what no single setting tells.
Status completeSchedule(const ScheduleRule &rule, ScheduleSpec &spec);

/// ASCII letters in lower case.
std::string lowerCase(std::string_view text);

} // namespace ntc::rt::train
