// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The node behind the output decides; those that only change the shape are passed over. A node that
// might be the end of a written-out softmax (a division, a subtraction) is given the benefit of the
// doubt.
#include "frontend/format/LossFit.h"

#include "frontend/format/Names.h"
#include "runtime/base/Text.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ntc::format {
namespace {

const onnx::NodeProto *producerOf(const onnx::GraphProto &graph, const std::string &value) {
  for (const onnx::NodeProto &node : graph.node()) {
    if (std::ranges::find(node.output(), value) != node.output().end()) {
      return &node;
    }
  }
  return nullptr;
}

const onnx::NodeProto *lastNode(const onnx::GraphProto &graph) {
  constexpr std::array shapes = {"Identity", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Cast"};
  const onnx::NodeProto *node =
      graph.output_size() > 0 ? producerOf(graph, graph.output(0).name()) : nullptr;
  for (int left = graph.node_size(); node && left > 0; --left) { // a cycle ends too
    const bool isShape = std::ranges::find(shapes, node->op_type()) != shapes.end();
    if (!isShape || node->input_size() == 0) {
      return node;
    }
    node = producerOf(graph, node->input(0));
  }
  return node;
}

/// Operators whose results are certainly neither probabilities nor logarithms of them.
bool givesAnyNumber(const std::string &op) {
  constexpr std::array ops = {"Gemm", "MatMul",  "Conv", "ConvTranspose", "Add",
                              "Relu", "MaxPool", "Gelu", "LeakyRelu",     "GlobalAveragePool"};
  return std::ranges::find(ops, op) != ops.end();
}

} // namespace

std::string lossMisfit(const onnx::GraphProto &graph, const LossSpec &loss) {
  const onnx::NodeProto *node = lastNode(graph);
  if (!node || !(node->domain().empty() || node->domain() == "ai.onnx")) {
    return "";
  }
  const std::string &op = node->op_type();
  const std::string layer = layerOf(*node);
  const std::string end =
      rt::concat("the model ends in ", op, layer.empty() ? "" : " " + quoted(layer));
  const bool isRaw = givesAnyNumber(op);
  if (loss.name() == "bce" && isRaw) {
    return rt::concat("bce takes probabilities, but ", end,
                      ": use --loss bce_with_logits, or end the model in a Sigmoid");
  }
  if (loss.name() == "nll" && (isRaw || op == "Softmax")) {
    return rt::concat("nll takes logarithms of probabilities, but ", end,
                      isRaw ? ": use --loss cross_entropy, or end the model in a LogSoftmax"
                            : ": end it in a LogSoftmax, or leave Softmax out and use --loss "
                              "cross_entropy");
  }
  if (loss.name() == "cross_entropy" && (op == "Softmax" || op == "LogSoftmax")) {
    return rt::concat("cross_entropy has a softmax of its own, but ", end,
                      op == "LogSoftmax" ? ": use --loss nll"
                                         : ": leave it out, or end the model in a LogSoftmax and "
                                           "use --loss nll");
  }
  if (loss.name() == "bce_with_logits" && op == "Sigmoid") {
    return rt::concat("bce_with_logits has a sigmoid of its own, but ", end, ": use --loss bce");
  }
  return "";
}

} // namespace ntc::format
