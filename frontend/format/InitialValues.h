// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fresh parameters: their distributions in `training_info[0].initialization` and the draw of a seed
// (docs/formats/model-pb.md §3).
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>

namespace ntc::format {

/// How a fresh tensor is filled.
struct Distribution {
  enum class Kind { Constant, Uniform, Normal };

  static Distribution constant(float value) { return {Kind::Constant, value, 0}; }
  /// Values from low (inclusive) to high.
  static Distribution uniform(float low, float high) { return {Kind::Uniform, low, high}; }
  static Distribution normal(float mean, float deviation) {
    return {Kind::Normal, mean, deviation};
  }

  Kind kind = Kind::Constant;
  /// The constant, the lower limit or the mean.
  float first = 0;
  /// The upper limit or the standard deviation.
  float second = 0;
};

/// Binds the initializer `tensor` (dimensions and FLOAT or DOUBLE type set) to a fresh draw from
/// `distribution`. Bindings must be added in the order of graph.initializer.
void bindInitialization(onnx::TrainingInfoProto &info, const onnx::TensorProto &tensor,
                        Distribution distribution);

/// Writes the draw of `seed` into every initializer of `model.graph` that has an initialization
/// binding. Fails when a binding's node is none that `bindInitialization` writes, or the values of
/// all fresh tensors exceed 2 GiB.
Status drawInitialValues(onnx::ModelProto &model, uint64_t seed);

} // namespace ntc::format
