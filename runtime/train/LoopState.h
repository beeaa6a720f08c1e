// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the loop remembers beside the session: the values of completed epochs, from which schedules,
// early stopping and the mark `best` follow, and the sums of the running epoch. It is in every
// checkpoint (metadata `ntc.loop`), so that a resumed run decides as the whole one.
#pragma once

#include "runtime/train/Metrics.h"

namespace ntc::rt::train {

/// Metadata key of checkpoints.
inline constexpr std::string_view kLoopKey = "ntc.loop";

struct LoopState {
  /// Per completed epoch: training metrics by name, validation metrics with "val_" in front.
  std::vector<NamedValues> epochs;
  /// Of the running epoch, in the order of the program's metrics.
  std::vector<MeanParts> sums;
};

/// The value of a name; nothing where it is missing.
std::optional<double> valueOf(const NamedValues &values, std::string_view name);

/// JSON text; numbers are hexadecimal, so that every bit comes back, NaN and infinities included.
std::string toJson(const LoopState &state);
/// Errors: Corrupt.
Result<LoopState> parseLoopState(std::string_view json);

} // namespace ntc::rt::train
