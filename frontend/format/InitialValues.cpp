// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The draw must equal the compiled `init` bit for bit, so every f32 operation rounds by itself:
// contraction to fused multiply-add is off in this file (see its CMakeLists.txt).
#include "frontend/format/InitialValues.h"

#include "frontend/format/NodeBuilder.h"
#include "frontend/format/TensorType.h"
#include "runtime/base/NormalDraw.h"
#include "runtime/base/Philox.h"

#include <cstring>
#include <optional>
#include <unordered_map>

namespace ntc::format {
namespace {

const onnx::AttributeProto *findAttribute(const onnx::NodeProto &node, std::string_view name) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name() == name) {
      return &attribute;
    }
  }
  return nullptr;
}

float constantValue(const onnx::AttributeProto *value) {
  if (!value) {
    return 0; // ConstantOfShape's default
  }
  const onnx::TensorProto &tensor = value->t();
  if (tensor.data_type() == onnx::TensorProto::DOUBLE &&
      tensor.raw_data().size() == sizeof(double)) {
    double wide = 0;
    std::memcpy(&wide, tensor.raw_data().data(), sizeof wide);
    return static_cast<float>(wide);
  }
  float narrow = tensor.float_data_size() == 1 ? tensor.float_data(0) : 0;
  if (tensor.raw_data().size() == sizeof(float)) {
    std::memcpy(&narrow, tensor.raw_data().data(), sizeof narrow);
  }
  return narrow;
}

std::optional<Distribution> distributionOf(const onnx::NodeProto &node) {
  if (node.op_type() == "ConstantOfShape") {
    return Distribution::constant(constantValue(findAttribute(node, "value")));
  }
  auto number = [&](std::string_view name, float byDefault) {
    const onnx::AttributeProto *attribute = findAttribute(node, name);
    return attribute ? attribute->f() : byDefault;
  };
  if (node.op_type() == "RandomUniform") {
    return Distribution::uniform(number("low", 0), number("high", 1));
  }
  if (node.op_type() == "RandomNormal") {
    return Distribution::normal(number("mean", 0), number("scale", 1));
  }
  return std::nullopt;
}

/// u * (high - low) + low or z * deviation + mean, each operation rounded to T.
template <typename T>
std::string draw(Distribution distribution, int64_t count, uint64_t seed, uint32_t op) {
  std::string bytes(static_cast<size_t>(count) * sizeof(T), '\0');
  T first = distribution.first;
  T second = distribution.second;
  rt::HostArithmetic<T> arithmetic;
  for (int64_t e = 0; e < count; ++e) {
    auto element = static_cast<uint64_t>(e);
    T value = first;
    if (distribution.kind != Distribution::Kind::Constant) {
      T u = static_cast<T>(rt::randomUniform(seed, 0, op, element));
      T scaled = 0;
      if (distribution.kind == Distribution::Kind::Uniform) {
        scaled = u * (second - first);
      } else {
        T v = static_cast<T>(rt::randomUniform(seed, 1, op, element));
        scaled = rt::standardNormal(arithmetic, u, v) * second;
      }
      value = scaled + first;
    }
    std::memcpy(bytes.data() + static_cast<size_t>(e) * sizeof(T), &value, sizeof value);
  }
  return bytes;
}

} // namespace

void bindInitialization(onnx::TrainingInfoProto &info, const onnx::TensorProto &tensor,
                        Distribution distribution) {
  onnx::GraphProto &graph = *info.mutable_initialization();
  if (graph.name().empty()) {
    graph.set_name("initialization");
  }
  std::string output = "init." + tensor.name();
  std::span<const int64_t> dims(tensor.dims().data(), static_cast<size_t>(tensor.dims_size()));
  if (distribution.kind == Distribution::Kind::Constant) {
    std::string shape = "/init/" + tensor.name() + "/shape";
    int64_t rank = tensor.dims_size();
    int64_t one = 1;
    addNode(graph, "Constant", {}, std::span(&shape, 1),
            {attribute("value", intTensor("", dims, std::span(&rank, 1)))})
        .set_name(shape);
    onnx::TensorProto value = scalarTensor("", distribution.first, tensor.data_type());
    value.add_dims(one);
    addNode(graph, "ConstantOfShape", std::span(&shape, 1), std::span(&output, 1),
            {attribute("value", value)})
        .set_name("/init/" + tensor.name());
  } else {
    bool isNormal = distribution.kind == Distribution::Kind::Normal;
    addNode(graph, isNormal ? "RandomNormal" : "RandomUniform", {}, std::span(&output, 1),
            {attribute("dtype", static_cast<int64_t>(tensor.data_type())),
             attribute(isNormal ? "mean" : "low", distribution.first),
             attribute(isNormal ? "scale" : "high", distribution.second), attribute("shape", dims)})
        .set_name("/init/" + tensor.name());
  }
  onnx::ValueInfoProto &value = *graph.add_output();
  value.set_name(output);
  TensorType type{tensor.data_type(), Shape(dims.begin(), dims.end())};
  *value.mutable_type() = protoOf(type);
  auto *binding = info.add_initialization_binding();
  binding->set_key(tensor.name());
  binding->set_value(output);
}

Status drawInitialValues(onnx::ModelProto &model, uint64_t seed) {
  if (model.training_info_size() == 0) {
    return Status::ok();
  }
  const onnx::TrainingInfoProto &info = model.training_info(0);
  std::unordered_map<std::string, std::string> bindings;
  for (const auto &binding : info.initialization_binding()) {
    bindings[binding.key()] = binding.value();
  }
  std::unordered_map<std::string, const onnx::NodeProto *> makers;
  for (const onnx::NodeProto &node : info.initialization().node()) {
    for (const std::string &output : node.output()) {
      makers[output] = &node;
    }
  }
  constexpr int64_t limitBytes = int64_t{1} << 31;
  int64_t totalBytes = 0;
  uint32_t index = 0;
  for (onnx::TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    auto binding = bindings.find(tensor.name());
    if (binding == bindings.end()) {
      continue;
    }
    auto maker = makers.find(binding->second);
    auto distribution = maker == makers.end() ? std::nullopt : distributionOf(*maker->second);
    bool isWide = tensor.data_type() == onnx::TensorProto::DOUBLE;
    if (!distribution || (!isWide && tensor.data_type() != onnx::TensorProto::FLOAT)) {
      return failure("initialization of ", rt::quoted(tensor.name()),
                     ": expected RandomUniform, RandomNormal or ConstantOfShape of f32 or f64");
    }
    auto count = elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())});
    if (!count || *count > limitBytes / 8 || (totalBytes += *count * 8) > 2 * limitBytes) {
      return failure("initialization of ", rt::quoted(tensor.name()),
                     ": more than 2 GiB of fresh values");
    }
    uint32_t op = index++;
    tensor.clear_float_data();
    tensor.clear_double_data();
    tensor.set_raw_data(isWide ? draw<double>(*distribution, *count, seed, op)
                               : draw<float>(*distribution, *count, seed, op));
  }
  return Status::ok();
}

} // namespace ntc::format
