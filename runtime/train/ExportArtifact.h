// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A trained model as one artifact: the code that it was trained with, its parameters as initial
// values, and what was fitted to the data in its recipe.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/train/Preprocessing.h"

namespace ntc::rt::train {

/// Writes `out`, the program of `session`, which was opened from the file `source`, with the
/// session's parameters and buffers as initial values and `preprocessing` in the recipe. Optimizers
/// begin as `source` has them begin. Values of more than 64 MiB together lie beside it, in
/// `out`.safetensors. An older file `out` is intact after an error. Errors: Io; Corrupt where
/// `source` is not what it was.
Status exportArtifact(exec::Session &session, const std::string &source,
                      const Preprocessing &preprocessing, const std::string &out);

} // namespace ntc::rt::train
