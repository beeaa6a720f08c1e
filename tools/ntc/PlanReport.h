// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The memory of one entry of a compiled program: bytes by role, the peak, what is alive at it.
#pragma once

#include "runtime/artifact/Manifest.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ntc::driver {

struct LiveTensor {
  std::string name;
  std::string role;
  uint64_t sizeBytes = 0;
};

struct PlanReport {
  std::string entry;
  int64_t batchSize = 0;
  uint64_t arenaBytes = 0;  ///< of a session, all entries: what is really allocated
  uint64_t alwaysBytes = 0; ///< slots that live in all entries
  uint64_t peakBytes =
      0;                ///< greatest sum of live slots over the entry's calls, always ones included
  std::string peakCall; ///< the call at the peak
  std::map<std::string, uint64_t> bytesByRole; ///< sums over slots, whenever they live
  std::vector<LiveTensor> alive;               ///< at the peak, largest first
};

/// The training step of the greatest batch size, or of `batchSize`; without training steps, the
/// predictions. Null where the manifest has no such entry.
const rt::artifact::EntrySpec *findEntry(const rt::artifact::Manifest &manifest,
                                         std::optional<int64_t> batchSize);

/// The memory of that entry. Nothing where there is none.
std::optional<PlanReport> planReport(const rt::artifact::Manifest &manifest,
                                     std::optional<int64_t> batchSize);

/// As a table of at most `rows` tensors, and as a JSON object with all.
std::string text(const PlanReport &report, size_t rows);
std::string toJson(const PlanReport &report);

} // namespace ntc::driver
