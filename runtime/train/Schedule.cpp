// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The recurrences of PyTorch's schedulers.
#include "runtime/train/Schedule.h"

#include "runtime/data/Suggest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <numbers>

namespace ntc::rt::train {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"constant", "step", "multistep", "exponential",
                                                    "cosine"};

/// lr of epoch e from e and lr of epoch e - 1, for e >= 1.
using Recurrence = std::function<double(int64_t, double)>;

/// Remembers the last epoch's rate: the loop asks for epochs in ascending order, mostly the same
/// one.
Schedule fromRecurrence(double learningRate, Recurrence next) {
  struct Memory {
    int64_t epoch = 0;
    double rate = 0.0;
  };
  auto memory = std::make_shared<Memory>(Memory{0, learningRate});
  return [memory, learningRate, next = std::move(next)](ScheduleTime time) {
    if (time.epoch < memory->epoch) {
      *memory = {0, learningRate};
    }
    while (memory->epoch < time.epoch) {
      ++memory->epoch;
      memory->rate = next(memory->epoch, memory->rate);
    }
    return memory->rate;
  };
}

Result<double> parameter(const format::JsonValue &spec, std::string_view schedule,
                         std::string_view name, std::optional<double> fallback) {
  const format::JsonValue *all = spec.find("parameters");
  const format::JsonValue *value = all ? all->find(name) : nullptr;
  std::optional<double> number = value ? value->asDouble() : fallback;
  if (!number || !std::isfinite(*number)) {
    return error(Code::InvalidArgument, "schedule '", schedule, "': expected a number for '", name,
                 "', found ", value ? "something else" : "nothing");
  }
  return *number;
}

Result<Schedule> stepSchedule(const format::JsonValue &spec, double learningRate) {
  Result<double> size = parameter(spec, "step", "step_size", std::nullopt);
  Result<double> gamma = parameter(spec, "step", "gamma", 0.1);
  if (!size || !gamma) {
    return size ? gamma.status() : size.status();
  }
  if (!(*size >= 1.0) || *size > 1e9 || *size != std::floor(*size)) {
    return error(Code::InvalidArgument, "schedule 'step': expected step_size to be a whole number ",
                 "of epochs from 1, found ", *size);
  }
  return fromRecurrence(learningRate, [every = static_cast<int64_t>(*size),
                                       factor = *gamma](int64_t epoch, double rate) {
    return epoch % every == 0 ? rate * factor : rate;
  });
}

Result<Schedule> multistepSchedule(const format::JsonValue &spec, double learningRate) {
  Result<double> gamma = parameter(spec, "multistep", "gamma", 0.1);
  if (!gamma) {
    return gamma.status();
  }
  std::vector<int64_t> milestones;
  if (const format::JsonValue *list = spec.find("milestones")) {
    for (const format::JsonValue &item : list->items()) {
      milestones.push_back(item.asInt64().value_or(-1));
    }
  }
  if (milestones.empty() || std::ranges::any_of(milestones, [](int64_t e) { return e < 0; })) {
    return error(Code::InvalidArgument, "schedule 'multistep': expected 'milestones' to be a list ",
                 "of epochs");
  }
  return fromRecurrence(learningRate, [milestones = std::move(milestones),
                                       factor = *gamma](int64_t epoch, double rate) {
    auto times = std::ranges::count(milestones, epoch);
    return times > 0 ? rate * std::pow(factor, static_cast<double>(times)) : rate;
  });
}

Result<Schedule> cosineSchedule(const format::JsonValue &spec, double learningRate) {
  Result<double> tMax = parameter(spec, "cosine", "t_max", std::nullopt);
  Result<double> etaMin = parameter(spec, "cosine", "eta_min", 0.0);
  if (!tMax || !etaMin) {
    return tMax ? etaMin.status() : tMax.status();
  }
  if (!(*tMax > 0.0)) {
    return error(Code::InvalidArgument, "schedule 'cosine': expected t_max above 0, found ", *tMax);
  }
  auto next = [base = learningRate, period = *tMax, least = *etaMin](int64_t epoch, double rate) {
    const double e = static_cast<double>(epoch);
    // The recurrence divides by zero one epoch after a minimum; PyTorch's formula for that epoch.
    if (std::fmod(e - 1.0 - period, 2.0 * period) == 0.0) {
      return rate + (base - least) * (1.0 - std::cos(std::numbers::pi / period)) / 2.0;
    }
    return (1.0 + std::cos(std::numbers::pi * e / period)) /
               (1.0 + std::cos(std::numbers::pi * (e - 1.0) / period)) * (rate - least) +
           least;
  };
  return fromRecurrence(learningRate, next);
}

} // namespace

Schedule constantSchedule(double learningRate) {
  return [learningRate](ScheduleTime) { return learningRate; };
}

Result<Schedule> scheduleFromSpec(const format::JsonValue *spec, double learningRate) {
  const format::JsonValue *name = spec ? spec->find("name") : nullptr;
  if (!name || name->text().empty() || name->text() == "constant") {
    return constantSchedule(learningRate);
  }
  if (name->text() == "step") {
    return stepSchedule(*spec, learningRate);
  }
  if (name->text() == "multistep") {
    return multistepSchedule(*spec, learningRate);
  }
  if (name->text() == "exponential") {
    Result<double> gamma = parameter(*spec, "exponential", "gamma", std::nullopt);
    if (!gamma) {
      return gamma.status();
    }
    return fromRecurrence(learningRate,
                          [factor = *gamma](int64_t, double rate) { return rate * factor; });
  }
  if (name->text() == "cosine") {
    return cosineSchedule(*spec, learningRate);
  }
  return error(Code::InvalidArgument, "the model's recipe names an unknown schedule ",
               quoted(name->text()), data::didYouMean(name->text(), kNames));
}

} // namespace ntc::rt::train
