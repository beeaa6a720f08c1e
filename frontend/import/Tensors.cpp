// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoding of TensorProto. `raw_data` and the typed fields are alternatives; either must hold
// exactly the elements that the dimensions say.
#include "frontend/import/Tensors.h"

#include "frontend/format/TensorType.h"

#include "mlir/IR/Builders.h"

#include <cstring>

using namespace mlir;

namespace ntc::importer {
namespace {

using onnx::TensorProto;

/// Bytes per element of the decoded form.
size_t storageSize(Type element) { return std::max(8u, element.getIntOrFloatBitWidth()) / 8; }

template <typename T, typename Field> std::string pack(const Field &field) {
  std::string bytes(field.size() * sizeof(T), '\0');
  for (int i = 0; i < field.size(); ++i) {
    T value = static_cast<T>(field.Get(i));
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

/// The values of the typed field that the ONNX specification assigns to the data type.
std::string packTyped(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return pack<float>(tensor.float_data());
  case TensorProto::DOUBLE:
    return pack<double>(tensor.double_data());
  case TensorProto::INT64:
    return pack<int64_t>(tensor.int64_data());
  case TensorProto::INT32:
    return pack<int32_t>(tensor.int32_data());
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return pack<uint16_t>(tensor.int32_data());
  default: // INT8 and BOOL
    return pack<int8_t>(tensor.int32_data());
  }
}

/// Floating-point elements of type `from` as f64.
std::string widen(const std::string &bytes, FloatType from) {
  size_t size = storageSize(from), count = bytes.size() / size;
  std::string result(count * sizeof(double), '\0');
  for (size_t i = 0; i < count; ++i) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i * size, size);
    APFloat value(from.getFloatSemantics(), APInt(from.getWidth(), word));
    bool lost = false;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
    double wide = value.convertToDouble();
    std::memcpy(result.data() + i * sizeof(double), &wide, sizeof(double));
  }
  return result;
}

} // namespace

Type elementTypeOf(int32_t dtype, bool f64, MLIRContext *context) {
  Builder builder(context);
  switch (dtype) {
  case TensorProto::FLOAT:
    return f64 ? Type(builder.getF64Type()) : builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return f64 ? Type(builder.getF64Type()) : builder.getF16Type();
  case TensorProto::BFLOAT16:
    return f64 ? Type(builder.getF64Type()) : builder.getBF16Type();
  case TensorProto::INT64:
    return builder.getI64Type();
  case TensorProto::INT32:
    return builder.getI32Type();
  case TensorProto::INT8:
    return builder.getIntegerType(8);
  case TensorProto::BOOL:
    return builder.getI1Type();
  default:
    return {};
  }
}

RankedTensorType tensorType(ArrayRef<int64_t> shape, Type element, std::string &why) {
  if (static_cast<int64_t>(shape.size()) > kMaxRank) {
    why = "a tensor of " + std::to_string(shape.size()) + " dimensions exceeds the limit of " +
          std::to_string(kMaxRank);
    return {};
  }
  int64_t count = 1;
  for (int64_t size : shape) {
    if (size < 0) {
      why = "dimension " + std::to_string(size) + " is negative";
      return {};
    }
    if (__builtin_mul_overflow(count, size, &count) || count > kMaxElements) {
      why = "a tensor of more than 2^34 elements";
      return {};
    }
  }
  return RankedTensorType::get(shape, element);
}

bool HostTensor::isSplat() const {
  size_t size = storageSize(type.getElementType());
  if (bytes.empty()) {
    return false;
  }
  return std::memcmp(bytes.data(), bytes.data() + size, bytes.size() - size) == 0;
}

DenseElementsAttr HostTensor::attribute() const {
  size_t size = storageSize(type.getElementType());
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, values);
  }
  size_t used = isSplat() ? size : bytes.size();
  return DenseElementsAttr::getFromRawBuffer(type, ArrayRef<char>(bytes.data(), used));
}

std::optional<HostTensor> decode(const TensorProto &tensor, bool f64, MLIRContext *context,
                                 std::string &why) {
  if (tensor.data_location() == TensorProto::EXTERNAL || tensor.external_data_size() != 0) {
    why = "its values lie in an external file, which is not supported; write them into the model";
    return std::nullopt;
  }
  Type stored = elementTypeOf(tensor.data_type(), false, context);
  if (!stored || tensor.has_segment()) {
    why = stored ? std::string("segmented tensors are not supported")
                 : "element type " + format::dtypeName(tensor.data_type()) + " is not supported";
    return std::nullopt;
  }
  RankedTensorType type =
      tensorType(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()), stored, why);
  if (!type) {
    return std::nullopt;
  }
  std::string bytes = tensor.has_raw_data() ? tensor.raw_data() : packTyped(tensor);
  uint64_t expected = static_cast<uint64_t>(type.getNumElements()) * storageSize(stored);
  if (bytes.size() != expected) {
    why = "its dimensions say " + std::to_string(expected) + " bytes of data, found " +
          std::to_string(bytes.size());
    return std::nullopt;
  }
  auto floating = dyn_cast<FloatType>(stored);
  if (f64 && floating && !floating.isF64()) {
    return HostTensor{type.clone(Type(Float64Type::get(context))), widen(bytes, floating)};
  }
  if (stored.isInteger(1)) {
    for (char &byte : bytes) {
      byte = byte != 0;
    }
  }
  return HostTensor{type, std::move(bytes)};
}

DenseElementsAttr splatAttribute(RankedTensorType type, double value) {
  if (auto floating = dyn_cast<FloatType>(type.getElementType())) {
    APFloat converted(value);
    bool lost = false;
    converted.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven, &lost);
    return DenseElementsAttr::get(type, converted);
  }
  unsigned width = type.getElementTypeBitWidth();
  return DenseElementsAttr::get(
      type, APInt(width, static_cast<uint64_t>(static_cast<int64_t>(value)), true, true));
}

std::optional<SmallVector<int64_t>> intsOf(DenseElementsAttr attribute, int64_t limit) {
  if (!attribute || !isa<IntegerType>(attribute.getElementType()) ||
      attribute.getNumElements() > limit) {
    return std::nullopt;
  }
  bool isBool = attribute.getElementType().isInteger(1);
  SmallVector<int64_t> values;
  for (const APInt &value : attribute.getValues<APInt>()) {
    values.push_back(isBool ? value.getZExtValue() : value.getSExtValue());
  }
  return values;
}

std::optional<double> scalarOf(DenseElementsAttr attribute) {
  if (!attribute || attribute.getNumElements() != 1) {
    return std::nullopt;
  }
  if (auto ints = intsOf(attribute)) {
    return static_cast<double>(ints->front());
  }
  APFloat value = *attribute.getValues<APFloat>().begin();
  bool lost = false;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return value.convertToDouble();
}

DenseElementsAttr intsAttribute(ArrayRef<int64_t> values, ArrayRef<int64_t> shape, Type element) {
  auto type = RankedTensorType::get(shape, element);
  SmallVector<APInt> words;
  for (int64_t value : values) {
    words.push_back(
        APInt(element.getIntOrFloatBitWidth(), static_cast<uint64_t>(value), true, true));
  }
  return DenseElementsAttr::get(type, words);
}

} // namespace ntc::importer
