// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products, convolutions, pooling and recurrences.
#include "frontend/format/OpTable.h"

#include <algorithm>

namespace ntc::format {
namespace {

void gemm(OpContext &c) {
  c.needFloat(0);
  c.sameType(0, 1);
  c.sameType(0, 2);
  bool known = c.needRank(0, 2, "(M, K)");
  known &= c.needRank(1, 2, "(K, N)");
  if (!known) {
    c.set(0, c.type(0).dtype, std::nullopt);
    return;
  }
  bool transA = c.intAttribute("transA", 0) != 0;
  bool transB = c.intAttribute("transB", 0) != 0;
  const Shape &a = *c.shape(0);
  const Shape &b = *c.shape(1);
  if (!mayEqual(a[transA ? 0 : 1], b[transB ? 1 : 0])) {
    c.fail("inner dimensions differ: ", str(a), transA ? " transposed" : "", " times ", str(b),
           transB ? " transposed" : "");
    return;
  }
  Shape result = {a[transA ? 1 : 0], b[transB ? 0 : 1]};
  if (c.shape(2)) {
    auto joined = broadcast(result, *c.shape(2));
    if (!joined || joined->size() != 2 || !mayEqual(*joined, result)) {
      c.fail("bias of shape ", str(*c.shape(2)), " does not broadcast to ", str(result));
    }
  }
  c.set(0, c.type(0).dtype, result);
}

void matmul(OpContext &c) {
  c.sameType(0, 1);
  const Shape *a = c.shape(0);
  const Shape *b = c.shape(1);
  if (!a || !b) {
    c.set(0, c.type(0).dtype, std::nullopt);
    return;
  }
  if (a->empty() || b->empty()) {
    c.fail("expected matrices or vectors, found ", str(*a), " and ", str(*b));
    return;
  }
  const Dim &inner = b->size() == 1 ? (*b)[0] : (*b)[b->size() - 2];
  if (!mayEqual(a->back(), inner)) {
    c.fail("inner dimensions differ: ", str(*a), " times ", str(*b));
    return;
  }
  Shape batchA(a->begin(), a->end() - static_cast<ptrdiff_t>(std::min<size_t>(a->size(), 2)));
  Shape batchB(b->begin(), b->end() - static_cast<ptrdiff_t>(std::min<size_t>(b->size(), 2)));
  auto result = broadcast(batchA, batchB);
  if (!result) {
    c.fail("leading dimensions of ", str(*a), " and ", str(*b), " do not broadcast");
    return;
  }
  if (a->size() > 1) {
    result->push_back((*a)[a->size() - 2]);
  }
  if (b->size() > 1) {
    result->push_back(b->back());
  }
  c.set(0, c.type(0).dtype, *result);
}

/// Windows along the spatial axes, one entry each.
struct Windows {
  std::vector<int64_t> kernel, strides, dilations, pads;
  std::string autoPad;
  bool ceilMode = false;
};

/// Reads strides, dilations, pads and auto_pad; fails on wrong counts and values that make no
/// window.
std::optional<Windows> readWindows(OpContext &c, std::vector<int64_t> kernel) {
  Windows w;
  size_t rank = kernel.size();
  w.strides = c.intsAttribute("strides").value_or(std::vector<int64_t>(rank, 1));
  w.dilations = c.intsAttribute("dilations").value_or(std::vector<int64_t>(rank, 1));
  w.pads = c.intsAttribute("pads").value_or(std::vector<int64_t>(2 * rank, 0));
  w.autoPad = c.stringAttribute("auto_pad", "NOTSET");
  w.ceilMode = c.intAttribute("ceil_mode", 0) != 0;
  w.kernel = std::move(kernel);
  bool counts = w.strides.size() == rank && w.dilations.size() == rank && w.pads.size() == 2 * rank;
  if (!counts) {
    c.fail("expected ", rank, " strides, ", rank, " dilations and ", 2 * rank, " pads, found ",
           w.strides.size(), ", ", w.dilations.size(), " and ", w.pads.size());
    return std::nullopt;
  }
  constexpr int64_t limit = int64_t{1} << 31;
  auto outside = [](int64_t value, int64_t low) { return value < low || value > limit; };
  for (size_t i = 0; i < rank; ++i) {
    if (outside(w.kernel[i], 1) || outside(w.strides[i], 1) || outside(w.dilations[i], 1) ||
        outside(w.pads[i], 0) || outside(w.pads[i + rank], 0)) {
      c.fail("kernel, strides and dilations must be at least 1 and pads at least 0");
      return std::nullopt;
    }
  }
  return w;
}

/// Size of the output along spatial axis i for an input of `size`; fails when no window fits.
Dim slide(OpContext &c, const Windows &w, size_t i, const Dim &size) {
  constexpr int64_t limit = int64_t{1} << 48; // keeps the sums below within 63 bits
  if (!size.isNumber() || size.factor > limit) {
    return Dim();
  }
  int64_t span = w.dilations[i] * (w.kernel[i] - 1) + 1; // at most 2^62
  if (w.autoPad == "SAME_UPPER" || w.autoPad == "SAME_LOWER") {
    return Dim((size.factor + w.strides[i] - 1) / w.strides[i]);
  }
  int64_t before = w.autoPad == "VALID" ? 0 : w.pads[i];
  int64_t after = w.autoPad == "VALID" ? 0 : w.pads[i + w.kernel.size()];
  int64_t padded = 0;
  if (__builtin_add_overflow(size.factor, before + after, &padded) || padded < span) {
    c.fail("a window of ", span, " does not fit into ", size.factor, " elements with pads ", before,
           " and ", after);
    return Dim();
  }
  int64_t extra = w.ceilMode ? w.strides[i] - 1 : 0;
  int64_t count = (padded - span + extra) / w.strides[i] + 1;
  // As PyTorch: the last window must begin inside the input or its leading pad.
  if (w.ceilMode && (count - 1) * w.strides[i] >= size.factor + before) {
    --count;
  }
  return Dim(count);
}

std::optional<std::vector<int64_t>> kernelOf(OpContext &c, const Shape &weight) {
  std::vector<int64_t> kernel;
  for (size_t i = 2; i < weight.size(); ++i) {
    if (!weight[i].isNumber()) {
      return std::nullopt;
    }
    kernel.push_back(weight[i].factor);
  }
  auto declared = c.intsAttribute("kernel_shape");
  if (declared && *declared != kernel) {
    c.fail("kernel_shape differs from the weight's shape ", str(weight));
    return std::nullopt;
  }
  return kernel;
}

/// Checks common to convolutions; false when something is unknown or wrong.
bool convInputs(OpContext &c) {
  c.needFloat(0);
  c.sameType(0, 1);
  c.sameType(0, 2);
  const Shape *x = c.shape(0);
  const Shape *w = c.shape(1);
  c.set(0, c.type(0).dtype, std::nullopt);
  if (!x || !w) {
    return false;
  }
  if (x->size() < 3 || x->size() != w->size()) {
    c.fail("expected an input (B, C, …) and a weight of the same rank of at least 3, found ",
           str(*x), " and ", str(*w));
    return false;
  }
  return true;
}

void conv(OpContext &c) {
  if (!convInputs(c)) {
    return;
  }
  const Shape &x = *c.shape(0);
  const Shape &w = *c.shape(1);
  int64_t groups = c.intAttribute("group", 1);
  if (groups < 1 || (w[0].isNumber() && w[0].factor % groups != 0)) {
    c.fail("group ", groups, " does not divide the ", str(w[0]), " output channels");
    return;
  }
  Dim expected = multiply(w[1], Dim(groups));
  if (!mayEqual(x[1], expected)) {
    c.fail("expected ", str(expected), " input channels, found ", str(x[1]), " in input shape ",
           str(x));
    return;
  }
  if (c.shape(2) && (c.shape(2)->size() != 1 || !mayEqual((*c.shape(2))[0], w[0]))) {
    c.fail("expected a bias of shape (", str(w[0]), ",), found ", str(*c.shape(2)));
  }
  auto kernel = kernelOf(c, w);
  auto windows = kernel ? readWindows(c, *kernel) : std::nullopt;
  if (!windows) {
    return;
  }
  Shape result = {x[0], w[0]};
  for (size_t i = 2; i < x.size(); ++i) {
    result.push_back(slide(c, *windows, i - 2, x[i]));
  }
  c.set(0, c.type(0).dtype, result);
}

void convTranspose(OpContext &c) {
  if (!convInputs(c)) {
    return;
  }
  const Shape &x = *c.shape(0);
  const Shape &w = *c.shape(1);
  if (!mayEqual(x[1], w[0])) {
    c.fail("expected ", str(w[0]), " input channels, found ", str(x[1]), " in input shape ",
           str(x));
    return;
  }
  auto kernel = kernelOf(c, w);
  auto windows = kernel ? readWindows(c, *kernel) : std::nullopt;
  if (!windows || c.attribute("output_shape") || windows->autoPad != "NOTSET") {
    if (windows) {
      c.fail("output_shape and auto_pad are not supported; give pads and output_padding");
    }
    return;
  }
  size_t rank = kernel->size();
  auto extra = c.intsAttribute("output_padding").value_or(std::vector<int64_t>(rank, 0));
  bool inRange = std::all_of(extra.begin(), extra.end(), [](int64_t value) {
    return value >= 0 && value < (int64_t{1} << 31);
  });
  if (extra.size() != rank || !inRange) {
    c.fail("expected ", rank, " small values of output_padding, found ", rt::shapeText(extra));
    return;
  }
  Shape result = {x[0], multiply(w[1], Dim(std::max<int64_t>(c.intAttribute("group", 1), 1)))};
  for (size_t i = 0; i < rank; ++i) {
    const Dim &size = x[i + 2];
    int64_t span = windows->dilations[i] * (windows->kernel[i] - 1) + 1;
    int64_t length = 0;
    bool overflow = !size.isNumber() ||
                    __builtin_mul_overflow(size.factor - 1, windows->strides[i], &length) ||
                    __builtin_add_overflow(length, span + extra[i], &length);
    length -= overflow ? 0 : windows->pads[i] + windows->pads[i + rank];
    result.push_back(overflow || length < 0 ? Dim() : Dim(length));
  }
  c.set(0, c.type(0).dtype, result);
}

void pool(OpContext &c) {
  c.needFloat(0);
  c.set(0, c.type(0).dtype, std::nullopt);
  auto kernel = c.intsAttribute("kernel_shape");
  if (!kernel) {
    c.fail("kernel_shape is missing");
    return;
  }
  auto windows = readWindows(c, *kernel);
  const Shape *x = c.shape(0);
  if (!windows || !x) {
    return;
  }
  if (x->size() != kernel->size() + 2) {
    c.fail("expected an input of rank ", kernel->size() + 2, " (B, C, …), found ", str(*x));
    return;
  }
  Shape result = {(*x)[0], (*x)[1]};
  for (size_t i = 0; i < kernel->size(); ++i) {
    result.push_back(slide(c, *windows, i, (*x)[i + 2]));
  }
  c.set(0, c.type(0).dtype, result);
  c.set(1, onnx::TensorProto::INT64, result);
}

void globalPool(OpContext &c) {
  c.needFloat(0);
  std::optional<Shape> result;
  if (const Shape *x = c.shape(0)) {
    if (x->size() < 3) {
      c.fail("expected an input (B, C, …), found ", str(*x));
      return;
    }
    result = Shape(x->size(), Dim(1));
    (*result)[0] = (*x)[0];
    (*result)[1] = (*x)[1];
  }
  c.set(0, c.type(0).dtype, result);
}

/// LSTM, GRU and RNN: x (T, B, I), W (directions, gates*H, I), R (directions, gates*H, H), B
/// (directions, 2*gates*H).
void recurrent(OpContext &c) {
  c.needFloat(0);
  int64_t hidden = c.intAttribute("hidden_size", 0);
  std::string direction = c.stringAttribute("direction", "forward");
  int64_t directions = direction == "bidirectional" ? 2 : 1;
  int64_t gates = c.node.op_type() == "LSTM" ? 4 : c.node.op_type() == "GRU" ? 3 : 1;
  if (hidden < 1 || hidden > (int64_t{1} << 31)) {
    c.fail("expected a hidden_size of at least 1, found ", hidden);
    return;
  }
  bool known = c.needRank(0, 3, "(T, B, I)");
  known &= c.needRank(1, 3, "(directions, gates*H, I)");
  known &= c.needRank(2, 3, "(directions, gates*H, H)");
  if (!known) {
    return;
  }
  const Shape &x = *c.shape(0);
  Shape weight = {Dim(directions), Dim(gates * hidden), x[2]};
  Shape recurrence = {Dim(directions), Dim(gates * hidden), Dim(hidden)};
  if (!mayEqual(*c.shape(1), weight) || !mayEqual(*c.shape(2), recurrence)) {
    c.fail("expected W ", str(weight), " and R ", str(recurrence), ", found ", str(*c.shape(1)),
           " and ", str(*c.shape(2)));
    return;
  }
  if (c.intAttribute("layout", 0) != 0) {
    c.fail("layout 1 is not supported");
  }
  c.set(0, c.type(0).dtype, Shape{x[0], Dim(directions), x[1], Dim(hidden)});
  c.set(1, c.type(0).dtype, Shape{Dim(directions), x[1], Dim(hidden)});
  c.set(2, c.type(0).dtype, Shape{Dim(directions), x[1], Dim(hidden)});
}

} // namespace

std::span<const OpSchema> contractionOps() {
  static constexpr std::string_view recurrence =
      "activation_alpha:F activation_beta:F activations:S clip:f direction:s hidden_size:i "
      "input_forget:i layout:i "
      "linear_before_reset:i";
  static const OpSchema table[] = {
      {"Gemm", 2, 3, 1, 1, 7, "alpha:f beta:f transA:i transB:i", gemm},
      {"MatMul", 2, 2, 1, 1, 1, "", matmul},
      {"Conv", 2, 3, 1, 1, 1, "auto_pad:s dilations:I group:i kernel_shape:I pads:I strides:I",
       conv},
      {"ConvTranspose", 2, 3, 1, 1, 1,
       "auto_pad:s dilations:I group:i kernel_shape:I output_padding:I output_shape:I pads:I "
       "strides:I",
       convTranspose},
      {"MaxPool", 1, 1, 1, 2, 8,
       "auto_pad:s ceil_mode:i dilations:I kernel_shape:I pads:I storage_order:i strides:I", pool},
      {"AveragePool", 1, 1, 1, 1, 7,
       "auto_pad:s ceil_mode:i count_include_pad:i dilations:I kernel_shape:I pads:I strides:I",
       pool},
      {"GlobalAveragePool", 1, 1, 1, 1, 1, "", globalPool},
      {"GlobalMaxPool", 1, 1, 1, 1, 1, "", globalPool},
      {"LSTM", 3, 8, 1, 3, 7, recurrence, recurrent},
      {"GRU", 3, 6, 1, 2, 7, recurrence, recurrent},
      {"RNN", 3, 6, 1, 2, 7, recurrence, recurrent},
  };
  return table;
}

} // namespace ntc::format
