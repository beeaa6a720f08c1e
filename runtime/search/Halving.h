// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Successive halving: many trials train a little, the best of them further. Asynchronous (ASHA: Li
// and others, A System for Massively Parallel Hyperparameter Tuning, 2020): a trial goes on as soon
// as it is among the best of its rung so far. Synchronous: when its rung is full.
#pragma once

#include "runtime/search/Space.h"

#include <optional>
#include <span>

namespace ntc::rt::search {

struct HalvingOptions {
  int64_t leastEpochs = 1; ///< of the first rung
  int64_t mostEpochs = 1;  ///< of the last one
  int64_t factor = 3;      ///< one in so many goes on; the next rung is so many times longer
  bool isAsynchronous = true;
};

/// Epochs of the rungs: least, least·factor, …, most. Errors: InvalidArgument for least > most, a
/// factor below 2 or epochs below 1.
Result<std::vector<int64_t>> rungsOf(const HalvingOptions &options);

/// The paused trial that goes on now, from the highest rung down, or nothing. `begun`: every trial
/// of the search has been begun (synchronous rungs are full only then).
std::optional<size_t> promote(std::span<const Trial> trials, size_t rungs,
                              const HalvingOptions &options, bool maximize, bool begun);

} // namespace ntc::rt::search
