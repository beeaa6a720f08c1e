// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Clocks around kernel calls, and three ways to write down what they read.
#include "runtime/train/Profile.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"
#include "runtime/train/FixedBatches.h"
#include "runtime/train/OpenModel.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kWarmUpSteps = 3;
constexpr int64_t kDefaultSteps = 20;

double medianOf(std::vector<double> values) {
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The least seconds that a call can take on the threads that have groups to work on.
double computeLimitOf(const CallProfile &call, const device::MachineLimits &limits,
                      unsigned threads) {
  return static_cast<double>(call.flops) /
         (limits.flopsPerSecond * std::min<double>(threads, call.groups));
}

double limitOf(const CallProfile &call, const device::MachineLimits &limits, unsigned threads) {
  return std::max(computeLimitOf(call, limits, threads),
                  static_cast<double>(call.bytes) / limits.bytesPerSecond);
}

double shareOf(const CallProfile &call) {
  return call.seconds > 0.0 ? std::min(1.0, call.limit / call.seconds) : 0.0;
}

/// "43% compute", "90% memory", or "cache": operands that come faster than memory gives them lie in
/// a cache, for which there is no limit to compare with.
std::string limitText(const CallProfile &call, const ProfileReport &report) {
  const double seconds = std::max(call.seconds, 1e-12);
  const double compute = computeLimitOf(call, report.limits, report.threads) / seconds;
  const double memory = static_cast<double>(call.bytes) / report.limits.bytesPerSecond / seconds;
  char text[32];
  if (memory > 1.0) {
    std::snprintf(text, sizeof(text), "%.0f%% compute", 100.0 * compute);
    return compute > 0.1 ? text : "in cache";
  }
  std::snprintf(text, sizeof(text), "%.0f%% %s", 100.0 * std::max(compute, memory),
                compute >= memory ? "compute" : "memory");
  return text;
}

} // namespace

Result<ProfileReport> profile(std::shared_ptr<const artifact::Artifact> artifact,
                              const ProfileOptions &options) {
  exec::SessionOptions sessionOptions;
  sessionOptions.threads = static_cast<unsigned>(options.threads.value_or(0));
  auto opened = openMeasured(std::move(artifact), sessionOptions, options.batchSize, options.model);
  if (!opened) {
    return opened.status();
  }
  exec::Session &session = *opened->session;
  const artifact::EntrySpec &entry =
      *session.entry(artifact::EntryKind::TrainStep, opened->batchSize);
  ProfileReport report;
  report.model = session.manifest().modelName;
  report.batchSize = opened->batchSize;
  report.threads = session.threads();
  report.steps = options.steps.value_or(kDefaultSteps);
  report.limits =
      device::measureLimits(session.manifest().precision == "f64" ? DType::F64 : DType::F32);
  std::vector<std::vector<double>> seconds(entry.calls.size());
  Clock::time_point origin = Clock::now(), begin;
  auto since = [](Clock::time_point from, Clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
  };
  exec::CallObserver observer;
  observer.before = [&](uint32_t) { begin = Clock::now(); };
  observer.after = [&](uint32_t call) {
    Clock::time_point end = Clock::now();
    seconds[call].push_back(since(begin, end));
    report.spans.push_back({call, since(origin, begin), since(origin, end)});
  };
  for (int64_t step = 0; step < kWarmUpSteps + report.steps; ++step) {
    if (step == kWarmUpSteps) {
      session.observeCalls(observer);
      origin = Clock::now();
    }
    if (Result<exec::StepResult> result = session.trainStep(opened->batches[step]); !result) {
      return result.status();
    }
  }
  for (size_t i = 0; i < entry.calls.size(); ++i) {
    const artifact::CallSpec &spec = entry.calls[i];
    CallProfile call{spec.name, spec.kernel, spec.groupCount, spec.flops, spec.bytes, 0.0, 0.0};
    call.seconds = medianOf(seconds[i]);
    call.limit = limitOf(call, report.limits, report.threads);
    report.stepSeconds += call.seconds;
    report.calls.push_back(std::move(call));
  }
  return report;
}

