// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files here come from anywhere and are not verified yet: names may be missing, double or unknown.
#include "frontend/format/ExporterForm.h"

#include "frontend/format/ModelFile.h"
#include "frontend/format/Names.h"
#include "frontend/format/Verifier.h"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace ntc::format {
namespace {

constexpr size_t listedNames = 6;

bool isStandard(const onnx::NodeProto &node, std::string_view op) {
  return node.op_type() == op && (node.domain().empty() || node.domain() == "ai.onnx");
}

/// Names that nodes read or that leave the graph.
std::unordered_set<std::string> usedNames(const onnx::GraphProto &graph) {
  std::unordered_set<std::string> used;
  for (const onnx::NodeProto &node : graph.node()) {
    used.insert(node.input().begin(), node.input().end());
  }
  for (const onnx::ValueInfoProto &output : graph.output()) {
    used.insert(output.name());
  }
  return used;
}

std::unordered_set<std::string> constantNames(const onnx::GraphProto &graph) {
  std::unordered_set<std::string> names;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    names.insert(tensor.name());
  }
  for (const onnx::NodeProto &node : graph.node()) {
    if (isStandard(node, "Constant")) {
      names.insert(node.output().begin(), node.output().end());
    }
  }
  return names;
}

void removeNodes(onnx::GraphProto &graph, const std::set<int> &which) {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> kept;
  for (int i = 0; i < graph.node_size(); ++i) {
    if (!which.contains(i)) {
      kept.Add(std::move(*graph.mutable_node(i)));
    }
  }
  graph.mutable_node()->Swap(&kept);
}

/// Removes the input training_mode of a Dropout. Returns what stands against it.
std::string dropMode(onnx::NodeProto &node, const std::unordered_set<std::string> &constants) {
  if (node.input_size() != 3) {
    return {};
  }
  if (!node.input(2).empty() && !constants.contains(node.input(2))) {
    return "input 2, training_mode, is " + quoted(node.input(2)) + "; expected a constant";
  }
  node.mutable_input()->RemoveLast();
  return {};
}

/// The attribute training_mode of a BatchNormalization in training form, else null.
onnx::AttributeProto *findTrainingMode(onnx::NodeProto &node) {
  for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
    if (attribute.name() == "training_mode" && attribute.i() == 1) {
      return &attribute;
    }
  }
  return nullptr;
}

/// Removes the outputs for new running statistics of a BatchNormalization. Returns what stands
/// against it.
std::string dropStatistics(onnx::NodeProto &node, const std::unordered_set<std::string> &used) {
  while (node.output_size() > 1) {
    const std::string &last = node.output(node.output_size() - 1);
    if (used.contains(last)) {
      return "its running statistics " + quoted(last) + " are used by the graph";
    }
    node.mutable_output()->RemoveLast();
  }
  return {};
}

/// The inputs and outputs with a batch in front; a model may have others, such as a table.
template <typename Visit> void visitFirstDims(onnx::GraphProto &graph, Visit visit) {
  for (auto *list : {graph.mutable_input(), graph.mutable_output()}) {
    for (onnx::ValueInfoProto &info : *list) {
      bool hasDims = info.type().has_tensor_type() && info.type().tensor_type().shape().dim_size();
      if (hasDims) {
        visit(*info.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0),
              list == graph.mutable_output());
      }
    }
  }
}

/// True when `model`, whose inputs say "batch", is sound and all its outputs have the batch in
/// front.
bool takesAnyBatch(const onnx::ModelProto &model) {
  ValueTypes types;
  if (!verify(model, &types).empty()) {
    return false;
  }
  return std::ranges::all_of(model.graph().output(), [&](const onnx::ValueInfoProto &output) {
    const TensorType &type = types[output.name()].type;
    return type.shape && !type.shape->empty() && type.shape->front() == Dim(1, batchSymbol);
  });
}

void freeFixedBatch(onnx::ModelProto &model, std::vector<std::string> &notes) {
  onnx::GraphProto &graph = *model.mutable_graph();
  const auto &shape = graph.input(0).type().tensor_type().shape();
  const int64_t fixed = shape.dim_size() ? shape.dim(0).dim_value() : 0;
  if (fixed == 1) {
    auto inputs = graph.input();
    auto outputs = graph.output();
    visitFirstDims(graph, [](onnx::TensorShapeProto::Dimension &dim, bool) {
      if (dim.dim_value() == 1) {
        dim.set_dim_param(std::string(batchSymbol));
      }
    });
    if (takesAnyBatch(model)) {
      notes.push_back("the exporter fixed the batch at 1 sample; the model is taken for batches of "
                      "any size");
      return;
    }
    graph.mutable_input()->Swap(&inputs);
    graph.mutable_output()->Swap(&outputs);
  }
  if (fixed > 0) {
    notes.push_back(rt::concat("the exporter fixed the batch at ", fixed,
                               fixed == 1 ? " sample" : " samples",
                               "; for other sizes export with dynamic_axes={",
                               quoted(graph.input(0).name()), ": {0: 'batch'}}"));
  }
}

