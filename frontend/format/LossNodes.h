// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loss of a recipe as nodes of the algorithm graph: a standard operator where one says exactly
// what PyTorch computes, otherwise one call of a local function.
#pragma once

#include "frontend/format/TensorType.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <string>

namespace ntc::format {

/// What the step needs to know about a loss that was added.
struct LossNodes {
  /// Name and type of the target.
  std::string target;
  TensorType targetType;
  /// The target is an input of the model, not one of the algorithm.
  bool isModelInput = false;
  /// The algorithm makes "loss_denominator" too.
  bool hasDenominator = false;
};

/// Appends to `algorithm` the target input (unless the model has an input of that name), weights
/// and nodes that make the scalar "loss" of `output` and of the recipe's terms, and to `model` the
/// local functions they call. `type` is the output's: (B, C, …) with a known number of classes for
/// class losses, any shape otherwise, floating-point. `spec` must be complete. Fails when the loss
/// does not fit the output, the target not the loss, or a term is no floating-point value of the
/// graph with a declared type.
Result<LossNodes> addLoss(const LossSpec &spec, const std::string &output, const TensorType &type,
                          onnx::GraphProto &algorithm, onnx::ModelProto &model);

} // namespace ntc::format
