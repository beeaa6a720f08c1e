// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clocks around steps and calls. The least of many times is what the code takes; all else is what
// came between.
#include "tools/ntc/MeasuredProgram.h"

#include "runtime/artifact/Artifact.h"

#include <algorithm>
#include <chrono>
#include <limits>

namespace ntc::driver {
namespace {

using rt::Result;
using rt::Status;
using Clock = std::chrono::steady_clock;

constexpr double kNever = std::numeric_limits<double>::infinity();
/// Until threads have chosen their number and caches are warm.
constexpr double kWarmUpSeconds = 0.1;
constexpr int64_t kWarmUpSteps = 3;
/// Steps that are timed together where they are short, so that reading the clock costs nothing.
constexpr double kWindowSeconds = 2e-3;
constexpr int kTurns = 5;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

} // namespace

Result<MeasuredProgram> MeasuredProgram::open(const std::string &path,
                                              std::optional<int64_t> batchSize) {
  auto artifact = rt::artifact::Artifact::open(path);
  if (!artifact) {
    return artifact.status();
  }
  auto measured = rt::train::openMeasured(artifact.take(), {}, batchSize, path);
  if (!measured) {
    return measured.status();
  }
  MeasuredProgram program(measured.take());
  program.reset();
  const Clock::time_point begin = Clock::now();
  while (program.step_ < kWarmUpSteps || since(begin) < kWarmUpSeconds) {
    if (Status status = program.run(1); !status) {
      return status;
    }
  }
  return program;
}

const rt::artifact::EntrySpec &MeasuredProgram::entry() const {
  return *measured_.session->entry(rt::artifact::EntryKind::TrainStep, measured_.batchSize);
}

void MeasuredProgram::reset() {
  leastStep_ = kNever;
  leastCalls_.assign(entry().calls.size(), kNever);
}

Status MeasuredProgram::run(int64_t steps) {
  for (int64_t i = 0; i < steps; ++i) {
    auto result = measured_.session->trainStep(measured_.batches[step_++]);
    if (!result) {
      return result.status();
    }
  }
  return {};
}

Status MeasuredProgram::timeSteps(double seconds) {
  const Clock::time_point begin = Clock::now();
  int64_t together = 1;
  do {
    const Clock::time_point window = Clock::now();
    if (Status status = run(together); !status) {
      return status;
    }
    const double each = since(window) / static_cast<double>(together);
    leastStep_ = std::min(leastStep_, each);
    together = std::max<int64_t>(1, static_cast<int64_t>(kWindowSeconds / each));
  } while (since(begin) < seconds);
  return {};
}

Status MeasuredProgram::timeCalls(double seconds) {
  const Clock::time_point begin = Clock::now();
  Clock::time_point called;
  measured_.session->observeCalls(
      {[&](uint32_t) { called = Clock::now(); },
       [&](uint32_t call) { leastCalls_[call] = std::min(leastCalls_[call], since(called)); }});
  Status status;
  do {
    status = run(1);
  } while (status && since(begin) < seconds);
  measured_.session->observeCalls({});
  return status;
}

LeastTimes MeasuredProgram::least() const {
  LeastTimes least{leastStep_, std::vector<double>(measured_.session->manifest().kernelCount, 0)};
  const auto &calls = entry().calls;
  for (size_t i = 0; i < calls.size(); ++i) {
    least.kernels[calls[i].kernel] += leastCalls_[i];
  }
  return least;
}

Status timeInTurns(MeasuredProgram &a, MeasuredProgram &b, double seconds, Timed what) {
  a.reset();
  b.reset();
  for (int turn = 0; turn < kTurns; ++turn) {
    for (MeasuredProgram *program : {&a, &b}) {
      Status status = what == Timed::Calls ? program->timeCalls(seconds / kTurns)
                                           : program->timeSteps(seconds / kTurns);
      if (!status) {
        return status;
      }
    }
  }
  return {};
}

} // namespace ntc::driver
