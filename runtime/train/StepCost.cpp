// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic of the model, and its constants.
#include "runtime/train/StepCost.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

// Chosen so that the model's steps lie near the sums of `ntc profile --threads 1` of the workloads
// of tools/bench/workloads.py, on an AMD EPYC with AVX-512; the same for all of them. Single
// dispatches with products ran at 0.7 to 0.98 of the peak in linear layers and in wide convolutions
// forward, and at 0.3 to 0.5 in gradients of small convolutions.
constexpr double kProductRate = 0.75;    ///< of the peak
constexpr double kOtherRate = 0.15;      ///< of the peak
constexpr double kOtherPerElement = 1.0; ///< operations
constexpr double kReadRate = 0.8;        ///< of a bandwidth of reading: writes are among the bytes
constexpr double kStepCalls = 100.0;     ///< empty calls that the session's own work is worth

/// Multiply-adds per second of one of `working` threads.
double threadPeak(const MachineSpeeds &speeds, unsigned working) {
  if (speeds.threads <= 1 || working <= 1) {
    return speeds.flopsOne;
  }
  const double alone = 1.0 / speeds.flopsOne, busy = speeds.threads / speeds.flopsAll;
  const double share = std::min(1.0, (working - 1.0) / (speeds.threads - 1.0));
  return 1.0 / (alone + (busy - alone) * share);
}

struct Source {
  double bytesPerSecond = 0.0; ///< into all working threads together
  Bound bound = Bound::Cache;
};

/// Where `working` threads read from: the mean over their part of the session, and the farthest
/// place that gives at least half of the time.
Source sourceOf(const MachineSpeeds &speeds, const CostSetting &setting, unsigned working) {
  const double part = std::max(1.0, static_cast<double>(setting.sessionBytes) / working);
  const double l1 = std::min(part, static_cast<double>(speeds.l1Bytes));
  const double l2 = std::clamp(part - l1, 0.0, static_cast<double>(speeds.l2Bytes));
  const double l3 = std::clamp(part - l1 - l2, 0.0, static_cast<double>(speeds.l3Bytes) / working);
  const double caches = l1 / speeds.readL1 + l2 / speeds.readL2 + l3 / speeds.readL3;
  const double most = std::max(speeds.readMemory, speeds.readMemoryAll);
  const double memory =
      (part - l1 - l2 - l3) / (std::min(most, speeds.readMemory * working) / working);
  return {working * part / (caches + memory), memory > caches ? Bound::Memory : Bound::Cache};
}

unsigned threadsOf(const MachineSpeeds &speeds, const CostSetting &setting) {
  return std::clamp(setting.threads, 1u, std::max(1u, speeds.threads));
}

double computeSeconds(const artifact::CallSpec &call, const MachineSpeeds &speeds,
                      const CostSetting &setting, unsigned working) {
  const auto flops = static_cast<double>(call.flops);
  const double elements = static_cast<double>(call.bytes) / std::max(1u, setting.elementBytes);
  const double others = std::min(flops, kOtherPerElement * elements);
  const double groups = std::max(1u, call.groupCount);
  const double most = (std::max(1u, call.groupCount) + working - 1) / working;
  const double perFlop = setting.elementBytes / 4.0 / threadPeak(speeds, working);
  return ((flops - others) / kProductRate + others / kOtherRate) * perFlop * most / groups;
}

} // namespace

std::string_view nameOf(Bound bound) {
  switch (bound) {
  case Bound::Compute:
    return "compute";
  case Bound::Cache:
    return "cache";
  case Bound::Memory:
    return "memory";
  case Bound::Fork:
    break;
  }
  return "fork";
}

CallCost callCost(const artifact::CallSpec &call, const MachineSpeeds &speeds,
                  const CostSetting &setting) {
  const unsigned working = std::min(threadsOf(speeds, setting), std::max(1u, call.groupCount));
  const double compute = computeSeconds(call, speeds, setting, working);
  const Source source = sourceOf(speeds, setting, working);
  const double traffic = static_cast<double>(call.bytes) / (kReadRate * source.bytesPerSecond);
  const double around = speeds.call + (working > 1 ? speeds.barrier : 0.0);
  const double work = std::max(compute, traffic);
  Bound bound = compute >= traffic ? Bound::Compute : source.bound;
  return {work + around, around > work ? Bound::Fork : bound};
}

StepCost stepCost(const std::vector<artifact::CallSpec> &calls, const MachineSpeeds &speeds,
                  const CostSetting &setting) {
  const unsigned threads = threadsOf(speeds, setting);
  StepCost cost;
  const bool forks = threads > 1 && std::ranges::any_of(calls, [](const artifact::CallSpec &call) {
                       return call.groupCount > 1;
                     });
  cost.seconds = kStepCalls * speeds.call + (forks ? speeds.fork : 0.0);
  for (const artifact::CallSpec &call : calls) {
    cost.calls.push_back(callCost(call, speeds, setting));
    cost.seconds += cost.calls.back().seconds;
    cost.floor += static_cast<double>(call.flops) * setting.elementBytes / 4.0 /
                  (threads * threadPeak(speeds, threads));
  }
  return cost;
}

} // namespace ntc::rt::train
