// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a run ends whose loss or parameters are no numbers any more: with the layer that made them
// so.
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Replay.h"
#include "runtime/train/Trainer.h"

#include "runtime/exec/StateFile.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ntc::rt::train {

std::string Trainer::replayed(std::string_view what) {
  // A checkpoint is written at every end of an epoch: the steps since then are of one epoch.
  const bool isWithinEpoch = !job_.folder.empty() || epoch_ == 0;
  if (check_ || !hooks_.findsNotFinite || !isWithinEpoch || hooks_.isStopped()) {
    return "";
  }
  const std::string path =
      checkpointStep_ > 0 ? Checkpoints::view(job_.folder).path(checkpointStep_) : "";
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - savedAt_).count();
  char about[32];
  std::snprintf(about, sizeof(about), "%.*f s", seconds < 10 ? 1 : 0, seconds);
  progress_.clear();
  progress_.message(concat("note: ", what, "; looking for the layer: ", step_ - checkpointStep_,
                           " steps again from ", path.empty() ? "the first values" : path,
                           ", about ", about, "; Ctrl-C leaves it out"));
  auto restore = [&](exec::Session &session) {
    return path.empty() ? job_.firstValues(session)
                        : exec::loadCheckpoint(session, path, exec::ProgramCheck::StateOnly);
  };
  Result<std::string> found = firstNotFinite({.session = *job_.session,
                                              .feed = *job_.feed,
                                              .rates = job_.rates,
                                              .accumulate = job_.dryRun ? 1 : job_.accumulate,
                                              .restore = restore,
                                              .stop = hooks_.stop},
                                             step_);
  return found ? *found : found.status().message();
}

Status Trainer::notFinite(double loss) {
  return stoppedAt(concat("the loss is ", std::isnan(loss) ? "nan" : "infinite"), epoch_ + 1);
}

Status Trainer::stoppedAt(std::string_view what, int64_t epoch) {
  const std::string at = concat(what, " at step ", step_, " (epoch ", epoch, ")");
  const std::string found = replayed(at);
  // Also one of an earlier process.
  const std::string newest = checkpoint_.empty() && checkpointStep_ > 0 && !job_.folder.empty()
                                 ? Checkpoints::view(job_.folder).path(checkpointStep_)
                                 : checkpoint_;
  const std::string kept = newest.empty() ? std::string("no checkpoint was written before")
                                          : concat("the last checkpoint is '", newest, "'");
  return error(Code::Cancelled, at, ": training stopped; ", found, found.empty() ? "" : "; ", kept,
               "; a smaller --lr may help",
               found.empty() && !check_
                   ? "; with --check-numerics the first value that is not finite is named"
                   : "");
}

Status Trainer::checkParameters() {
  for (const std::string &name : notFiniteParameters(*job_.session)) {
    if (std::ranges::find(notFiniteBefore_, name) == notFiniteBefore_.end()) {
      return stoppedAt(concat("parameter ", quoted(name), " is nan or infinite after the update"),
                       epoch_ + (cursor_ > 0 ? 1 : 0));
    }
  }
  return Status::ok();
}

} // namespace ntc::rt::train
