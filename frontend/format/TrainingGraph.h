// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions about a model that both its training step's making and its recipe's hash ask.
#pragma once

#include "frontend/format/Names.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace ntc::format {

/// The patterns that can be read; complete() has reported the others.
std::vector<NamePattern>
parsePatterns(const google::protobuf::RepeatedPtrField<std::string> &texts);
bool matchesAny(const std::vector<NamePattern> &patterns, const std::string &name);

/// Values that graph.output[0] and the terms of the loss depend on.
std::unordered_set<std::string> ancestorsOfLoss(const onnx::GraphProto &graph,
                                                const LossSpec &loss);

/// Names of the functions of our domain that the nodes call, directly or through others.
std::set<std::string>
calledFunctions(const onnx::ModelProto &model,
                const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes);
/// Removes functions of our domain that only the algorithm called.
void dropAlgorithmFunctions(onnx::ModelProto &model);

} // namespace ntc::format
