// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The batch sizes that a run over a data set needs: shapes are static, so the last batch of an
// epoch has an entry of its own.
#pragma once

#include "runtime/data/OpenDataset.h"
#include "runtime/train/Options.h"
#include "tools/ntc/ModelInput.h"

namespace ntc::driver {

/// Sizes for training `model` as `options` say, the training batch first: the batch, the last one
/// of an epoch, the last ones of validation and of the part for tests. Errors: those of the data
/// set, and what the model does not take of it (shapes, labels, transforms).
Result<std::vector<int64_t>> trainSizes(const Model &model, const rt::train::TrainOptions &options);

/// Sizes for evaluating on `samples` in batches of `batchSize`.
std::vector<int64_t> evalSizes(int64_t samples, int64_t batchSize, bool dropLast);

} // namespace ntc::driver
