// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Timing of steps.
#include "runtime/train/Bench.h"

#include "runtime/format/Json.h"
#include "runtime/train/FixedBatches.h"
#include "runtime/train/OpenModel.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <sys/resource.h>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kWindows = 7;
constexpr double kWarmUpSeconds = 0.5;
constexpr double kDefaultSeconds = 3.0;
/// The clock is read once per this many steps of the least duration that matters, so that reading
/// it costs nothing.
constexpr double kClockSeconds = 20e-6;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Runs steps for at least `seconds` and returns how many ran per second.
Result<double> stepsPerSecond(exec::Session &session, const FixedBatches &batches, double seconds,
                              int64_t chunk, int64_t &step) {
  const Clock::time_point begin = Clock::now();
  int64_t done = 0;
  double elapsed = 0.0;
  do {
    for (int64_t i = 0; i < chunk; ++i, ++step) {
      Result<exec::StepResult> result = session.trainStep(batches[step]);
      if (!result) {
        return result.status();
      }
    }
    done += chunk;
    elapsed = since(begin);
  } while (elapsed < seconds);
  return static_cast<double>(done) / elapsed;
}

int64_t parameterCount(const artifact::Manifest &manifest) {
  int64_t count = 0;
  for (const artifact::StateSpec &state : manifest.states) {
    if (state.role == artifact::Role::Parameter) {
      count += static_cast<int64_t>(state.sizeBytes / sizeOf(state.dtype));
    }
  }
  return count;
}

double peakRssMb() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024.0 / 1e6;
}

std::string reportText(const BenchReport &report) {
  char buffer[256];
  std::snprintf(
      buffer, sizeof(buffer),
      "%s: %.1f steps/s (batch %lld, %u of %u threads), first step after %.1f ms, "
      "peak RSS %.1f MB, arena %.1f MB, %lld parameters",
      report.model.c_str(), report.stepsPerSecond, static_cast<long long>(report.batchSize),
      report.threadsUsed, report.threads, report.firstStepSeconds * 1e3, report.peakRssMb,
      static_cast<double>(report.peakArenaBytes) / 1e6, static_cast<long long>(report.params));
  return buffer;
}

} // namespace

Result<BenchReport> bench(std::shared_ptr<const artifact::Artifact> artifact,
                          const BenchOptions &options, double openSeconds) {
  exec::SessionOptions sessionOptions;
  sessionOptions.threads = static_cast<unsigned>(options.threads.value_or(0));
  sessionOptions.threadUse = options.allThreads ? exec::ThreadUse::All : exec::ThreadUse::Fastest;
  auto opened = openMeasured(std::move(artifact), sessionOptions, options.batchSize, options.model);
  if (!opened) {
    return opened.status();
  }
  exec::Session &session = *opened->session;
  const FixedBatches &batches = opened->batches;
  BenchReport report;
  int64_t step = 0;
  const Clock::time_point firstBegin = Clock::now();
  if (Result<exec::StepResult> result = session.trainStep(batches[step++]); !result) {
    return result.status();
  }
  report.firstStepSeconds = openSeconds + opened->createSeconds + since(firstBegin);
  Result<double> warm = stepsPerSecond(session, batches, kWarmUpSeconds, 1, step);
  if (!warm) {
    return warm.status();
  }
  const int64_t chunk = std::max<int64_t>(1, static_cast<int64_t>(*warm * kClockSeconds));
  std::array<double, kWindows> windows;
  for (double &window : windows) {
    Result<double> rate = stepsPerSecond(
        session, batches, options.seconds.value_or(kDefaultSeconds) / kWindows, chunk, step);
    if (!rate) {
      return rate.status();
    }
    window = *rate;
  }
  std::ranges::nth_element(windows, windows.begin() + kWindows / 2);
  report.model = session.manifest().modelName;
  report.batchSize = opened->batchSize;
  report.threads = session.threads();
  report.threadsUsed = session.threadsUsed();
  report.stepsPerSecond = windows[kWindows / 2];
  report.peakRssMb = peakRssMb();
  report.peakArenaBytes = session.arenaBytes();
  report.params = parameterCount(session.manifest());
  return report;
}

std::string toJson(const BenchReport &report) {
  format::JsonWriter json;
  json.beginObject();
  json.member("model", report.model);
  json.member("batch_size", report.batchSize);
  json.member("threads", report.threads);
  json.member("threads_used", report.threadsUsed);
  json.member("steps_per_s", report.stepsPerSecond);
  json.member("first_step_s", report.firstStepSeconds);
  json.member("peak_rss_mb", report.peakRssMb);
  json.member("peak_arena_bytes", static_cast<int64_t>(report.peakArenaBytes));
  json.member("params", report.params);
  json.endObject();
  return json.text();
}

Result<BenchReport> runBench(const BenchOptions &options, const Hooks &hooks) {
  const Clock::time_point begin = Clock::now();
  Result<std::string> path = artifactPath(options.model);
  if (!path) {
    return path.status();
  }
  auto artifact = artifact::Artifact::open(*path);
  if (!artifact) {
    return artifact.status();
  }
  Result<BenchReport> report = bench(artifact.take(), options, since(begin));
  if (report) {
    hooks.printLine(options.json ? toJson(*report) : reportText(*report));
  }
  return report;
}

} // namespace ntc::rt::train
