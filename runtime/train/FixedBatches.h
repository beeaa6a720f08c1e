// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Synthetic batches that stay in memory, for measurements in which reading data does not count.
#pragma once

#include "runtime/train/Feed.h"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace ntc::rt::train {

/// Eight batches that are used in turn. The views point to the loader that owns each batch.
class FixedBatches {
public:
  /// For the training step of `batchSize`, which the session must have.
  static Result<FixedBatches> create(const exec::Session &session, int64_t batchSize);

  /// The batch of step `step`, counted from 0.
  std::span<const exec::TensorView> operator[](int64_t step) const;

private:
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<std::span<const exec::TensorView>> views_;
};

/// A session with batches to measure it by.
struct MeasuredSession {
  std::unique_ptr<exec::Session> session;
  int64_t batchSize = 0;
  FixedBatches batches;
  double createSeconds = 0.0; ///< that the session took, without the batches
};

/// `name` is the model in messages; nothing for `batchSize`: as chooseTrainSize. Errors: the
/// session's, and InvalidArgument for a size that the program has no step for.
Result<MeasuredSession> openMeasured(std::shared_ptr<const artifact::Artifact> artifact,
                                     const exec::SessionOptions &options,
                                     std::optional<int64_t> batchSize, const std::string &name);

} // namespace ntc::rt::train
