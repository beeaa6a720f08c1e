// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nodes before the first one of the network, and metadata.
#include "tools/ntc/ExportPreprocessing.h"

#include "frontend/format/NodeBuilder.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/data/image/Transform.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <set>

namespace ntc::driver {
namespace {

using rt::data::ColumnFit;
using rt::data::Normalization;
using rt::data::TableColumn;
using rt::data::TableFit;
using rt::data::TableMissing;
using rt::data::TableScale;

/// LabelEncoder is of this operator set since version 2.
constexpr const char *kMlDomain = "ai.onnx.ml";
constexpr int64_t kMlVersion = 2;

std::string listJson(std::span<const std::string> texts) {
  rt::format::JsonWriter json;
  json.beginArray();
  for (const std::string &text : texts) {
    json.string(text);
  }
  json.endArray();
  return json.text();
}

/// The dimensions behind the batch; nothing where one of them is no number.
std::optional<std::vector<int64_t>> sampleShape(const onnx::ValueInfoProto &value) {
  const auto &shape = value.type().tensor_type().shape();
  std::vector<int64_t> out;
  for (int i = 1; i < shape.dim_size(); ++i) {
    if (!shape.dim(i).has_dim_value()) {
      return std::nullopt;
    }
    out.push_back(shape.dim(i).dim_value());
  }
  return shape.dim_size() > 0 ? std::optional(out) : std::nullopt;
}

/// A tensor of `dtype`, FLOAT or DOUBLE.
onnx::TensorProto numbersTensor(const std::string &name, std::span<const double> values,
                                std::span<const int64_t> dims, int32_t dtype) {
  if (dtype == onnx::TensorProto::FLOAT) {
    const std::vector<float> narrow(values.begin(), values.end());
    return format::floatTensor(name, narrow, dims);
  }
  onnx::TensorProto out;
  out.set_name(name);
  out.set_data_type(dtype);
  for (int64_t dim : dims) {
    out.add_dims(dim);
  }
  out.set_raw_data(values.data(), values.size_bytes());
  return out;
}

/// What is put between the inputs of a graph and its network, whose only input is replaced.
class Front {
public:
  explicit Front(onnx::GraphProto &graph) : graph_(graph), network_(graph.input(0)) {
    graph_.clear_input();
    for (const onnx::TensorProto &tensor : graph_.initializer()) {
      used_.insert(tensor.name());
    }
    for (const onnx::NodeProto &node : graph_.node()) {
      used_.insert(node.name());
      used_.insert(node.output().begin(), node.output().end());
    }
  }

  const onnx::ValueInfoProto &network() const { return network_; }
  int32_t dtype() const { return network_.type().tensor_type().elem_type(); }

  /// An input of the graph with the network's batch. Returns its name.
  std::string input(const std::string &name, int32_t dtype, std::span<const int64_t> dims) {
    onnx::ValueInfoProto &value = *graph_.add_input();
    value.set_name(unique(name));
    auto &type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(dtype);
    *type.mutable_shape()->add_dim() = network_.type().tensor_type().shape().dim(0);
    for (int64_t dim : dims) {
      type.mutable_shape()->add_dim()->set_dim_value(dim);
    }
    return value.name();
  }

  /// The network's own input, as it was.
  std::string ownInput() {
    *graph_.add_input() = network_;
    return network_.name();
  }

  std::string numbers(const std::string &name, std::span<const double> values,
                      std::span<const int64_t> dims, int32_t dtype) {
    *graph_.add_initializer() =
        numbersTensor(unique("/preprocessing/" + name), values, dims, dtype);
    return graph_.initializer().rbegin()->name();
  }

  std::string integers(const std::string &name, std::span<const int64_t> values) {
    const int64_t dims[] = {std::ssize(values)};
    *graph_.add_initializer() = format::intTensor(unique("/preprocessing/" + name), values, dims);
    return graph_.initializer().rbegin()->name();
  }

  std::string op(const std::string &type, std::span<const std::string> inputs,
                 format::Attributes attributes = {}) {
    const std::string name = unique("/preprocessing/" + type);
    const std::string outputs[] = {unique(name + "_output_0")};
    onnx::NodeProto &node = format::addNode(added_, type, inputs, outputs, attributes);
    node.set_name(name);
    return outputs[0];
  }
  std::string op(const std::string &type, std::initializer_list<std::string> inputs,
                 format::Attributes attributes = {}) {
    return op(type, std::span(inputs.begin(), inputs.size()), attributes);
  }

