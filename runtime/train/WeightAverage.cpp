// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's order: update_parameters after steps or epochs, then update_bn over the training data.
#include "runtime/train/WeightAverage.h"

#include <algorithm>

namespace ntc::rt::train {

Status WeightAverage::afterStep(exec::Session &session, int64_t step, int64_t epochs) const {
  const int64_t every = std::max<int64_t>(recipe_.every, 1);
  // An ema starts after steps, a swa after epochs.
  const bool isDue = recipe_.isEma
                         ? step > recipe_.start && (step - recipe_.start) % every == 0
                         : recipe_.every > 0 && epochs >= recipe_.start && step % every == 0;
  return recipe_.isOn && isDue ? session.average() : Status::ok();
}

Result<bool> WeightAverage::afterEpoch(exec::Session &session, int64_t epoch,
                                       const std::atomic<bool> *stop) const {
  if (!recipe_.isOn || recipe_.isEma) {
    return true;
  }
  // Once for each epoch, also where an interrupted end of an epoch is done again.
  if (recipe_.every == 0 && session.averageUpdates() < epoch - recipe_.start) {
    if (Status status = session.average(); !status) {
      return status;
    }
  }
  return session.averageUpdates() > 0 ? estimateStatistics(session, stop) : true;
}

Result<bool> WeightAverage::estimateStatistics(exec::Session &session,
                                               const std::atomic<bool> *stop) const {
  if (!statistics_) {
    return true;
  }
  AveragedWeights averaged(session);
  data::Loader &loader = statistics_->loader();
  loader.start(0, 0);
  int64_t batches = 0;
  while (const data::Batch *batch = loader.next()) {
    if (Status status = session.setControl("bn_batches", static_cast<double>(batches)); !status) {
      return status;
    }
    if (Status status = session.updateBn(statistics_->views(*batch)); !status) {
      return withContext(status, "the statistics of batch normalization");
    }
    ++batches;
    if (stop != nullptr && stop->load()) {
      return false;
    }
  }
  if (!loader.status()) {
    return loader.status();
  }
  return true;
}

AveragedWeights::AveragedWeights(exec::Session &session)
    : session_(session.averageUpdates() > 0 && session.swapAverages() ? &session : nullptr) {}

AveragedWeights::~AveragedWeights() {
  if (session_ != nullptr) {
    static_cast<void>(session_->swapAverages()); // back is always possible
  }
}

} // namespace ntc::rt::train
