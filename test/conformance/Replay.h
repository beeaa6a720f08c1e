// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A golden file's run repeated with a compiled program.
#pragma once

#include "test/conformance/Golden.h"

#include <map>
#include <string>
#include <vector>

namespace ntc::conformance {

/// What a run left behind, as f64.
struct Outcome {
  std::vector<double> losses;
  std::map<std::string, std::vector<double>> states;    ///< parameters and buffers, whole
  std::map<std::string, std::vector<double>> gradients; ///< momentum after the first step
};

struct ReplayOptions {
  unsigned threads = 1;
  /// After that many batches the run is saved and goes on in another session; 0: never.
  int64_t interruptAfter = 0;
};

/// Compiles the case for f64 or f32, imports the initial weights from a file and trains. The
/// gradients are read from SGD's momentum, which equals them after one step; empty without it.
rt::Result<Outcome> replay(const Golden &golden, bool f64, const ReplayOptions &options = {});

} // namespace ntc::conformance
