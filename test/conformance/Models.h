// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The networks of make_goldens.py, written with the capture API.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <string>

namespace ntc::conformance {

/// "linear" (5 to 1, mean squared error), "mlp" (784-128-10), "cnn" (two convolutions with batch
/// normalization), "residual" (a stem and two residual blocks; all three cross-entropy) or "vae"
/// (784-64-8-64-784, summed binary cross-entropy and KL divergence), trained with `optimizer` in
/// the short form of `--optimizer`; `recipe`, of a TrainSpec's text form, is merged into its
/// recipe.
format::Result<onnx::ModelProto> makeModel(const std::string &model, const std::string &optimizer,
                                           const std::string &recipe);

} // namespace ntc::conformance
