// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Raw data is written in the machine's order: ntc runs on little-endian machines only, which is
// ONNX's order.
#include "frontend/format/NodeBuilder.h"

#include <bit>
#include <cstring>

namespace ntc::format {

static_assert(std::endian::native == std::endian::little);

namespace {

onnx::AttributeProto named(std::string_view name, onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto attribute;
  attribute.set_name(std::string(name));
  attribute.set_type(type);
  return attribute;
}

template <typename T>
onnx::TensorProto rawTensor(std::string_view name, std::span<const T> values,
                            std::span<const int64_t> dims, int32_t dtype) {
  onnx::TensorProto tensor;
  if (!name.empty()) {
    tensor.set_name(std::string(name));
  }
  tensor.set_data_type(dtype);
  for (int64_t dim : dims) {
    tensor.add_dims(dim);
  }
  tensor.set_raw_data(values.data(), values.size_bytes());
  return tensor;
}

} // namespace

onnx::AttributeProto attribute(std::string_view name, int64_t value) {
  auto out = named(name, onnx::AttributeProto::INT);
  out.set_i(value);
  return out;
}

onnx::AttributeProto attribute(std::string_view name, float value) {
  auto out = named(name, onnx::AttributeProto::FLOAT);
  out.set_f(value);
  return out;
}

onnx::AttributeProto attribute(std::string_view name, std::string_view value) {
  auto out = named(name, onnx::AttributeProto::STRING);
  out.set_s(std::string(value));
  return out;
}

onnx::AttributeProto attribute(std::string_view name, std::span<const int64_t> values) {
  auto out = named(name, onnx::AttributeProto::INTS);
  for (int64_t value : values) {
    out.add_ints(value);
  }
  return out;
}

onnx::AttributeProto attribute(std::string_view name, const onnx::TensorProto &value) {
  auto out = named(name, onnx::AttributeProto::TENSOR);
  *out.mutable_t() = value;
  return out;
}

onnx::TensorProto floatTensor(std::string_view name, std::span<const float> values,
                              std::span<const int64_t> dims) {
  return rawTensor(name, values, dims, onnx::TensorProto::FLOAT);
}

onnx::TensorProto doubleScalar(std::string_view name, double value) {
  return rawTensor<double>(name, std::span(&value, 1), {}, onnx::TensorProto::DOUBLE);
}

onnx::TensorProto intTensor(std::string_view name, std::span<const int64_t> values,
                            std::span<const int64_t> dims) {
  return rawTensor(name, values, dims, onnx::TensorProto::INT64);
}

onnx::TensorProto scalarTensor(std::string_view name, double value, int32_t dtype) {
  if (dtype == onnx::TensorProto::DOUBLE) {
    return doubleScalar(name, value);
  }
  if (dtype == onnx::TensorProto::INT64) {
    auto integer = static_cast<int64_t>(value);
    return intTensor(name, std::span(&integer, 1), {});
  }
  auto narrow = static_cast<float>(value);
  return floatTensor(name, std::span(&narrow, 1), {});
}

FunctionBuilder::FunctionBuilder(std::string_view name, std::initializer_list<std::string> inputs) {
  function.set_name(std::string(name));
  function.set_domain(std::string(trainingDomain));
  auto *import = function.add_opset_import();
  import->set_domain("");
  import->set_version(writtenOpset);
  for (const std::string &input : inputs) {
    function.add_input(input);
  }
}

std::string FunctionBuilder::input(const std::string &name) {
  function.add_input(name);
  return name;
}

std::string FunctionBuilder::op(std::string_view type, std::initializer_list<std::string> inputs,
                                Attributes attributes) {
  std::string result = "v" + std::to_string(next++);
  addNode(function, type, std::span(inputs.begin(), inputs.size()), std::span(&result, 1),
          attributes);
  return result;
}

void FunctionBuilder::output(const std::string &name, std::string_view type,
                             std::initializer_list<std::string> inputs, Attributes attributes) {
  function.add_output(name);
  addNode(function, type, std::span(inputs.begin(), inputs.size()), std::span(&name, 1),
          attributes);
}

std::string FunctionBuilder::constant(double value) {
  return op("Constant", {}, {attribute("value", doubleScalar("", value))});
}

std::string FunctionBuilder::intConstant(int64_t value) {
  return op("Constant", {}, {attribute("value", intTensor("", std::span(&value, 1), {}))});
}

} // namespace ntc::format
