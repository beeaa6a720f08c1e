// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `ntc plan --cost`: the predicted time of every dispatch of one entry.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/train/StepCost.h"

namespace ntc::driver {

struct CostReport {
  const rt::artifact::EntrySpec *entry = nullptr; ///< borrowed from the manifest
  unsigned threads = 1;
  rt::train::StepCost one;  ///< with one thread
  rt::train::StepCost cost; ///< with `threads`
  rt::train::MachineSpeeds speeds;
};

/// `entry` is one of the manifest's. `threads`: 1 to the machine's.
CostReport costReport(const rt::artifact::Manifest &manifest, const rt::artifact::EntrySpec &entry,
                      const rt::train::MachineSpeeds &speeds, unsigned threads);

/// A table of the dispatches in order and the step's lines; the same as a JSON object.
std::string text(const CostReport &report);
std::string toJson(const CostReport &report);

} // namespace ntc::driver
