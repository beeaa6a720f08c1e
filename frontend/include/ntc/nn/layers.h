// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's layers with PyTorch's names, defaults and initialization. Shapes are given as (B, C, H,
// W).
#pragma once

#include "ntc/nn/module.h"

#include <type_traits>

namespace ntc::nn {

/// One number for both axes, or (height, width).
struct Size2d {
  Size2d(int64_t both) : height(both), width(both) {}
  Size2d(int both) : height(both), width(both) {}
  Size2d(int64_t height, int64_t width) : height(height), width(width) {}
  int64_t height;
  int64_t width;
};

struct LinearOptions {
  bool bias = true;
};

/// y = x Wᵀ + b; x (…, in), W (out, in), b (out), y (…, out).
class Linear : public Module {
public:
  Linear(int64_t in_features, int64_t out_features, LinearOptions options = {});
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "Linear"; }

private:
  int64_t inFeatures;
  LinearOptions options;
};

struct Conv2dOptions {
  Size2d stride = 1;
  Size2d padding = 0;
  Size2d dilation = 1;
  int64_t groups = 1;
  bool bias = true;
};

/// Cross-correlation: x (B, in, H, W), weight (out, in/groups, kh, kw), bias (out).
class Conv2d : public Module {
public:
  Conv2d(int64_t in_channels, int64_t out_channels, Size2d kernel_size, Conv2dOptions options = {});
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "Conv2d"; }

private:
  int64_t inChannels, outChannels;
  Size2d kernel;
  Conv2dOptions options;
};

struct MaxPool2dOptions {
  /// 0: the kernel's size.
  Size2d stride = 0;
  Size2d padding = 0;
  Size2d dilation = 1;
  bool ceil_mode = false;
};

class MaxPool2d : public Module {
public:
  explicit MaxPool2d(Size2d kernel_size, MaxPool2dOptions options = {})
      : kernel(kernel_size), options(options) {}
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "MaxPool2d"; }

private:
  Size2d kernel;
  MaxPool2dOptions options;
};

struct AvgPool2dOptions {
  /// 0: the kernel's size.
  Size2d stride = 0;
  Size2d padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
};

class AvgPool2d : public Module {
public:
  explicit AvgPool2d(Size2d kernel_size, AvgPool2dOptions options = {})
      : kernel(kernel_size), options(options) {}
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "AvgPool2d"; }

private:
  Size2d kernel;
  AvgPool2dOptions options;
};

/// Averages over windows that follow from the output's size: row i covers floor(i H / h) …
/// ceil((i+1) H / h) - 1.
class AdaptiveAvgPool2d : public Module {
public:
  explicit AdaptiveAvgPool2d(Size2d output_size) : size(output_size) {}
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "AdaptiveAvgPool2d"; }

private:
  Size2d size;
};

struct BatchNormOptions {
  double eps = 1e-5;
  /// PyTorch's: running = (1 - momentum) running + momentum * batch.
  double momentum = 0.1;
  bool affine = true;
};

/// Normalizes each channel (axis 1) by the batch's statistics in training and by the running ones
/// in evaluation.
class BatchNorm : public Module {
public:
  Tensor forward(Tensor x) override;

protected:
  BatchNorm(int64_t num_features, BatchNormOptions options);
  virtual bool acceptsRank(size_t rank) const = 0;
  virtual std::string form() const = 0;

private:
  int64_t features;
  BatchNormOptions options;
};

/// x (B, C) or (B, C, T).
class BatchNorm1d : public BatchNorm {
public:
  explicit BatchNorm1d(int64_t num_features, BatchNormOptions options = {})
      : BatchNorm(num_features, options) {}
  std::string typeName() const override { return "BatchNorm1d"; }

protected:
  bool acceptsRank(size_t rank) const override { return rank == 2 || rank == 3; }
  std::string form() const override { return "(B, C) or (B, C, T)"; }
};

