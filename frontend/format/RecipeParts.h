// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What checks the parts of a recipe that came from a file or an API, and fills in their defaults.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/FlagText.h"
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/train_spec.pb.h"

#include <vector>

namespace ntc::format {

/// Fills in the reduction and the target's name, and appends what is wrong.
void completeLoss(LossSpec &spec, std::vector<Diagnostic> &problems);
/// Fills in the hyperparameters' defaults, and appends what is wrong in them and in the groups.
void completeOptimizer(OptimizerSpec &spec, std::vector<Diagnostic> &problems);
/// Puts a setting of the optimizer `rule` into `spec`: a hyperparameter, betas, nesterov. Errors:
/// what is wrong with it.
Status setHyperparameter(const OptimizerRule &rule, const Setting &setting, OptimizerSpec &spec);
/// Fills in the decay of an average, and appends what is wrong with it.
void completeAverage(AverageSpec &average, std::vector<Diagnostic> &problems);
/// Appends what is wrong with gradual unfreezing.
void completeUnfreeze(const TrainSpec &spec, std::vector<Diagnostic> &problems);
/// Appends what is wrong with clipping and penalties.
void completeGradients(const TrainSpec &spec, std::vector<Diagnostic> &problems);

} // namespace ntc::format
