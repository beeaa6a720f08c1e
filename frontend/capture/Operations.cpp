// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on symbolic tensors: each is one ONNX node, or a call of a local function where opset
// 17 has no operator.
#include "frontend/capture/Recorder.h"
#include "ntc/nn/tensor.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ntc {
namespace {

using format::attribute;

Tensor apply(const char *op, const std::vector<Tensor> &inputs,
             format::Attributes attributes = {}) {
  for (const Tensor &input : inputs) {
    if (!input.isValid()) {
      return Tensor();
    }
  }
  return inputs[0].recorder->add(op, inputs, attributes);
}

/// `value` as a scalar constant of the element type of `like`.
Tensor number(double value, const Tensor &like) {
  return like.isValid()
             ? like.recorder->constant("constant", {value}, {}, like.recorder->typeOf(like).dtype)
             : Tensor();
}

Tensor vector(const char *role, const std::vector<int64_t> &values, const Tensor &like) {
  return like.recorder->integers(role, values);
}

Tensor reduce(const char *op, const Tensor &x, const std::vector<int64_t> &dims, bool keepdim) {
  if (!x.isValid()) {
    return Tensor();
  }
  auto keep = attribute("keepdims", keepdim ? 1 : 0);
  bool axesAreInput = std::string_view(op) == "ReduceSum"; // the others follow in opset 18
  if (dims.empty()) {
    return apply(op, {x}, {keep});
  }
  if (axesAreInput) {
    return apply(op, {x, vector("axes", dims, x)}, {keep});
  }
  return apply(op, {x}, {keep, attribute("axes", std::span<const int64_t>(dims))});
}

/// Opset 17 has no Gelu: x * 0.5 * (1 + erf(x / sqrt 2)).
onnx::FunctionProto geluFunction() {
  format::FunctionBuilder b("Gelu", {"x"});
  auto scalar = [&](double value) { return b.cast(b.constant(value), "x"); };
  std::string erf = b.op("Erf", {b.op("Mul", {"x", scalar(1 / std::numbers::sqrt2)})});
  std::string half = b.op("Mul", {"x", scalar(0.5)});
  b.output("y", "Mul", {half, b.op("Add", {erf, scalar(1)})});
  return b.take();
}

/// 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))).
onnx::FunctionProto geluTanhFunction() {
  format::FunctionBuilder b("GeluTanh", {"x"});
  auto scalar = [&](double value) { return b.cast(b.constant(value), "x"); };
  std::string cube = b.op("Mul", {b.op("Mul", {"x", "x"}), "x"});
  std::string inner = b.op("Add", {"x", b.op("Mul", {cube, scalar(0.044715)})});
  std::string t = b.op("Tanh", {b.op("Mul", {inner, scalar(std::sqrt(2 / std::numbers::pi))})});
  std::string half = b.op("Mul", {"x", scalar(0.5)});
  b.output("y", "Mul", {half, b.op("Add", {t, scalar(1)})});
  return b.take();
}

onnx::FunctionProto siluFunction() {
  format::FunctionBuilder b("SiLU", {"x"});
  b.output("y", "Mul", {"x", b.op("Sigmoid", {"x"})});
  return b.take();
}

DType publicType(int32_t dtype) {
  switch (dtype) {
  case onnx::TensorProto::DOUBLE:
    return DType::F64;
  case onnx::TensorProto::INT64:
    return DType::I64;
  case onnx::TensorProto::BOOL:
    return DType::Bool;
  default:
    return DType::F32;
  }
}

} // namespace

Shape Tensor::shape() const {
  Shape result;
  if (!isValid() || !recorder->typeOf(*this).shape) {
    return result;
  }
  for (const format::Dim &dim : *recorder->typeOf(*this).shape) {
    result.push_back(Dim(dim.factor, !dim.symbol.empty()));
  }
  return result;
}

DType Tensor::dtype() const {
  return isValid() ? publicType(recorder->typeOf(*this).dtype) : DType::F32;
}

