// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dimension arithmetic. Every product is overflow-checked: dimensions come from files.
#include "frontend/format/TensorType.h"

#include <limits>

namespace ntc::format {

std::string str(const Dim &dim) {
  if (dim.isUnknown()) {
    return "?";
  }
  std::string symbol = dim.symbol == batchSymbol ? "B" : dim.symbol;
  if (symbol.empty()) {
    return std::to_string(dim.factor);
  }
  return dim.factor == 1 ? symbol : std::to_string(dim.factor) + "*" + symbol;
}

std::string str(const Shape &shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + str(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string str(const TensorType &type) {
  return (type.dtype ? dtypeName(type.dtype) : std::string("?")) + " " +
         (type.shape ? str(*type.shape) : std::string("(of unknown rank)"));
}

std::string dtypeName(int32_t dtype) {
  static constexpr std::string_view names[] = {
      "undefined", "f32", "u8",  "i8",  "u16", "i16",       "i32",        "i64", "string",
      "bool",      "f16", "f64", "u32", "u64", "complex64", "complex128", "bf16"};
  if (dtype >= 0 && dtype < static_cast<int32_t>(std::size(names))) {
    return std::string(names[dtype]);
  }
  return "type " + std::to_string(dtype);
}

bool isFloat(int32_t dtype) {
  return dtype == onnx::TensorProto::FLOAT || dtype == onnx::TensorProto::DOUBLE ||
         dtype == onnx::TensorProto::FLOAT16 || dtype == onnx::TensorProto::BFLOAT16;
}

int64_t dtypeSize(int32_t dtype) {
  switch (dtype) {
  case onnx::TensorProto::DOUBLE:
  case onnx::TensorProto::INT64:
  case onnx::TensorProto::UINT64:
    return 8;
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::INT32:
  case onnx::TensorProto::UINT32:
    return 4;
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::INT16:
  case onnx::TensorProto::UINT16:
    return 2;
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::BOOL:
    return 1;
  default:
    return 0;
  }
}

Dim elementOf(int64_t value) {
  if (value == std::numeric_limits<int64_t>::min()) {
    return elementOf(value + 1); // "to the end" in every use
  }
  return value < 0 ? Dim(-value, "-") : Dim(value);
}

std::optional<int64_t> integerOf(const Dim &element) {
  if (element.symbol == "-") {
    return -element.factor;
  }
  return element.isNumber() ? std::optional(element.factor) : std::nullopt;
}

Dim multiply(const Dim &a, const Dim &b) {
  int64_t factor = 0;
  bool twoSymbols = !a.symbol.empty() && !b.symbol.empty();
  if (a.isUnknown() || b.isUnknown() || twoSymbols ||
      __builtin_mul_overflow(a.factor, b.factor, &factor)) {
    return Dim();
  }
  return Dim(factor, a.symbol.empty() ? b.symbol : a.symbol);
}

Dim product(std::span<const Dim> dims) {
  Dim result(1);
  for (const Dim &dim : dims) {
    result = multiply(result, dim);
  }
  return result;
}

std::optional<Dim> divide(const Dim &a, const Dim &b) {
  if (a.isUnknown() || b.isUnknown() || b.factor == 0 || a.factor % b.factor != 0) {
    return std::nullopt;
  }
  if (b.symbol.empty()) {
    return Dim(a.factor / b.factor, a.symbol);
  }
  if (a.symbol == b.symbol) {
    return Dim(a.factor / b.factor);
  }
  return std::nullopt;
}

bool mayEqual(const Dim &a, const Dim &b) {
  if (a.isUnknown() || b.isUnknown()) {
    return true;
  }
  if (a.symbol.empty() != b.symbol.empty()) {
    return false;
  }
  return a.symbol != b.symbol || a.factor == b.factor;
}

bool mayEqual(const Shape &a, const Shape &b) {
  if (a.size() != b.size()) {
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (!mayEqual(a[i], b[i])) {
      return false;
    }
  }
  return true;
}

Result<Shape> broadcast(const Shape &a, const Shape &b) {
  const Shape &longer = a.size() >= b.size() ? a : b;
  const Shape &shorter = a.size() >= b.size() ? b : a;
  Shape result = longer;
  size_t offset = longer.size() - shorter.size();
  for (size_t i = 0; i < shorter.size(); ++i) {
    const Dim &x = longer[offset + i];
    const Dim &y = shorter[i];
    if (x == Dim(1)) {
      result[offset + i] = y;
    } else if (y == Dim(1)) {
      result[offset + i] = x;
    } else if (!mayEqual(x, y)) {
      return failure("shapes " + str(a) + " and " + str(b) + " do not broadcast");
    } else if (x.isUnknown()) {
      result[offset + i] = y;
    }
  }
  return result;
}

std::optional<int64_t> elementCount(std::span<const int64_t> dims) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t dim : dims) {
    if (dim < 0) {
      return std::nullopt;
    }
    empty |= dim == 0;
  }
  if (empty) {
    return 0;
  }
  for (int64_t dim : dims) {
    if (__builtin_mul_overflow(count, dim, &count)) {
      return std::nullopt;
    }
  }
  return count;
}

Result<TensorType> typeOf(const onnx::TypeProto &type) {
  if (!type.has_tensor_type()) {
    return failure("expected a dense tensor type (sequences, maps, optionals and sparse tensors "
                   "are not supported)");
  }
  TensorType result;
  result.dtype = type.tensor_type().elem_type();
  if (dtypeSize(result.dtype) == 0) {
    return failure("element type " + dtypeName(result.dtype) + " is not supported");
  }
  if (!type.tensor_type().has_shape()) {
    return result;
  }
  result.shape.emplace();
  for (const auto &dim : type.tensor_type().shape().dim()) {
    if (dim.has_dim_value() && dim.dim_value() < 0) {
      return failure("dimension " + std::to_string(dim.dim_value()) + " is negative");
    }
    if (dim.has_dim_value()) {
      result.shape->push_back(Dim(dim.dim_value()));
    } else if (dim.has_dim_param() && !dim.dim_param().empty() && dim.dim_param() != "-") {
      result.shape->push_back(Dim(1, dim.dim_param()));
    } else {
      result.shape->push_back(Dim());
    }
  }
  return result;
}

onnx::TypeProto protoOf(const TensorType &type) {
  onnx::TypeProto proto;
  proto.mutable_tensor_type()->set_elem_type(type.dtype);
  if (type.shape) {
    auto *shape = proto.mutable_tensor_type()->mutable_shape();
    for (const Dim &dim : *type.shape) {
      auto *out = shape->add_dim();
      if (dim.isNumber()) {
        out->set_dim_value(dim.factor);
      } else if (!dim.isUnknown() && dim.factor == 1) {
        out->set_dim_param(dim.symbol);
      } else if (!dim.isUnknown()) {
        out->set_dim_param(std::to_string(dim.factor) + "*" + dim.symbol);
      }
    }
  }
  return proto;
}

} // namespace ntc::format
