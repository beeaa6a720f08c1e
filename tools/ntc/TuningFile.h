// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `ntc compile --tune` learned, as a file that can be shared: JSON, sorted, one kernel a line.
// Format: docs/formats/tuning.md.
#pragma once

#include "compiler/schedule/KernelTuning.h"
#include "runtime/base/Status.h"

#include <string>
#include <string_view>
#include <vector>

namespace ntc::driver {

struct Tuning {
  std::string processor;             ///< LLVM's name of the one that was measured
  std::string model;                 ///< whose kernels were measured; for readers only
  std::vector<std::string> leaveOut; ///< passes that do not pay for the program as a whole
  std::vector<schedule::KernelTuning> kernels;

  /// Says nothing about any program.
  bool isEmpty() const { return leaveOut.empty() && kernels.empty(); }
};

/// The file's text: names and kernels in ascending order, no two lines for one kernel. Equal
/// tunings give equal bytes.
std::string tuningText(Tuning tuning);

/// Reads what `tuningText` writes, by whomever it was written. Errors: Corrupt, with what is wrong
/// where; Unsupported for another version of the format.
rt::Result<Tuning> parseTuning(std::string_view text);

/// The same of a file. Errors: also NotFound and Io; every message begins with the path.
rt::Result<Tuning> readTuning(const std::string &path);

} // namespace ntc::driver
