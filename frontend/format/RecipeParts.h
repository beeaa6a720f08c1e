// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What checks the parts of a recipe that came from a file or an API, and fills in their defaults.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/train_spec.pb.h"

#include <vector>

namespace ntc::format {

/// Fills in the reduction and the target's name, and appends what is wrong.
void completeLoss(LossSpec &spec, std::vector<Diagnostic> &problems);
/// Fills in the hyperparameters' defaults, and appends what is wrong in them and in the groups.
void completeOptimizer(OptimizerSpec &spec, std::vector<Diagnostic> &problems);

} // namespace ntc::format
