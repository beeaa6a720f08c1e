// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which of an artifact's batch sizes a run uses. Shapes are static: a batch runs only through an
// entry of exactly its size, so a data set that does not divide needs one for its last batch too.
#pragma once

#include "runtime/base/Status.h"

#include <optional>
#include <span>
#include <string>

namespace ntc::rt::train {

/// The batch size of training: `requested`, else the first of `recipe` that `sizes` has, else the
/// greatest. Errors: InvalidArgument where the artifact lacks the requested size (with its sizes
/// and the line that compiles it).
Result<int64_t> chooseTrainSize(std::span<const int64_t> sizes, std::optional<int64_t> requested,
                                std::span<const int64_t> recipe, const std::string &model);

/// Checks that the last batch of an epoch over `samples` samples has an entry. Errors:
/// InvalidArgument naming the sizes, `--drop-last` and the line that compiles what is missing.
Status checkLastBatch(std::span<const int64_t> sizes, int64_t samples, int64_t batchSize,
                      const std::string &what, const std::string &model);

/// The batch size of an evaluation over `samples` samples: `requested`, else `preferred` or else
/// the greatest of `sizes` whose last batch has an entry too. With `dropLast` any size up to
/// `samples` does. Errors: as checkLastBatch.
Result<int64_t> chooseEvalSize(std::span<const int64_t> sizes, int64_t samples,
                               std::optional<int64_t> requested, int64_t preferred, bool dropLast,
                               const std::string &what, const std::string &model);

} // namespace ntc::rt::train
