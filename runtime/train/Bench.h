// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The measurement behind `bench`: training steps per second on synthetic batches.
#pragma once

#include "runtime/train/Hooks.h"
#include "runtime/train/Options.h"

#include <memory>

namespace ntc::rt::artifact {
class Artifact;
}

namespace ntc::rt::train {

/// Times are wall-clock seconds. Eight fixed synthetic batches are used in turn, so that reading
/// data is not measured.
struct BenchReport {
  std::string model;
  int64_t batchSize = 0;
  unsigned threads = 0;
  unsigned threadsUsed = 0; ///< in most steps
  double stepsPerSecond =
      0.0; ///< median of seven windows of equal length, after 0.5 s of warming up
  double firstStepSeconds = 0.0; ///< from opening the artifact to the end of the first step
  double peakRssMb = 0.0;        ///< of the process, 10^6 bytes
  uint64_t peakArenaBytes = 0;   ///< the session's one allocation
  int64_t params = 0;            ///< elements of all parameters
};

/// Measures an artifact that is open already; `openSeconds` is what opening took.
Result<BenchReport> bench(std::shared_ptr<const artifact::Artifact> artifact,
                          const BenchOptions &options, double openSeconds);

/// The report as one JSON object with the keys steps_per_s, first_step_s, peak_rss_mb,
/// peak_arena_bytes, params, batch_size, threads, threads_used, model.
std::string toJson(const BenchReport &report);

/// The verb bench on an artifact. Prints the report. Errors: as Artifact::open; InvalidArgument for
/// the batch size.
Result<BenchReport> runBench(const BenchOptions &options, const Hooks &hooks);

} // namespace ntc::rt::train
