// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types and partly symbolic shapes of the values of an ONNX graph, and the arithmetic on
// dimensions that shape inference needs. A dimension is a number, a number times a symbol (the
// batch), or unknown.
#pragma once

#include "frontend/format/Diagnostic.h"

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::format {

/// The symbol of the batch dimension in written files; printed as B.
inline constexpr std::string_view batchSymbol = "batch";

/// A dimension: `factor` elements, `factor` times `symbol`, or unknown (factor < 0).
struct Dim {
  int64_t factor = -1;
  std::string symbol;

  Dim() = default;
  Dim(int64_t value) : factor(value) {}
  Dim(int64_t times, std::string_view name) : factor(times), symbol(name) {}

  bool isNumber() const { return factor >= 0 && symbol.empty(); }
  bool isUnknown() const { return factor < 0; }
  friend bool operator==(const Dim &, const Dim &) = default;
};

using Shape = std::vector<Dim>;

/// dtype is an onnx::TensorProto::DataType, 0 when unknown; no shape means unknown rank.
struct TensorType {
  int32_t dtype = 0;
  std::optional<Shape> shape;

  bool hasRank(size_t rank) const { return shape && shape->size() == rank; }
};

/// "B", "28", "4*B", "?".
std::string str(const Dim &dim);
/// "(B, 1, 28, 28)".
std::string str(const Shape &shape);
/// "f32 (B, 10)".
std::string str(const TensorType &type);
/// "f32", "i64", …; "type 77" for a number that ONNX does not define.
std::string dtypeName(int32_t dtype);
/// f16, bf16, f32, f64.
bool isFloat(int32_t dtype);
/// Bytes per element; 0 for strings, complex numbers and unknown types.
int64_t dtypeSize(int32_t dtype);

/// An element of an integer tensor as a Dim: a negative number is its magnitude times the symbol
/// "-", which no dimension has.
Dim elementOf(int64_t value);
/// The number, or nothing for a symbolic or unknown element.
std::optional<int64_t> integerOf(const Dim &element);

/// a * b; unknown when both are symbolic or the product does not fit 64 bits.
Dim multiply(const Dim &a, const Dim &b);
/// Product of `dims`; 1 when empty.
Dim product(std::span<const Dim> dims);
/// a / b when that is exact, else nothing; b must not be 0.
std::optional<Dim> divide(const Dim &a, const Dim &b);
/// False when a and b differ for every value of the symbols, or for all but one batch size.
bool mayEqual(const Dim &a, const Dim &b);
/// As mayEqual per dimension, ranks equal.
bool mayEqual(const Shape &a, const Shape &b);
/// NumPy's broadcasting; the failure names both shapes.
Result<Shape> broadcast(const Shape &a, const Shape &b);

/// Number of elements of `dims` when all are >= 0 and the product fits 63 bits.
std::optional<int64_t> elementCount(std::span<const int64_t> dims);
/// The type that `info` declares; fails for anything but a tensor of a supported element type with
/// dimensions >= 0.
Result<TensorType> typeOf(const onnx::TypeProto &type);
/// The inverse: numbers and symbols survive, other dimensions stay empty.
onnx::TypeProto protoOf(const TensorType &type);

} // namespace ntc::format
