// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds out afterwards which layer first computed a value that is not finite. Steps are repeatable
// bit for bit, so that nothing has to be watched before it is needed.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Feed.h"
#include "runtime/train/LearningRates.h"

#include <atomic>
#include <functional>
#include <string>

namespace ntc::rt::train {

/// Steps of one epoch that are made again. Everything must outlive the call.
struct ReplayJob {
  exec::Session &session; ///< its state is lost
  Feed &feed;
  LearningRates &rates;                           ///< as they were during the steps
  int64_t accumulate = 1;                         ///< batches per step
  std::function<Status(exec::Session &)> restore; ///< brings the session to where the steps begin
  const std::atomic<bool> *stop = nullptr;        ///< may be null
};

/// Makes the steps again up to step `last` (from 1), whose loss or parameters are not finite. The
/// last two are made with every value checked; where a state is not finite before those, all are.
/// Returns a sentence that names the first value, the layer and the step; empty where `stop` turned
/// true or the steps did not come out the same. Errors: those of `restore` and the data.
Result<std::string> firstNotFinite(const ReplayJob &job, int64_t last);

} // namespace ntc::rt::train
