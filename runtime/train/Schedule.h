// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A schedule of the program around the loop: a host function in f64 that is asked before every
// step. Those of recipes and flags are in Scheduler.h.
#pragma once

#include <cstdint>
#include <functional>

namespace ntc::rt::train {

/// A point in time: optimizer steps done since the run began, epoch from 0.
struct ScheduleTime {
  int64_t step = 0;
  int64_t epoch = 0;
};

/// From a time to the learning rate. Pure: the same time gives the same rate, so that a resumed run
/// continues exactly.
using Schedule = std::function<double(ScheduleTime)>;

} // namespace ntc::rt::train
