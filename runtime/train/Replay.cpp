// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop of an epoch without anything but its steps.
#include "runtime/train/Replay.h"

#include "runtime/train/NumericCheck.h"

#include <optional>

namespace ntc::rt::train {
namespace {

struct Found {
  std::string sentence;   ///< empty: nothing
  bool isEarlier = false; ///< a state was not finite before the first step that was checked
};

/// Makes the steps again, from step `checked` on with the check.
Result<Found> replay(const ReplayJob &job, int64_t checked, int64_t last) {
  exec::Session &session = job.session;
  if (Status status = job.restore(session); !status) {
    return status;
  }
  job.rates.forget();
  data::Loader &loader = job.feed.loader();
  const exec::Position begin = session.position();
  int64_t step = begin.step;
  int64_t batches = (begin.cursor + loader.batchSize() - 1) / loader.batchSize();
  std::optional<NumericCheck> check;
  loader.start(static_cast<uint64_t>(begin.epoch), begin.cursor);
  while (const data::Batch *batch = loader.next()) {
    if (step >= last || (job.stop && job.stop->load(std::memory_order_relaxed))) {
      return Found{};
    }
    if (!check && step + 1 >= checked) {
      check.emplace(session);
      if (step > begin.step && !check->checkStates()) {
        return Found{"", true};
      }
    }
    if (Status status = job.rates.apply(session, {step, begin.epoch}); !status) {
      return status;
    }
    const bool isLast = batch->cursor >= loader.samplesPerEpoch();
    const bool updates = isLast || ++batches % job.accumulate == 0;
    const std::span<const exec::TensorView> views = job.feed.views(*batch);
    auto result =
        check     ? check->run(updates ? NumericCheck::Step::Train : NumericCheck::Step::Accumulate,
                               views)
        : updates ? session.trainStep(views)
                  : session.accumulateStep(views);
    if (!result && result.status().code() == Code::Cancelled) {
      return Found{concat("step ", step + 1, ": ", result.status().message())};
    }
    if (!result) {
      return result.status();
    }
    step += updates ? 1 : 0;
  }
  return loader.status() ? Result<Found>(Found{}) : loader.status();
}

} // namespace

Result<std::string> firstNotFinite(const ReplayJob &job, int64_t last) {
  Result<Found> found = replay(job, last - 1, last);
  if (found && found->isEarlier) {
    found = replay(job, 0, last);
  }
  return found ? Result<std::string>(found->sentence) : found.status();
}

} // namespace ntc::rt::train
