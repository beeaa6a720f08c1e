// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state that a run starts from: a checkpoint's, or fresh values by rules and from a file.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/LoopState.h"
#include "runtime/train/Options.h"
#include "runtime/train/Progress.h"

namespace ntc::rt::train {

/// Fills the session's state as `options` say, and `state` if the run is resumed. A resumed run
/// takes the newest checkpoint that is whole; a damaged one is passed over with a remark.
/// Errors: NotFound without a checkpoint; those of loadCheckpoint, applyInitRules, loadWeights.
Status loadState(exec::Session &session, const TrainOptions &options, Progress &progress,
                 LoopState &state);

} // namespace ntc::rt::train
