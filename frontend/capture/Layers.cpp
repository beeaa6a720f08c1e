// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's layers as ONNX nodes. A layer checks what its user would look for first, in PyTorch's
// words; shape inference behind `Recorder::add` finds the rest.
#include "ntc/nn/layers.h"

#include "frontend/capture/Recorder.h"

namespace ntc::nn {
namespace {

using format::attribute;

std::string shapeText(const Tensor &x) { return format::str(*x.recorder->typeOf(x).shape); }

std::vector<int64_t> pair(Size2d size) { return {size.height, size.width}; }
std::vector<int64_t> pads(Size2d size) {
  return {size.height, size.width, size.height, size.width};
}

onnx::AttributeProto ints(const char *name, const std::vector<int64_t> &values) {
  return attribute(name, std::span<const int64_t>(values));
}

Size2d orKernel(Size2d stride, Size2d kernel) {
  return stride.height == 0 && stride.width == 0 ? kernel : stride;
}

/// The averaging matrix (out, in) of adaptive pooling along one axis.
std::vector<double> poolingMatrix(int64_t in, int64_t out, bool transposed) {
  std::vector<double> matrix(static_cast<size_t>(in * out), 0.0);
  for (int64_t i = 0; i < out; ++i) {
    int64_t first = i * in / out;
    int64_t last = ((i + 1) * in + out - 1) / out;
    for (int64_t k = first; k < last; ++k) {
      matrix[static_cast<size_t>(transposed ? k * out + i : i * in + k)] =
          1.0 / static_cast<double>(last - first);
    }
  }
  return matrix;
}

} // namespace

Linear::Linear(int64_t in_features, int64_t out_features, LinearOptions options)
    : inFeatures(in_features), options(options) {
  registerParameter("weight", {out_features, in_features}, Init::fanIn(in_features));
  if (options.bias) {
    registerParameter("bias", {out_features}, Init::fanIn(in_features));
  }
}

Tensor Linear::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  Shape shape = x.shape();
  if (shape.empty() || !(shape.back() == Dim(inFeatures))) {
    return fail(x, "expected last dimension " + std::to_string(inFeatures) + ", found " +
                       (shape.empty() ? "none" : format::str(x.recorder->typeOf(x).shape->back())) +
                       " in input shape " + shapeText(x));
  }
  Tensor weight = state("weight", x);
  if (shape.size() == 2) {
    std::vector<Tensor> inputs = {x, weight};
    if (options.bias) {
      inputs.push_back(state("bias", x));
    }
    return x.recorder->add("Gemm", inputs, {attribute("transB", 1)});
  }
  Tensor product = matmul(x, permute(weight, {1, 0}));
  return options.bias ? product + state("bias", x) : product;
}

Conv2d::Conv2d(int64_t in_channels, int64_t out_channels, Size2d kernel_size, Conv2dOptions options)
    : inChannels(in_channels), outChannels(out_channels), kernel(kernel_size), options(options) {
  int64_t perGroup = options.groups > 0 ? in_channels / options.groups : in_channels;
  Init init = Init::fanIn(perGroup * kernel.height * kernel.width);
  registerParameter("weight", {out_channels, perGroup, kernel.height, kernel.width}, init);
  if (options.bias) {
    registerParameter("bias", {out_channels}, init);
  }
}

Tensor Conv2d::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  if (options.groups < 1 || inChannels % options.groups != 0 || outChannels % options.groups != 0) {
    return fail(x, "groups " + std::to_string(options.groups) + " must divide the " +
                       std::to_string(inChannels) + " input and " + std::to_string(outChannels) +
                       " output channels");
  }
  Shape shape = x.shape();
  if (shape.size() != 4) {
    return fail(x, "expected an input of shape (B, C, H, W), found " + shapeText(x));
  }
  if (!(shape[1] == Dim(inChannels))) {
    return fail(x, "expected " + std::to_string(inChannels) + " input channels, found " +
                       format::str((*x.recorder->typeOf(x).shape)[1]) + " in input shape " +
                       shapeText(x));
  }
  std::vector<Tensor> inputs = {x, state("weight", x)};
  if (options.bias) {
    inputs.push_back(state("bias", x));
  }
  return x.recorder->add("Conv", inputs,
                         {ints("dilations", pair(options.dilation)),
                          attribute("group", options.groups), ints("kernel_shape", pair(kernel)),
                          ints("pads", pads(options.padding)),
                          ints("strides", pair(options.stride))});
}

