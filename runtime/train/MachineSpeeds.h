// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `ntc doctor --measure` found out about this machine, and the file that keeps it for `ntc
// plan
// --cost`.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ntc::rt::train {

/// All numbers are above 0, but for what needs two threads where there is one: 0 then.
struct MachineSpeeds {
  std::string processor;
  unsigned threads = 1;                  ///< that "all threads" below means
  double flopsOne = 0.0, flopsAll = 0.0; ///< f32 multiply-adds per second, two each; of one thread
                                         ///< and of all together
  uint64_t l1Bytes = 0, l2Bytes = 0;     ///< caches of a core
  uint64_t l3Bytes = 0;                  ///< the last-level cache
  double readL1 = 0.0, readL2 = 0.0;     ///< bytes per second into one thread
  double readL3 = 0.0, readMemory = 0.0; ///< the same
  double readMemoryAll = 0.0;            ///< into all threads together
  double readOther = 0.0;                ///< into one core what another one wrote
  double fork = 0.0;                     ///< seconds: an empty job on all threads, and its end
  double barrier = 0.0;                  ///< seconds: all threads meet within a job
  double call = 0.0;                     ///< seconds: an empty dispatch on one thread
};

/// Measures in some 4 s, with at most 256 MB of memory. `progress` is told what is measured next.
/// Errors: those of ThreadPool::create.
Result<MachineSpeeds> measureSpeeds(const std::function<void(std::string_view)> &progress);

/// The name of this machine's processor, as the file has it; "unknown" where the system has none.
std::string processorName();

/// A JSON object, and that object read. `path` is for messages. Errors: Corrupt, with the path and
/// what is wrong: no such object, a number that is missing, not finite or not positive.
std::string toJson(const MachineSpeeds &speeds);
Result<MachineSpeeds> parseSpeeds(std::string_view text, const std::string &path);

/// One line for each limit, with its unit; no newline behind the last.
std::string toText(const MachineSpeeds &speeds);

} // namespace ntc::rt::train