std::string toJson(const ProfileReport &report) {
  format::JsonWriter json;
  json.beginObject();
  json.member("model", report.model);
  json.member("batch_size", report.batchSize);
  json.member("threads", static_cast<int64_t>(report.threads));
  json.member("steps", report.steps);
  json.member("step_s", report.stepSeconds);
  json.member("flops_per_s", report.limits.flopsPerSecond);
  json.member("bytes_per_s", report.limits.bytesPerSecond);
  json.key("calls");
  json.beginArray();
  for (const CallProfile &call : report.calls) {
    json.beginObject();
    json.member("name", call.name);
    json.member("kernel", static_cast<int64_t>(call.kernel));
    json.member("groups", static_cast<int64_t>(call.groups));
    json.member("flops", static_cast<int64_t>(call.flops));
    json.member("bytes", static_cast<int64_t>(call.bytes));
    json.member("seconds", call.seconds);
    json.member("share_of_limit", shareOf(call));
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

std::string toTrace(const ProfileReport &report) {
  format::JsonWriter json;
  json.beginObject();
  json.member("displayTimeUnit", "ms");
  json.key("traceEvents");
  json.beginArray();
  for (const CallSpan &span : report.spans) {
    const CallProfile &call = report.calls[span.call];
    json.beginObject();
    json.member("name", call.name);
    json.member("ph", "X");
    json.member("pid", int64_t{0});
    json.member("tid", int64_t{0});
    json.member("ts", span.begin * 1e6);
    json.member("dur", (span.end - span.begin) * 1e6);
    json.key("args");
    json.beginObject();
    json.member("call", static_cast<int64_t>(span.call));
    json.member("flops", static_cast<int64_t>(call.flops));
    json.member("bytes", static_cast<int64_t>(call.bytes));
    json.endObject();
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

std::string toText(const ProfileReport &report) {
  std::vector<const CallProfile *> sorted;
  for (const CallProfile &call : report.calls) {
    sorted.push_back(&call);
  }
  std::ranges::sort(sorted, [](const CallProfile *a, const CallProfile *b) {
    return a->seconds != b->seconds ? a->seconds > b->seconds : a < b;
  });
  char line[256];
  std::snprintf(line, sizeof(line),
                "%s: %.1f us in %zu calls (batch %lld, %u thread%s, %lld steps); one core: %.1f "
                "GFLOP/s, %.1f GB/s\n",
                report.model.c_str(), report.stepSeconds * 1e6, report.calls.size(),
                static_cast<long long>(report.batchSize), report.threads,
                report.threads == 1 ? "" : "s", static_cast<long long>(report.steps),
                report.limits.flopsPerSecond * 1e-9, report.limits.bytesPerSecond * 1e-9);
  std::string text = line;
  text += "        us   time    GFLOP/s     GB/s      of limit  groups  dispatch\n";
  for (const CallProfile *call : sorted) {
    double seconds = std::max(call->seconds, 1e-12);
    std::snprintf(line, sizeof(line), "%10.1f %5.1f%% %10.1f %8.1f %13s %7u  %s\n", seconds * 1e6,
                  100.0 * seconds / std::max(report.stepSeconds, 1e-12),
                  static_cast<double>(call->flops) / seconds * 1e-9,
                  static_cast<double>(call->bytes) / seconds * 1e-9,
                  limitText(*call, report).c_str(), call->groups, call->name.c_str());
    text += line;
  }
  text.pop_back();
  return text;
}

Result<ProfileReport> runProfile(const ProfileOptions &options, const Hooks &hooks) {
  Result<std::string> path = artifactPath(options.model);
  if (!path) {
    return path.status();
  }
  auto artifact = artifact::Artifact::open(*path);
  if (!artifact) {
    return artifact.status();
  }
  Result<ProfileReport> report = profile(artifact.take(), options);
  if (!report) {
    return report;
  }
  hooks.printLine(options.json ? toJson(*report) : toText(*report));
  if (!options.trace.empty()) {
    const std::string trace = toTrace(*report);
    auto bytes = std::span(reinterpret_cast<const uint8_t *>(trace.data()), trace.size());
    if (Status status = writeFileAtomically(options.trace, bytes); !status) {
      return status;
    }
  }
  return report;
}

} // namespace ntc::rt::train