  /// Which number of each text of `value`, from 0; -1 for others.
  std::string indices(const std::string &value, std::span<const std::string> texts) {
    onnx::AttributeProto keys;
    keys.set_name("keys_strings");
    keys.set_type(onnx::AttributeProto::STRINGS);
    std::vector<int64_t> numbers(texts.size());
    std::iota(numbers.begin(), numbers.end(), int64_t{0});
    for (const std::string &text : texts) {
      keys.add_strings(text);
    }
    const std::string out =
        op("LabelEncoder", {value},
           {keys, format::attribute("values_int64s", std::span<const int64_t>(numbers)),
            format::attribute("default_int64", -1)});
    added_.mutable_node()->rbegin()->set_domain(kMlDomain);
    return out;
  }

  /// The network reads `value`; what was added comes before its nodes.
  void install(const std::string &value) {
    for (onnx::NodeProto &node : *graph_.mutable_node()) {
      std::ranges::replace(*node.mutable_input(), network_.name(), value);
    }
    added_.mutable_node()->MergeFrom(graph_.node());
    graph_.mutable_node()->Swap(added_.mutable_node());
  }

private:
  std::string unique(std::string name) {
    const std::string wanted = name;
    for (int i = 1; !used_.insert(name).second; ++i) {
      name = rt::concat(wanted, "_", i);
    }
    return name;
  }