Tensor MaxPool2d::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  return x.recorder->add("MaxPool", {x},
                         {attribute("ceil_mode", options.ceil_mode ? 1 : 0),
                          ints("dilations", pair(options.dilation)),
                          ints("kernel_shape", pair(kernel)), ints("pads", pads(options.padding)),
                          ints("strides", pair(orKernel(options.stride, kernel)))});
}

Tensor AvgPool2d::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  return x.recorder->add("AveragePool", {x},
                         {attribute("ceil_mode", options.ceil_mode ? 1 : 0),
                          attribute("count_include_pad", options.count_include_pad ? 1 : 0),
                          ints("kernel_shape", pair(kernel)), ints("pads", pads(options.padding)),
                          ints("strides", pair(orKernel(options.stride, kernel)))});
}

Tensor AdaptiveAvgPool2d::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  Shape shape = x.shape();
  bool known = shape.size() == 4 && !shape[2].timesBatch && shape[2].factor > 0 &&
               !shape[3].timesBatch && shape[3].factor > 0;
  if (!known || size.height < 1 || size.width < 1) {
    return fail(x,
                "expected an input of shape (B, C, H, W) and an output size of at least 1, found " +
                    shapeText(x));
  }
  int64_t height = shape[2].factor;
  int64_t width = shape[3].factor;
  if (size.height == 1 && size.width == 1) {
    return x.recorder->add("GlobalAveragePool", {x});
  }
  if (height % size.height == 0 && width % size.width == 0) {
    std::vector<int64_t> window = {height / size.height, width / size.width};
    return x.recorder->add("AveragePool", {x},
                           {ints("kernel_shape", window), ints("strides", window)});
  }
  int32_t dtype = x.recorder->typeOf(x).dtype;
  Tensor rows = x.recorder->constant("rows", poolingMatrix(height, size.height, false),
                                     {size.height, height}, dtype);
  Tensor columns = x.recorder->constant("columns", poolingMatrix(width, size.width, true),
                                        {width, size.width}, dtype);
  return matmul(matmul(rows, x), columns);
}

BatchNorm::BatchNorm(int64_t num_features, BatchNormOptions options)
    : features(num_features), options(options) {
  if (options.affine) {
    registerParameter("weight", {num_features}, Init::constant(1));
    registerParameter("bias", {num_features}, Init::constant(0));
  }
  registerBuffer("running_mean", {num_features}, Init::constant(0));
  registerBuffer("running_var", {num_features}, Init::constant(1));
}

Tensor BatchNorm::forward(Tensor x) {
  if (!x.isValid()) {
    return x;
  }
  Shape shape = x.shape();
  if (!acceptsRank(shape.size())) {
    return fail(x, "expected an input of shape " + form() + ", found " + shapeText(x));
  }
  if (!(shape[1] == Dim(features))) {
    return fail(x, "expected " + std::to_string(features) + " channels, found " +
                       format::str((*x.recorder->typeOf(x).shape)[1]) + " in input shape " +
                       shapeText(x));
  }
  if (!(options.momentum >= 0 && options.momentum <= 1) || !(options.eps >= 0)) {
    return fail(x, "expected momentum in [0, 1] and eps of at least 0");
  }
  auto count = static_cast<size_t>(features);
  int32_t dtype = x.recorder->elementType();
  Tensor weight = options.affine ? state("weight", x)
                                 : x.recorder->constant("ones", std::vector<double>(count, 1.0),
                                                        {features}, dtype);
  Tensor bias = options.affine ? state("bias", x)
                               : x.recorder->constant("zeros", std::vector<double>(count, 0.0),
                                                      {features}, dtype);
  return x.recorder->add("BatchNormalization",
                         {x, weight, bias, state("running_mean", x), state("running_var", x)},
                         {attribute("epsilon", static_cast<float>(options.eps)),
                          attribute("momentum", static_cast<float>(1 - options.momentum)),
                          attribute("training_mode", 0)});
}

Tensor Dropout::forward(Tensor x) { return dropout(x, p); }

} // namespace ntc::nn
