// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model consists of, layer by layer, as torchinfo prints it.
#pragma once

#include "frontend/format/TensorType.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ntc::format {

/// One use of a layer: the nodes of one module path up to its next use, or one node outside of
/// modules.
struct LayerSummary {
  /// "features.0"; empty for a node of the network's own forward.
  std::string path;
  /// "Conv2d", "Linear", or the ONNX operator.
  std::string type;
  Shape output{};
  /// A further use of a layer whose parameters an earlier row has.
  bool isRecursive = false;
  /// Elements of the layer's parameters; shared ones count where they are used first.
  int64_t parameters = 0;
  int64_t trainable = 0;
  /// Multiply-adds of contractions for one sample.
  int64_t multiplyAdds = 0;
};

struct ModelSummary {
  std::string name;
  std::vector<LayerSummary> layers;
  int64_t parameters = 0;
  int64_t trainable = 0;
  int64_t multiplyAdds = 0;
  /// Bytes of one sample's inputs, of all layer outputs of one sample, and of all parameters.
  int64_t inputBytes = 0;
  int64_t outputBytes = 0;
  int64_t parameterBytes = 0;
};

/// Fails with all problems of a model that does not verify. Running statistics are no parameters,
/// as in PyTorch.
Result<ModelSummary> summarize(const onnx::ModelProto &model);

/// The table with its totals, ending in a newline.
std::string text(const ModelSummary &summary);

} // namespace ntc::format
