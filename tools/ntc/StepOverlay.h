// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What flags and --spec say of a training step, laid over a model's recipe.
#pragma once

#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

/// Puts `given`, which is --spec's, and then the flags into `spec`, the recipe of `model`. What a
/// flag lists replaces the recipe's list. Errors: what is wrong with a flag, by its name.
Status overlay(const TrainSpec &given, const StepFlags &flags, const onnx::ModelProto &model,
               TrainSpec &spec);

} // namespace ntc::driver
