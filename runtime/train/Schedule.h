// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Learning-rate schedules: host functions in f64 that the loop asks before every step.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/format/Json.h"

#include <cstdint>
#include <functional>

namespace ntc::rt::train {

/// The factor's point in time: steps done since the run began, epoch from 0.
struct ScheduleTime {
  int64_t step = 0;
  int64_t epoch = 0;
};

/// From a time to the learning rate. Pure: the same time gives the same rate, so that a resumed run
/// continues exactly.
using Schedule = std::function<double(ScheduleTime)>;

/// The same rate at all times.
Schedule constantSchedule(double learningRate);

/// The schedule that a TrainSpec names (its member "schedule" in JSON; null or empty: constant),
/// starting from `learningRate`. Units are epochs. Rates equal those of PyTorch's classes after
/// scheduler.step() per epoch, computed by the same recurrences:
///   step         lr_e = lr_{e-1} * gamma where e % step_size == 0
///   multistep    lr_e = lr_{e-1} * gamma^(times that e is among the milestones)
///   exponential  lr_e = lr_{e-1} * gamma
///   cosine       lr_e = (1 + cos(pi e / t_max)) / (1 + cos(pi (e-1) / t_max)) (lr_{e-1} - eta_min)
///   + eta_min
/// Errors: InvalidArgument for an unknown name (with the nearest) or a missing or impossible
/// parameter.
Result<Schedule> scheduleFromSpec(const format::JsonValue *spec, double learningRate);

} // namespace ntc::rt::train