Tensor operator+(const Tensor &lhs, const Tensor &rhs) { return apply("Add", {lhs, rhs}); }
Tensor operator-(const Tensor &lhs, const Tensor &rhs) { return apply("Sub", {lhs, rhs}); }
Tensor operator*(const Tensor &lhs, const Tensor &rhs) { return apply("Mul", {lhs, rhs}); }
Tensor operator/(const Tensor &lhs, const Tensor &rhs) { return apply("Div", {lhs, rhs}); }
Tensor operator+(const Tensor &lhs, double rhs) { return lhs + number(rhs, lhs); }
Tensor operator-(const Tensor &lhs, double rhs) { return lhs - number(rhs, lhs); }
Tensor operator*(const Tensor &lhs, double rhs) { return lhs * number(rhs, lhs); }
Tensor operator/(const Tensor &lhs, double rhs) { return lhs / number(rhs, lhs); }
Tensor operator+(double lhs, const Tensor &rhs) { return number(lhs, rhs) + rhs; }
Tensor operator-(double lhs, const Tensor &rhs) { return number(lhs, rhs) - rhs; }
Tensor operator*(double lhs, const Tensor &rhs) { return number(lhs, rhs) * rhs; }
Tensor operator/(double lhs, const Tensor &rhs) { return number(lhs, rhs) / rhs; }
Tensor operator-(const Tensor &x) { return apply("Neg", {x}); }

Tensor exp(const Tensor &x) { return apply("Exp", {x}); }
Tensor log(const Tensor &x) { return apply("Log", {x}); }
Tensor sqrt(const Tensor &x) { return apply("Sqrt", {x}); }
Tensor abs(const Tensor &x) { return apply("Abs", {x}); }
Tensor pow(const Tensor &x, double exponent) { return apply("Pow", {x, number(exponent, x)}); }
Tensor matmul(const Tensor &lhs, const Tensor &rhs) { return apply("MatMul", {lhs, rhs}); }

Tensor reshape(const Tensor &x, const Shape &shape) {
  if (!x.isValid()) {
    return Tensor();
  }
  // ONNX has one free dimension; the batch takes it unless -1 is given.
  std::vector<int64_t> target;
  int free = 0;
  for (const Dim &dim : shape) {
    free += dim.timesBatch || dim.factor == -1;
  }
  for (size_t i = 0; i < shape.size(); ++i) {
    bool keepsPlace = shape[i].timesBatch && i < x.rank() && x.shape()[i] == shape[i];
    if (keepsPlace && free > 1) {
      target.push_back(0); // ONNX: the input's own dimension
      --free;
    } else {
      target.push_back(shape[i].timesBatch ? -1 : shape[i].factor);
    }
  }
  return apply("Reshape", {x, vector("shape", target, x)});
}

Tensor flatten(const Tensor &x, int64_t startDim) {
  if (!x.isValid()) {
    return Tensor();
  }
  if (startDim == 1) {
    return apply("Flatten", {x}, {attribute("axis", 1)});
  }
  auto rank = static_cast<int64_t>(x.rank());
  int64_t first = startDim < 0 ? startDim + rank : startDim;
  if (first < 0 || first >= rank) {
    return x.recorder->fail("flatten: start_dim " + std::to_string(startDim) +
                            " is outside a value of rank " + std::to_string(rank));
  }
  std::vector<int64_t> target(static_cast<size_t>(first), 0);
  target.push_back(-1);
  return apply("Reshape", {x, vector("shape", target, x)});
}

Tensor permute(const Tensor &x, const std::vector<int64_t> &order) {
  return apply("Transpose", {x}, {attribute("perm", std::span<const int64_t>(order))});
}

Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1) {
  if (!x.isValid()) {
    return Tensor();
  }
  auto rank = static_cast<int64_t>(x.rank());
  int64_t a = dim0 < 0 ? dim0 + rank : dim0;
  int64_t b = dim1 < 0 ? dim1 + rank : dim1;
  if (a < 0 || a >= rank || b < 0 || b >= rank) {
    return x.recorder->fail("transpose: axes " + std::to_string(dim0) + " and " +
                            std::to_string(dim1) + " are not both inside a value of rank " +
                            std::to_string(rank));
  }
  std::vector<int64_t> order(static_cast<size_t>(rank));
  for (int64_t i = 0; i < rank; ++i) {
    order[static_cast<size_t>(i)] = i == a ? b : i == b ? a : i;
  }
  return permute(x, order);
}

