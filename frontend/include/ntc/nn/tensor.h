// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symbolic tensors: values of a graph that is being recorded. They have a shape and an element
// type, and no data; every operation adds a node to the graph and infers the shape of its result at
// once, so that a mistake is found at the line and in the layer that makes it.
//
// Shapes follow PyTorch's words: B batch, C channels. An operation on operands that do not fit
// records an error and returns an invalid tensor; operations on invalid tensors do nothing, and
// `Program::save` reports the first cause. Tensors are cheap handles. A recording belongs to one
// thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ntc {

enum class DType { F32, F64, I64, Bool };
inline constexpr DType f32 = DType::F32;
inline constexpr DType f64 = DType::F64;
inline constexpr DType i64 = DType::I64;

/// A dimension: a number, or a multiple of the batch size.
class Dim {
public:
  constexpr Dim(int64_t value) : factor(value) {}
  constexpr Dim(int value) : factor(value) {}
  /// `factor` elements, times the batch size when `timesBatch`.
  constexpr Dim(int64_t factor, bool timesBatch) : factor(factor), timesBatch(timesBatch) {}

  int64_t factor;
  bool timesBatch = false;
  friend constexpr bool operator==(const Dim &, const Dim &) = default;
};

/// The batch dimension.
inline constexpr Dim Batch{1, true};

using Shape = std::vector<Dim>;

namespace detail {
class Recorder;
}

class Tensor {
public:
  /// An invalid tensor.
  Tensor() = default;
  Tensor(std::shared_ptr<detail::Recorder> recorder, std::string name)
      : recorder(std::move(recorder)), name(std::move(name)) {}

  bool isValid() const { return recorder != nullptr; }
  /// Empty for invalid tensors; a dimension that is not known has factor -1.
  Shape shape() const;
  size_t rank() const { return shape().size(); }
  DType dtype() const;

  /// Recording internals.
  std::shared_ptr<detail::Recorder> recorder;
  std::string name;
};

/// Arithmetic with NumPy's broadcasting; numbers take the tensor's element type.
Tensor operator+(const Tensor &lhs, const Tensor &rhs);
Tensor operator-(const Tensor &lhs, const Tensor &rhs);
Tensor operator*(const Tensor &lhs, const Tensor &rhs);
Tensor operator/(const Tensor &lhs, const Tensor &rhs);
Tensor operator+(const Tensor &lhs, double rhs);
Tensor operator-(const Tensor &lhs, double rhs);
Tensor operator*(const Tensor &lhs, double rhs);
Tensor operator/(const Tensor &lhs, double rhs);
Tensor operator+(double lhs, const Tensor &rhs);
Tensor operator-(double lhs, const Tensor &rhs);
Tensor operator*(double lhs, const Tensor &rhs);
Tensor operator/(double lhs, const Tensor &rhs);
Tensor operator-(const Tensor &x);

Tensor exp(const Tensor &x);
Tensor log(const Tensor &x);
Tensor sqrt(const Tensor &x);
Tensor abs(const Tensor &x);
Tensor pow(const Tensor &x, double exponent);

/// Matrix product of the last two axes, broadcasting the others: (…, M, K) times (…, K, N).
Tensor matmul(const Tensor &lhs, const Tensor &rhs);

/// Same elements in row-major order, another shape; one dimension may be -1.
Tensor reshape(const Tensor &x, const Shape &shape);
/// Axes from startDim on become one: (B, 1, 28, 28) → (B, 784).
Tensor flatten(const Tensor &x, int64_t startDim = 1);
/// Axis i of the result is axis order[i] of x.
Tensor permute(const Tensor &x, const std::vector<int64_t> &order);
/// Two axes exchanged.
Tensor transpose(const Tensor &x, int64_t dim0, int64_t dim1);
Tensor concat(const std::vector<Tensor> &tensors, int64_t dim = 0);
/// Elements [start, end) of axis dim, every step-th; end and negative indices as in Python.
Tensor slice(const Tensor &x, int64_t dim, int64_t start, std::optional<int64_t> end = std::nullopt,
             int64_t step = 1);

/// Reductions over `dims`, all axes when empty.
Tensor sum(const Tensor &x, const std::vector<int64_t> &dims = {}, bool keepdim = false);
Tensor mean(const Tensor &x, const std::vector<int64_t> &dims = {}, bool keepdim = false);
Tensor max(const Tensor &x, const std::vector<int64_t> &dims = {}, bool keepdim = false);

Tensor relu(const Tensor &x);
Tensor leaky_relu(const Tensor &x, double negative_slope = 0.01);
Tensor sigmoid(const Tensor &x);
Tensor tanh(const Tensor &x);
Tensor elu(const Tensor &x, double alpha = 1.0);
/// x Φ(x); approximate "tanh" uses 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))) (Hendrycks &
/// Gimpel 2016).
Tensor gelu(const Tensor &x, const std::string &approximate = "none");
/// x sigmoid(x).
Tensor silu(const Tensor &x);
Tensor softmax(const Tensor &x, int64_t dim);
Tensor log_softmax(const Tensor &x, int64_t dim);
/// Zeroes elements with probability p in training and scales the others by 1/(1-p); does nothing in
/// evaluation.
Tensor dropout(const Tensor &x, double p = 0.5);
/// Standard normal numbers of x's shape and type, drawn anew in every step; nothing is
/// differentiated through x.
Tensor randn_like(const Tensor &x);
Tensor max_pool2d(const Tensor &x, int64_t kernel_size, int64_t stride = 0, int64_t padding = 0);
Tensor avg_pool2d(const Tensor &x, int64_t kernel_size, int64_t stride = 0, int64_t padding = 0);

} // namespace ntc
