// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers are found again from node names ("/features.0/Conv"); shapes come from the verifier's
// inference.
#include "frontend/format/Summary.h"

#include "frontend/format/Names.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

namespace ntc::format {
namespace {

/// PyTorch's word for a layer that consists of this operator.
std::string layerType(const std::string &op) {
  static const std::map<std::string, std::string> names = {
      {"Conv", "Conv2d"},
      {"Gemm", "Linear"},
      {"MaxPool", "MaxPool2d"},
      {"AveragePool", "AvgPool2d"},
      {"Relu", "ReLU"},
      {"BatchNormalization", "BatchNorm"},
      {"LeakyRelu", "LeakyReLU"},
      {"Elu", "ELU"},
      {"GlobalAveragePool", "AdaptiveAvgPool2d"},
      {"Gelu", "GELU"},
      {"LayerNormalization", "LayerNorm"}};
  auto found = names.find(op);
  return found == names.end() ? op : found->second;
}

/// Elements for one sample; 0 when unknown or too many.
int64_t perSample(const Shape &shape) {
  int64_t count = 1;
  for (const Dim &dim : shape) {
    if (dim.isUnknown() || __builtin_mul_overflow(count, dim.factor, &count)) {
      return 0;
    }
  }
  return count;
}

int64_t checkedProduct(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? 0 : result;
}

const Shape *shapeOf(const ValueTypes &types, const std::string &name) {
  auto found = types.find(name);
  return found == types.end() || !found->second.type.shape ? nullptr : &*found->second.type.shape;
}

/// Multiply-adds of one node for one sample; 0 for anything but contractions.
int64_t multiplyAdds(const onnx::NodeProto &node, const ValueTypes &types) {
  bool contracts =
      node.op_type() == "Conv" || node.op_type() == "Gemm" || node.op_type() == "MatMul";
  if (!contracts || node.input_size() < 2 || node.output_size() < 1) {
    return 0;
  }
  const Shape *output = shapeOf(types, node.output(0));
  const Shape *left = shapeOf(types, node.input(0));
  const Shape *right = shapeOf(types, node.input(1));
  if (!output || !left || !right || left->empty() || right->size() < 2) {
    return 0;
  }
  if (node.op_type() == "Conv") { // each output element sees one filter
    return checkedProduct(perSample(*output), perSample(Shape(right->begin() + 1, right->end())));
  }
  return left->back().isUnknown() ? 0 : checkedProduct(perSample(*output), left->back().factor);
}

std::string withCommas(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string megabytes(int64_t bytes) {
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, "%.2f", static_cast<double>(bytes) / 1e6);
  return buffer;
}

/// Tells the uses of a layer apart: a node begins the next use where the layer has had such a node
/// and computes on something that this use did not make.
class LayerUses {
public:
  explicit LayerUses(const onnx::GraphProto &graph) {
    for (const onnx::TensorProto &tensor : graph.initializer()) {
      fixed_.insert(tensor.name());
    }
  }