Tensor concat(const std::vector<Tensor> &tensors, int64_t dim) {
  return tensors.empty() ? Tensor() : apply("Concat", tensors, {attribute("axis", dim)});
}

Tensor slice(const Tensor &x, int64_t dim, int64_t start, std::optional<int64_t> end,
             int64_t step) {
  if (!x.isValid()) {
    return Tensor();
  }
  int64_t last = end.value_or(step > 0 ? std::numeric_limits<int64_t>::max()
                                       : std::numeric_limits<int64_t>::min());
  return apply("Slice", {x, vector("starts", {start}, x), vector("ends", {last}, x),
                         vector("axes", {dim}, x), vector("steps", {step}, x)});
}

Tensor sum(const Tensor &x, const std::vector<int64_t> &dims, bool keepdim) {
  return reduce("ReduceSum", x, dims, keepdim);
}
Tensor mean(const Tensor &x, const std::vector<int64_t> &dims, bool keepdim) {
  return reduce("ReduceMean", x, dims, keepdim);
}
Tensor max(const Tensor &x, const std::vector<int64_t> &dims, bool keepdim) {
  return reduce("ReduceMax", x, dims, keepdim);
}

Tensor relu(const Tensor &x) { return apply("Relu", {x}); }
Tensor leaky_relu(const Tensor &x, double slope) {
  return apply("LeakyRelu", {x}, {attribute("alpha", static_cast<float>(slope))});
}
Tensor sigmoid(const Tensor &x) { return apply("Sigmoid", {x}); }
Tensor tanh(const Tensor &x) { return apply("Tanh", {x}); }
Tensor elu(const Tensor &x, double alpha) {
  return apply("Elu", {x}, {attribute("alpha", static_cast<float>(alpha))});
}

Tensor gelu(const Tensor &x, const std::string &approximate) {
  if (!x.isValid()) {
    return Tensor();
  }
  if (approximate != "none" && approximate != "tanh") {
    return x.recorder->fail("GELU: approximate: expected none or tanh, found \"" + approximate +
                            "\"");
  }
  return x.recorder->call(approximate == "none" ? geluFunction() : geluTanhFunction(), {x});
}

Tensor silu(const Tensor &x) {
  return x.isValid() ? x.recorder->call(siluFunction(), {x}) : Tensor();
}
Tensor softmax(const Tensor &x, int64_t dim) {
  return apply("Softmax", {x}, {attribute("axis", dim)});
}
Tensor log_softmax(const Tensor &x, int64_t dim) {
  return apply("LogSoftmax", {x}, {attribute("axis", dim)});
}

Tensor dropout(const Tensor &x, double p) {
  if (!x.isValid()) {
    return Tensor();
  }
  if (!(p >= 0 && p < 1)) {
    return x.recorder->fail("Dropout: expected p in [0, 1), found " + std::to_string(p));
  }
  return apply("Dropout", {x, x.recorder->constant("ratio", {p}, {}, onnx::TensorProto::FLOAT)});
}

Tensor randn_like(const Tensor &x) { return apply("RandomNormalLike", {x}); }

Tensor max_pool2d(const Tensor &x, int64_t kernel, int64_t stride, int64_t padding) {
  std::vector<int64_t> size(2, kernel), step(2, stride ? stride : kernel), pads(4, padding);
  return apply("MaxPool", {x},
               {attribute("kernel_shape", std::span<const int64_t>(size)),
                attribute("strides", std::span<const int64_t>(step)),
                attribute("pads", std::span<const int64_t>(pads))});
}

Tensor avg_pool2d(const Tensor &x, int64_t kernel, int64_t stride, int64_t padding) {
  std::vector<int64_t> size(2, kernel), step(2, stride ? stride : kernel), pads(4, padding);
  return apply("AveragePool", {x},
               {attribute("count_include_pad", 1),
                attribute("kernel_shape", std::span<const int64_t>(size)),
                attribute("strides", std::span<const int64_t>(step)),
                attribute("pads", std::span<const int64_t>(pads))});
}

} // namespace ntc