void noteFolding(const onnx::GraphProto &graph, std::vector<std::string> &notes) {
  int folded = 0;
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    folded += tensor.name().starts_with("onnx::Conv") || tensor.name().starts_with("onnx::MatMul");
  }
  if (folded) {
    notes.push_back(rt::concat(
        folded,
        " weights have exporter's names (onnx::…): BatchNormalization was folded or weights "
        "were transposed. For training, export model.train() with torch.onnx.export(…, "
        "dynamo=False, training=torch.onnx.TrainingMode.TRAINING, do_constant_folding=False)"));
  }
}

/// An Identity of a floating-point initializer becomes an initializer of its own: TorchScript's
/// exporter merges parameters whose values are equal at that moment, such as those of fresh
/// normalization layers. (It writes a parameter that the model itself uses twice under one name,
/// without an Identity.)
std::vector<Diagnostic> separateMergedParameters(onnx::ModelProto &model,
                                                 std::vector<std::string> &notes) {
  onnx::GraphProto &graph = *model.mutable_graph();
  std::unordered_map<std::string, int> sources;
  for (int i = 0; i < graph.initializer_size(); ++i) {
    if (isFloat(graph.initializer(i).data_type())) {
      sources.emplace(graph.initializer(i).name(), i);
    }
  }
  std::set<int> copies;
  std::vector<std::string> names;
  uint64_t bytes = model.ByteSizeLong();
  for (int i = 0; i < graph.node_size(); ++i) {
    const onnx::NodeProto &node = graph.node(i);
    auto source = node.input_size() == 1 ? sources.find(node.input(0)) : sources.end();
    if (!isStandard(node, "Identity") || source == sources.end() || node.output_size() != 1 ||
        sources.contains(node.output(0))) {
      continue;
    }
    const int from = source->second;
    bytes += graph.initializer(from).ByteSizeLong();
    if (bytes > maxModelBytes) {
      return {{describe(node), rt::concat("with a copy of ", quoted(node.input(0)),
                                          " the model has more than ", maxModelBytes, " bytes")}};
    }
    onnx::TensorProto copy = graph.initializer(from);
    copy.set_name(node.output(0));
    if (names.size() < listedNames) {
      names.push_back(quoted(node.output(0)) + " (as " + quoted(graph.initializer(from).name()) +
                      ")");
    }
    sources.emplace(node.output(0), graph.initializer_size());
    *graph.add_initializer() = std::move(copy);
    copies.insert(i);
  }
  if (!copies.empty()) {
    notes.push_back(rt::concat(
        "the exporter merged ", copies.size(), copies.size() == 1 ? " parameter" : " parameters",
        " with others of equal values; each is trained by itself: ", join(names),
        copies.size() > names.size() ? rt::concat(" and ", copies.size() - names.size(), " more")
                                     : ""));
    removeNodes(graph, copies);
  }
  return {};
}

/// Writes Dropout and BatchNormalization in evaluation form. Where BatchNormalization comes in both
/// forms, the layers in evaluation form are added to `evalLayers`.
std::vector<Diagnostic> takeEvaluationForm(onnx::ModelProto &model,
                                           std::vector<std::string> &evalLayers) {
  onnx::GraphProto &graph = *model.mutable_graph();
  const std::unordered_set<std::string> used = usedNames(graph), constants = constantNames(graph);
  std::vector<Diagnostic> problems;
  std::vector<std::string> evaluated;
  bool hasTrainingForm = false;
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    std::string problem;
    if (isStandard(node, "Dropout")) {
      problem = dropMode(node, constants);
    } else if (isStandard(node, "BatchNormalization")) {
      onnx::AttributeProto *mode = findTrainingMode(node);
      if (mode) {
        hasTrainingForm = true;
        problem = dropStatistics(node, used);
        mode->set_i(0);
      } else if (std::string layer = layerOf(node); !layer.empty()) {
        evaluated.push_back(layer);
      }
    }
    if (!problem.empty()) {
      problems.push_back({describe(node), problem});
    }
  }
  if (hasTrainingForm) {
    evalLayers.insert(evalLayers.end(), evaluated.begin(), evaluated.end());
  }
  return problems;
}

} // namespace

std::vector<Diagnostic> takeExport(onnx::ModelProto &model, std::vector<std::string> &evalLayers,
                                   std::vector<std::string> &notes) {
  noteFolding(model.graph(), notes);
  if (auto problems = separateMergedParameters(model, notes); !problems.empty()) {
    return problems;
  }
  auto problems = takeEvaluationForm(model, evalLayers);
  if (!evalLayers.empty()) {
    notes.push_back(rt::concat("BatchNormalization exported in evaluation form beside others in "
                               "training form keeps its running statistics: ",
                               join(evalLayers)));
  }
  return problems;
}

void freeBatch(onnx::ModelProto &model, std::vector<std::string> &notes) {
  onnx::GraphProto &graph = *model.mutable_graph();
  bool isSymbolic = false;
  visitFirstDims(graph, [&](onnx::TensorShapeProto::Dimension &dim, bool isOutput) {
    if (!dim.has_dim_value() && (!isOutput || isSymbolic)) {
      isSymbolic = true;
      dim.set_dim_param(std::string(batchSymbol));
    }
  });
  graph.clear_value_info(); // written with the old symbols; inference needs none
  if (!isSymbolic && graph.input_size() > 0) {
    freeFixedBatch(model, notes);
  }
}

} // namespace ntc::format