  bool beginsNext(const std::string &path, const onnx::NodeProto &node) {
    bool computes = false, continues = false;
    Use &use = uses_[path];
    for (const std::string &input : node.input()) {
      computes = computes || (!input.empty() && !fixed_.contains(input));
      continues = continues || use.made.contains(input);
    }
    if (!computes) { // a weight is brought into form
      fixed_.insert(node.output().begin(), node.output().end());
      return false;
    }
    const bool isNext = !continues && use.operators.contains(node.op_type());
    if (isNext) {
      use = {};
    }
    use.operators.insert(node.op_type());
    use.made.insert(node.output().begin(), node.output().end());
    return isNext;
  }

private:
  struct Use {
    std::set<std::string> operators, made;
  };
  std::map<std::string, Use> uses_;
  std::set<std::string> fixed_; ///< values that do not depend on the batch
};

} // namespace

Result<ModelSummary> summarize(const onnx::ModelProto &model) {
  ValueTypes types;
  auto problems = verify(model, &types);
  if (!problems.empty()) {
    return failure(str(problems));
  }
  ModelSummary summary;
  summary.name = model.graph().name();
  auto all = trainableParameters(model, TrainSpec());
  auto spec = recipeOf(model);
  auto trained = trainableParameters(model, spec ? *spec : TrainSpec());
  std::set<std::string> remaining(all.begin(), all.end());
  std::set<std::string> trainable(trained.begin(), trained.end());
  std::map<std::string, size_t> rows;
  LayerUses uses(model.graph());
  for (const onnx::NodeProto &node : model.graph().node()) {
    std::string path = layerOf(node);
    if (path.empty() && (node.op_type() == "Constant" || node.output_size() == 0)) {
      continue;
    }
    auto [row, isNew] =
        path.empty() ? std::pair(rows.end(), true) : rows.emplace(path, summary.layers.size());
    if (isNew) {
      summary.layers.push_back({path, layerType(node.op_type())});
    }
    if (!path.empty() && uses.beginsNext(path, node)) {
      const LayerSummary &first = summary.layers[row->second];
      LayerSummary next{path, first.type};
      next.isRecursive = first.parameters > 0 || first.isRecursive;
      row->second = summary.layers.size();
      summary.layers.push_back(std::move(next));
    }
    LayerSummary &layer = path.empty() ? summary.layers.back() : summary.layers[row->second];
    bool takesState = false;
    for (const std::string &input : node.input()) {
      if (!remaining.erase(input)) {
        continue;
      }
      takesState = true;
      const Value &value = types.at(input);
      int64_t count = perSample(*value.type.shape);
      layer.parameters += count;
      layer.trainable += trainable.contains(input) ? count : 0;
      summary.parameterBytes += checkedProduct(count, dtypeSize(value.type.dtype));
    }
    if (takesState) { // a Linear on (B, T, C) is Transpose, MatMul, Add
      layer.type = node.op_type() == "Transpose" ? "Linear"
                   : layer.parameters            ? layer.type
                                                 : layerType(node.op_type());
    }
    layer.multiplyAdds += multiplyAdds(node, types);
    if (const Shape *shape = shapeOf(types, node.output(0))) {
      layer.output = *shape;
    }
  }
  for (const LayerSummary &layer : summary.layers) {
    summary.parameters += layer.parameters;
    summary.trainable += layer.trainable;
    summary.multiplyAdds += layer.multiplyAdds;
    summary.outputBytes += checkedProduct(perSample(layer.output), 4);
  }
  for (const auto &input : model.graph().input()) {
    auto found = types.find(input.name());
    bool known =
        found != types.end() && found->second.type.shape && !remaining.contains(input.name());
    summary.inputBytes += known ? checkedProduct(perSample(*found->second.type.shape),
                                                 dtypeSize(found->second.type.dtype))
                                : 0;
  }
  return summary;
}

std::string text(const ModelSummary &summary) {
  std::vector<std::vector<std::string>> cells = {
      {"Layer (type)", "Output Shape", "Param #", "Mult-Adds"}};
  for (const LayerSummary &layer : summary.layers) {
    std::string name = layer.path.empty() ? layer.type : layer.path + " (" + layer.type + ")";
    cells.push_back({name, str(layer.output),
                     layer.parameters    ? withCommas(layer.parameters)
                     : layer.isRecursive ? "(recursive)"
                                         : "--",
                     layer.multiplyAdds ? withCommas(layer.multiplyAdds) : "--"});
  }
  std::vector<size_t> widths(4, 0);
  for (const auto &row : cells) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string line(widths[0] + widths[1] + widths[2] + widths[3] + 9, '=');
  std::string out = line + "\n";
  for (size_t r = 0; r < cells.size(); ++r) {
    for (size_t i = 0; i < 4; ++i) {
      std::string padding(widths[i] - cells[r][i].size(), ' ');
      out += (i ? "   " : "") + (i < 2 ? cells[r][i] + padding : padding + cells[r][i]);
    }
    out += "\n";
    out += r == 0 ? line + "\n" : "";
  }
  out += line + "\n";
  out += "Total params: " + withCommas(summary.parameters) + "\n";
  out += "Trainable params: " + withCommas(summary.trainable) + "\n";
  out += "Non-trainable params: " + withCommas(summary.parameters - summary.trainable) + "\n";
  out += "Total mult-adds (per sample): " + withCommas(summary.multiplyAdds) + "\n" + line + "\n";
  out += "Input size (MB, per sample): " + megabytes(summary.inputBytes) + "\n";
  out += "Layer outputs (MB, per sample): " + megabytes(summary.outputBytes) + "\n";
  out += "Params size (MB): " + megabytes(summary.parameterBytes) + "\n" + line + "\n";
  return out;
}

} // namespace ntc::format
