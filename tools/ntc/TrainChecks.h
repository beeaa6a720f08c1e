// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What can be refused before the compiler runs: everything that follows from the model file, the
// flags and the data sets alone. The loop checks all of it again, for artifacts come without us.
#pragma once

#include "runtime/train/Options.h"
#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

/// Checks `options`, completed by the model's recipe, for a run that would train `model`: flags
/// that exclude each other, the run folder, controls, metrics, and what is monitored. Errors:
/// InvalidArgument; Io for a folder that cannot be made.
Status checkTraining(const Model &model, rt::train::TrainOptions options);

/// Checks that the file `out` (of the flag `flag`) can be written: its folder is there, and it is
/// no folder itself. "-" and "" pass.
Status checkOutputFile(std::string_view flag, const std::string &out);

} // namespace ntc::driver
