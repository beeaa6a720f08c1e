// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a training step spends its time: every kernel call with its work and the share of the
// machine's limit that it reaches.
#pragma once

#include "runtime/device/MachineLimits.h"
#include "runtime/train/Hooks.h"
#include "runtime/train/Options.h"

#include <memory>
#include <vector>

namespace ntc::rt::artifact {
class Artifact;
}

namespace ntc::rt::train {

/// One call of the plan. Times are wall-clock seconds of the calling thread.
struct CallProfile {
  std::string name; ///< of the dispatch: the layers that it came from
  uint32_t kernel = 0;
  uint32_t groups = 1;  ///< work groups that threads share
  uint64_t flops = 0;   ///< floating-point operations
  uint64_t bytes = 0;   ///< of all operands, each counted once
  double seconds = 0.0; ///< median over the measured steps
  double limit = 0.0;   ///< the least seconds that flops or bytes take at the machine's limits
};

/// One call of one step on the time line, in seconds from the first measured step on.
struct CallSpan {
  uint32_t call = 0;
  double begin = 0.0, end = 0.0;
};

struct ProfileReport {
  std::string model;
  int64_t batchSize = 0;
  unsigned threads = 0;
  int64_t steps = 0;
  double stepSeconds = 0.0;       ///< sum of the calls' medians
  device::MachineLimits limits;   ///< of one core
  std::vector<CallProfile> calls; ///< in the order of the plan
  std::vector<CallSpan> spans;
};

/// Profiles an artifact that is open already, after a few steps of warming up. With several threads
/// every call is a parallel region of its own, so that the step is slower than without observation.
Result<ProfileReport> profile(std::shared_ptr<const artifact::Artifact> artifact,
                              const ProfileOptions &options);

/// One JSON object: model, batch_size, threads, steps, step_s, flops_per_s and bytes_per_s of one
/// core, and `calls` in the order of the plan with name, kernel, groups, flops, bytes, seconds and
/// share_of_limit.
std::string toJson(const ProfileReport &report);

/// Chrome's trace format (chrome://tracing, Perfetto): one complete event per call and step.
std::string toTrace(const ProfileReport &report);

/// A table, slowest calls first.
std::string toText(const ProfileReport &report);

/// The verb profile on an artifact: prints the report and writes the trace if one is wanted.
/// Errors: as Artifact::open; InvalidArgument for the batch size; Io for the trace.
Result<ProfileReport> runProfile(const ProfileOptions &options, const Hooks &hooks);

} // namespace ntc::rt::train
