// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A session for the verbs that use a trained model: from a run folder, or from an artifact and a
// checkpoint.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/Options.h"

namespace ntc::rt::train {

/// The artifact that a path means: itself, or model.so in a run folder. Errors: NotFound.
Result<std::string> artifactPath(const std::string &model);

/// Opens the program and loads its state: `options.checkpoint` of a run folder (`best`, `latest`)
/// or a file; where it is empty, the best or else the latest of the run folder, and the program's
/// initial state for an artifact, with a remark. A file that is no checkpoint of this program is
/// taken as weights by state_dict names. Errors: NotFound, Corrupt, InvalidArgument as
/// loadCheckpoint and loadWeights.
Result<std::unique_ptr<exec::Session>> openModel(const ModelOptions &options, const Hooks &hooks);

} // namespace ntc::rt::train
