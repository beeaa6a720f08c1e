// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linear regression with momentum whose kernels are written by hand, so that the loop is tested
// without a compiler.
#pragma once

#include "runtime/artifact/Artifact.h"

#include <memory>
#include <vector>

namespace ntc::rt::train {

struct TinyOptions {
  std::vector<int64_t> sizes = {8}; ///< batch sizes of all entries; at most four
  std::string recipe{};             ///< TrainSpec in JSON
  bool hasLearningRate = true;
  bool hasAverage = false; ///< entries average and update_bn
};

/// y = x w with three inputs. States w (parameter) and optimizer.momentum_buffer.w. Metrics: loss,
/// the mean squared error, and correct, the share of samples with an error below 0.5. The gradient
/// has noise drawn from (seed, step), as dropout has, so that a run continues exactly only with its
/// seed and step. Predict has the output "out" (B, 1).
/// With an average: states swa.w, swa.count and running, the mean of x over batches as update_bn
/// estimates it.
std::shared_ptr<const artifact::Artifact> tinyProgram(const TinyOptions &options = {});

} // namespace ntc::rt::train
