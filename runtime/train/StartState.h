// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The session and the state that a run starts from: its seed; a checkpoint, or fresh values by
// rules and from a file.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/LoopState.h"
#include "runtime/train/Options.h"
#include "runtime/train/Progress.h"
#include "runtime/train/Recipe.h"

namespace ntc::rt::train {

/// A session with the seed of a run: the flag's, else the recipe's, else the program's own. Errors:
/// as Session::create.
Result<std::unique_ptr<exec::Session>>
createSession(std::shared_ptr<const artifact::Artifact> artifact, const TrainOptions &options,
              const Recipe &recipe);

/// Fills the session's state as `options` say, and `state` if the run is resumed. A resumed run
/// takes the newest checkpoint that is whole; a damaged one is passed over with a remark.
/// Errors: NotFound without a checkpoint; those of loadCheckpoint, applyInitRules, loadWeights.
Status loadState(exec::Session &session, const TrainOptions &options, Progress &progress,
                 LoopState &state);

} // namespace ntc::rt::train
