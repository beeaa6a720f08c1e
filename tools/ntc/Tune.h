// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search behind `ntc compile --tune`: what the compiler decides by rule is tried otherwise, on
// this machine, and what is faster is kept. docs/rationale/tuning.md says why it is so.
#pragma once

#include "tools/ntc/ModelInput.h"

#include <atomic>

namespace ntc::driver {

struct TuneRequest {
  double seconds = 0;                      ///< for the search; it ends with two compilations more
  const std::atomic<bool> *stop = nullptr; ///< ends the search early
};

/// Compiles `model` with `options` in many ways, starting from `options.tuning`, times its training
/// step, and leaves what pays in `options.tuning`: nothing at all where the whole is not faster
/// than the program without tuning. Says what it does to standard error. The caller compiles the
/// result. Problems: the model's and those of running it here.
std::optional<ModelProblem> tune(const Model &model, CompileOptions &options,
                                 const TuneRequest &request);

} // namespace ntc::driver
