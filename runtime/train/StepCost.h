// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long a step should take on a machine whose limits are known: the model of `ntc plan --cost`.
//
// A call takes what its slowest part takes:
//   compute   products / (kProductRate F) + others / (kOtherRate F), times the share of the groups
//             of the thread with the most of them. F is a thread's measured peak with as many busy.
//   traffic   bytes / (kReadRate B), split over the threads that have groups. B is the measured
//             time of a byte of a thread's part of the session: as much of it as fits the first
//             cache comes from there, what fits the second one from there, and so on.
// and in front of it the cost of a call; where it is split, behind it a barrier. The step adds
// kStepCalls calls, what the session does around it, and a fork where any call is split.
//
// An artifact counts operations and bytes, not kinds of work. A value of an operand takes part in a
// few operations where work goes element by element, and in many where sums of products run over
// it: the first kOtherPerElement operations per element count as others, the rest as products.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/train/MachineSpeeds.h"

#include <vector>

namespace ntc::rt::train {

enum class Bound : uint8_t { Compute, Cache, Memory, Fork };

/// "compute", "cache", "memory", "fork". Fork: calling and waiting take longer than the work.
std::string_view nameOf(Bound bound);

struct CallCost {
  double seconds = 0.0; ///< above 0
  Bound bound = Bound::Compute;
};

/// What a prediction is for.
struct CostSetting {
  unsigned threads = 1;      ///< from 1; more than the machine has are predicted like them
  uint64_t sessionBytes = 0; ///< of the arena
  unsigned elementBytes = 4; ///< of a number, from 1
};

/// Seconds of one call. `call`: flops, bytes and groups count; no groups are one. Grows with flops
/// and bytes. Pure.
CallCost callCost(const artifact::CallSpec &call, const MachineSpeeds &speeds,
                  const CostSetting &setting);

struct StepCost {
  double seconds = 0.0; ///< of the step: its calls and what is around them
  double floor = 0.0;   ///< seconds: all operations at the peak of the threads
  std::vector<CallCost> calls;
};

/// All calls of an entry, in order.
StepCost stepCost(const std::vector<artifact::CallSpec> &calls, const MachineSpeeds &speeds,
                  const CostSetting &setting);

} // namespace ntc::rt::train
