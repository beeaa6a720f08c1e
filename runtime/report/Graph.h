// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model's graph for TensorBoard's Graphs tab.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>

namespace ntc::rt::report {

/// A tensorflow.GraphDef of the forward graph in an ONNX ModelProto (as an artifact embeds it): a
/// node for every input, parameter and operator, scopes after the model's layers ("conv1/Conv",
/// "conv1/weight"), plain attributes and output shapes (-1: the batch). Weights' values are not in
/// it. Errors: Corrupt.
Result<std::string> graphDefOf(std::span<const uint8_t> modelPb);

} // namespace ntc::rt::report
