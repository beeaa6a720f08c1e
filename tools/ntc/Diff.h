// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ways in which `ntc diff` gets values to compare.
#pragma once

#include "tools/ntc/DiffTensors.h"
#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

struct DiffOptions {
  double tolerance = 0.0;
  int64_t steps = 1;
  uint64_t seed = 0;
  std::optional<int64_t> batchSize;
};

/// Two safetensors files, tensor by tensor.
Status diffStates(const std::string &a, const std::string &b, DiffReport &report);

/// Two artifacts: parameters after `init`, then metrics and state after each of `steps` steps on
/// equal random batches. Ends after the first step with a difference.
Status diffArtifacts(const std::string &a, const std::string &b, const DiffOptions &options,
                     DiffReport &report);

/// Two programs as MLIR text, in phases from differentiated to fused, by the reference interpreter.
std::optional<ModelProblem> diffPrograms(const std::string &a, const std::string &b,
                                         const DiffOptions &options, DiffReport &report);

/// Two phases of one model.
std::optional<ModelProblem> diffPhases(const Model &model, pipelines::Phase a, pipelines::Phase b,
                                       const DiffOptions &options, DiffReport &report);

} // namespace ntc::driver
