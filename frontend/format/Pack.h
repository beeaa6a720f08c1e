// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An inference model of any exporter becomes a model file with a training recipe. Its weights are
// kept.
#pragma once

#include "frontend/format/Diagnostic.h"
#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace ntc::format {

struct PackOptions {
  /// Loss, optimizer and the rest; names and numbers are completed.
  TrainSpec spec;
  /// Patterns of parameters that are drawn afresh (PyTorch's default of their layer) instead of
  /// kept.
  std::vector<std::string> reinitialize;
};

/// What `pack` found worth telling: folded BatchNormalization, parameters that it did not
/// recognise.
using Notes = std::vector<std::string>;

/// Normalizes `model` to docs/formats/model-pb.md and writes its training step. Parameters are the
/// floating-point initializers in the places of weights (Conv, Gemm, MatMul, normalizations,
/// embeddings, added or multiplied vectors); other floating-point initializers become constants
/// named "/…". A model that already has a training step keeps its initialization and gets a new
/// algorithm. On problems all of them are returned and `model` is unspecified.
std::vector<Diagnostic> pack(onnx::ModelProto &model, const PackOptions &options, Notes &notes);

} // namespace ntc::format