  onnx::GraphProto &graph_;
  const onnx::ValueInfoProto network_;
  onnx::GraphProto added_;
  std::set<std::string> used_;
};

/// Whether every step has numbers that the channels of the network's input fit.
bool fitsChannels(const std::vector<Normalization> &steps, const std::vector<int64_t> &shape) {
  return std::ranges::all_of(steps, [&](const Normalization &step) {
    const size_t count = std::max(step.mean.size(), step.deviation.size());
    return count == 1 || (shape.size() == 3 && static_cast<int64_t>(count) == shape[0]);
  });
}

void addNormalization(Front &front, const std::vector<Normalization> &steps) {
  std::string value = front.ownInput();
  auto constant = [&](const char *name, const std::vector<double> &values) {
    const int64_t dims[] = {std::ssize(values), 1, 1};
    const bool isOne = values.size() == 1;
    return front.numbers(name, values, std::span(dims).first(isOne ? 0 : 3), front.dtype());
  };
  for (const Normalization &step : steps) {
    value = front.op("Sub", {value, constant("mean", step.mean)});
    value = front.op("Div", {value, constant("std", step.deviation)});
  }
  front.install(value);
}

/// A number for each value of a row, of the fit of its column; `none` for those of categories.
std::vector<double> byValue(const TableFit &fit, double ColumnFit::*member, double none) {
  std::vector<double> out;
  for (size_t i = 0; i < fit.columns.size(); ++i) {
    const TableColumn &column = fit.layout.columns[i];
    const bool isNumber = column.categories.empty();
    out.insert(out.end(), static_cast<size_t>(column.width()),
               isNumber ? fit.columns[i].*member : none);
  }
  return out;
}

bool hasCategories(const TableFit &fit) {
  return std::ranges::any_of(fit.layout.columns,
                             [](const TableColumn &column) { return !column.categories.empty(); });
}

/// The values of a row in f64, from one input or from one for each column.
std::string addRow(Front &front, const TableFit &fit) {
  constexpr int32_t kDouble = onnx::TensorProto::DOUBLE;
  std::vector<int64_t> dims;
  if (fit.layout.window > 0) {
    dims.push_back(fit.layout.window);
  }
  if (!hasCategories(fit)) {
    dims.push_back(fit.layout.width());
    return front.input(front.network().name(), kDouble, dims);
  }
  dims.push_back(1);
  std::vector<std::string> parts;
  for (const TableColumn &column : fit.layout.columns) {
    if (column.categories.empty()) {
      parts.push_back(front.input(column.name, kDouble, dims));
      continue;
    }
    const std::string text = front.input(column.name, onnx::TensorProto::STRING, dims);
    std::vector<int64_t> all(column.categories.size());
    std::iota(all.begin(), all.end(), int64_t{0});
    const std::string is = front.op(
        "Equal", {front.indices(text, column.categories), front.integers("categories", all)});
    parts.push_back(front.op("Cast", {is}, {format::attribute("to", kDouble)}));
  }
  return front.op("Concat", parts, {format::attribute("axis", -1)});
}

void addTable(Front &front, const TableFit &fit, const std::vector<int64_t> &shape) {
  constexpr int32_t kDouble = onnx::TensorProto::DOUBLE;
  const int64_t width[] = {fit.layout.width()};
  auto constant = [&](const char *name, double ColumnFit::*member, double none) {
    return front.numbers(name, byValue(fit, member, none), width, kDouble);
  };
  std::string value = addRow(front, fit);
  if (fit.layout.missing >= TableMissing::Mean) {
    value = front.op("Where",
                     {front.op("IsNaN", {value}), constant("fill", &ColumnFit::fill, 0.0), value});
  }
  if (fit.layout.scale != TableScale::None) {
    value = front.op("Sub", {value, constant("shift", &ColumnFit::shift, 0.0)});
    value = front.op("Div", {value, constant("scale", &ColumnFit::scale, 1.0)});
  }
  if (front.dtype() != kDouble) {
    value = front.op("Cast", {value}, {format::attribute("to", front.dtype())});
  }
  const size_t rank = fit.layout.window > 0 ? 2 : 1;
  if (shape.size() != rank) {
    std::vector<int64_t> all = {-1};
    all.insert(all.end(), shape.begin(), shape.end());
    value = front.op("Reshape", {value, front.integers("shape", all)});
  }
  front.install(value);
}

/// Whether the network takes samples of the table, perhaps in another shape.
bool fitsTable(const TableFit &fit, const std::vector<int64_t> &shape) {
  const int64_t elements =
      std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  return elements == fit.layout.width() * std::max<int64_t>(fit.layout.window, 1);
}

bool isFloat(const onnx::ValueInfoProto &value) {
  const int32_t dtype = value.type().tensor_type().elem_type();
  return dtype == onnx::TensorProto::FLOAT || dtype == onnx::TensorProto::DOUBLE;
}

void needMlOperators(onnx::ModelProto &model) {
  for (const onnx::OperatorSetIdProto &opset : model.opset_import()) {
    if (opset.domain() == kMlDomain) {
      return;
    }
  }
  onnx::OperatorSetIdProto &opset = *model.add_opset_import();
  opset.set_domain(kMlDomain);
  opset.set_version(kMlVersion);
}

/// The one input that data sets of pictures and tables fill, and its shape without the batch;
/// nothing where there are several or its shape is unknown.
std::optional<std::vector<int64_t>> onlyInput(const onnx::GraphProto &graph) {
  return graph.input_size() == 1 && isFloat(graph.input(0)) ? sampleShape(graph.input(0))
                                                            : std::nullopt;
}

rt::Status attachPicture(onnx::ModelProto &model, const std::string &transforms,
                         AttachedPreprocessing &out) {
  auto end = rt::data::splitNormalizedEnd(transforms);
  if (!end) {
    return end.status();
  }
  const auto shape = onlyInput(model.graph());
  const bool isInGraph = !end->steps.empty() && shape && fitsChannels(end->steps, *shape);
  if (isInGraph) {
    Front front(*model.mutable_graph());
    addNormalization(front, end->steps);
    out.nodes.push_back(end->text);
  }
  const std::string &rest = isInGraph ? end->before : transforms;
  if (!rest.empty()) {
    format::setMetadata(model, kTransformKey, rest);
    out.metadata.push_back(rt::concat(rest, " (", kTransformKey, ")"));
  }
  return rt::Status::ok();
}

void attachTable(onnx::ModelProto &model, const TableFit &fit, AttachedPreprocessing &out) {
  std::vector<std::string> names;
  for (const TableColumn &column : fit.layout.columns) {
    names.push_back(column.name);
  }
  format::setMetadata(model, kColumnsKey, listJson(names));
  out.metadata.push_back(rt::concat("names of columns (", kColumnsKey, ")"));
  const bool hasTexts = hasCategories(fit);
  if (!hasTexts && !fit.layout.needsFit()) {
    return;
  }
  const auto shape = onlyInput(model.graph());
  if (!shape || !fitsTable(fit, *shape)) {
    format::setMetadata(model, kTableKey, rt::data::tableFitJson(fit));
    out.metadata.push_back(rt::concat("the fit of the table (", kTableKey, ")"));
    return;
  }
  Front front(*model.mutable_graph());
  addTable(front, fit, *shape);
  if (hasTexts) {
    needMlOperators(model);
    out.nodes.emplace_back("categories");
  }
  if (fit.layout.missing >= TableMissing::Mean) {
    out.nodes.emplace_back("filling of missing values");
  }
  if (fit.layout.scale != TableScale::None) {
    out.nodes.emplace_back("scaling");
  }
}

} // namespace

rt::Result<AttachedPreprocessing>
attachPreprocessing(onnx::ModelProto &model, const rt::train::Preprocessing &preprocessing) {
  AttachedPreprocessing out;
  if (!preprocessing.valTransform.empty()) {
    if (rt::Status status = attachPicture(model, preprocessing.valTransform, out); !status) {
      return status;
    }
  }
  const rt::data::Known &known = preprocessing.known;
  if (known.table) {
    attachTable(model, *known.table, out);
  }
  if (!known.classes.empty()) {
    format::setMetadata(model, kClassNamesKey, listJson(known.classes));
    out.metadata.push_back(rt::concat("names of classes (", kClassNamesKey, ")"));
  }
  if (!known.characters.empty()) {
    format::setMetadata(model, kCharactersKey, listJson(known.characters));
    out.metadata.push_back(rt::concat("characters (", kCharactersKey, ")"));
  }
  return out;
}

} // namespace ntc::driver
