// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Proves that a model file is what docs/formats/model-pb.md says, before anything is compiled:
// ONNX's own checker never looks into training_info. All problems are reported at once, by the
// user's names; nothing is allocated by a size that the file merely claims.
#pragma once

#include "frontend/format/ShapeInference.h"
#include "frontend/format/TensorType.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <unordered_map>
#include <vector>

namespace ntc::format {

/// Types of the values of a model's graph by name, as far as they could be inferred.
using ValueTypes = std::unordered_map<std::string, Value>;

/// Every problem of `model`: versions, tensors, functions, graph, training_info; empty when it is
/// sound. At most 1000 are listed, then a count. When `types` is given, it receives the values of
/// graph and algorithm.
std::vector<Diagnostic> verify(const onnx::ModelProto &model, ValueTypes *types = nullptr);

} // namespace ntc::format