/// x (B, C, H, W).
class BatchNorm2d : public BatchNorm {
public:
  explicit BatchNorm2d(int64_t num_features, BatchNormOptions options = {})
      : BatchNorm(num_features, options) {}
  std::string typeName() const override { return "BatchNorm2d"; }

protected:
  bool acceptsRank(size_t rank) const override { return rank == 4; }
  std::string form() const override { return "(B, C, H, W)"; }
};

/// Zeroes elements with probability p in training; does nothing in evaluation.
class Dropout : public Module {
public:
  explicit Dropout(double p = 0.5) : p(p) {}
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "Dropout"; }

private:
  double p;
};

class Flatten : public Module {
public:
  explicit Flatten(int64_t start_dim = 1) : startDim(start_dim) {}
  Tensor forward(Tensor x) override { return flatten(x, startDim); }
  std::string typeName() const override { return "Flatten"; }

private:
  int64_t startDim;
};

class ReLU : public Module {
public:
  Tensor forward(Tensor x) override { return relu(x); }
  std::string typeName() const override { return "ReLU"; }
};

class LeakyReLU : public Module {
public:
  explicit LeakyReLU(double negative_slope = 0.01) : slope(negative_slope) {}
  Tensor forward(Tensor x) override { return leaky_relu(x, slope); }
  std::string typeName() const override { return "LeakyReLU"; }

private:
  double slope;
};

class Sigmoid : public Module {
public:
  Tensor forward(Tensor x) override { return sigmoid(x); }
  std::string typeName() const override { return "Sigmoid"; }
};

class Tanh : public Module {
public:
  Tensor forward(Tensor x) override { return tanh(x); }
  std::string typeName() const override { return "Tanh"; }
};

class ELU : public Module {
public:
  explicit ELU(double alpha = 1.0) : alpha(alpha) {}
  Tensor forward(Tensor x) override { return elu(x, alpha); }
  std::string typeName() const override { return "ELU"; }

private:
  double alpha;
};

class GELU : public Module {
public:
  explicit GELU(std::string approximate = "none") : approximate(std::move(approximate)) {}
  Tensor forward(Tensor x) override { return gelu(x, approximate); }
  std::string typeName() const override { return "GELU"; }

private:
  std::string approximate;
};

class SiLU : public Module {
public:
  Tensor forward(Tensor x) override { return silu(x); }
  std::string typeName() const override { return "SiLU"; }
};

class Softmax : public Module {
public:
  explicit Softmax(int64_t dim) : dim(dim) {}
  Tensor forward(Tensor x) override { return softmax(x, dim); }
  std::string typeName() const override { return "Softmax"; }

private:
  int64_t dim;
};

class LogSoftmax : public Module {
public:
  explicit LogSoftmax(int64_t dim) : dim(dim) {}
  Tensor forward(Tensor x) override { return log_softmax(x, dim); }
  std::string typeName() const override { return "LogSoftmax"; }

private:
  int64_t dim;
};

/// Layers one after the other, named "0", "1", …: `Sequential(Linear(784, 128), ReLU(), Linear(128,
/// 10))`.
class Sequential : public Module {
public:
  Sequential() = default;
  template <typename First, typename... Rest>
    requires(std::is_base_of_v<Module, std::remove_cvref_t<First>> &&
             !(sizeof...(Rest) == 0 && std::is_same_v<std::remove_cvref_t<First>, Sequential>))
  explicit Sequential(First &&first, Rest &&...rest) {
    append(std::make_shared<std::remove_cvref_t<First>>(std::forward<First>(first)));
    (append(std::make_shared<std::remove_cvref_t<Rest>>(std::forward<Rest>(rest))), ...);
  }
  /// Adds a layer at the end, named by its position.
  Sequential &append(std::shared_ptr<Module> layer);
  Tensor forward(Tensor x) override;
  std::string typeName() const override { return "Sequential"; }
};

} // namespace ntc::nn
