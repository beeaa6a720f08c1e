// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether a loss takes what the model's last layer gives. PyTorch computes nonsense without a word
// where it does not.
#pragma once

#include "frontend/format/train_spec.pb.h"

#include <onnx/onnx_pb.h>

#include <string>

namespace ntc::format {

/// One sentence that names the last layer and the loss that fits, or "" where nothing is known to
/// be wrong: bce without a Sigmoid or Softmax before it, nll without a LogSoftmax, cross_entropy
/// after a Softmax, bce_with_logits after a Sigmoid. The last layer is that of the first output.
std::string lossMisfit(const onnx::GraphProto &graph, const LossSpec &loss);

} // namespace ntc::format
