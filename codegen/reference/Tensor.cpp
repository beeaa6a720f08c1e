// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Construction of tensors, their conversion from and to attributes, and walks over indices.

#include "codegen/reference/Tensor.h"

#include "mlir/IR/DialectResourceBlobManager.h"

#include <cmath>

using namespace mlir;

namespace ntc::reference {

static int64_t productOf(ArrayRef<int64_t> sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) {
    product *= size;
  }
  return product;
}

Tensor::Tensor(Type elementType, ArrayRef<int64_t> shape)
    : elementType(elementType), shape(shape), real_(isa<FloatType>(elementType)) {
  size_t count = static_cast<size_t>(productOf(shape));
  real_ ? reals.resize(count) : integers.resize(count);
}

Tensor::Tensor(Type type)
    : Tensor(getElementTypeOrSelf(type), isa<RankedTensorType>(type)
                                             ? cast<RankedTensorType>(type).getShape()
                                             : ArrayRef<int64_t>()) {}

int64_t Tensor::getNumElements() const { return productOf(shape); }

SmallVector<int64_t> Tensor::getStrides() const { return stridesOf(shape); }

void Tensor::fill(Scalar value) {
  for (int64_t i = 0; i < getNumElements(); ++i) {
    set(i, value);
  }
}

Tensor Tensor::reshaped(ArrayRef<int64_t> newShape) const {
  assert(productOf(newShape) == getNumElements());
  Tensor result = *this;
  result.shape.assign(newShape.begin(), newShape.end());
  return result;
}

static double toDouble(APFloat value) {
  bool losesInfo = false;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

static APFloat toAPFloat(double value, FloatType type) {
  // All NaN are one to a program; the sign and payload that the host happened to give are dropped.
  if (std::isnan(value)) {
    return APFloat::getNaN(type.getFloatSemantics());
  }
  APFloat converted(value);
  bool losesInfo = false;
  converted.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  return converted;
}

/// The form of an integer in a Scalar.
static int64_t toInteger(const APInt &value) {
  return value.getBitWidth() == 1 ? static_cast<int64_t>(value.getZExtValue())
                                  : value.getSExtValue();
}

/// A resource's bytes as an ordinary attribute, or nothing if the bytes are missing or not of the
/// type's size.
static DenseElementsAttr loadResource(DenseResourceElementsAttr attribute) {
  AsmResourceBlob *blob = attribute.getRawHandle().getBlob();
  bool isSplat = false;
  if (!blob ||
      !DenseElementsAttr::isValidRawBuffer(attribute.getType(), blob->getData(), isSplat)) {
    return {};
  }
  return DenseElementsAttr::getFromRawBuffer(attribute.getType(), blob->getData());
}

std::optional<Tensor> Tensor::fromAttribute(ElementsAttr attribute) {
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute)) {
    dense = loadResource(resource);
  }
  if (!dense || !isa<RankedTensorType>(dense.getType())) {
    return std::nullopt;
  }
  Tensor result(dense.getType());
  int64_t i = 0;
  if (result.isReal()) {
    for (const APFloat &value : dense.getValues<APFloat>()) {
      result.real(i++) = toDouble(value);
    }
  } else {
    for (const APInt &value : dense.getValues<APInt>()) {
      result.integer(i++) = toInteger(value);
    }
  }
  return result;
}

DenseElementsAttr Tensor::toAttribute(Type as) const {
  auto type = RankedTensorType::get(shape, as);
  if (isReal()) {
    SmallVector<APFloat> values;
    for (double value : reals) {
      values.push_back(toAPFloat(value, cast<FloatType>(as)));
    }
    return DenseElementsAttr::get(type, values);
  }
  unsigned width = as.isIndex() ? IndexType::kInternalStorageBitWidth : as.getIntOrFloatBitWidth();
  SmallVector<APInt> values;
  for (int64_t value : integers) {
    values.emplace_back(width, static_cast<uint64_t>(value), /*isSigned=*/true,
                        /*implicitTrunc=*/true);
  }
  return DenseElementsAttr::get(type, values);
}

DenseElementsAttr Tensor::toAttribute() const { return toAttribute(elementType); }

SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d > 1; --d) {
    strides[d - 2] = strides[d - 1] * shape[d - 1];
  }
  return strides;
}

void forEachIndex(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  SmallVector<int64_t> index(shape.size(), 0);
  for (int64_t left = productOf(shape); left > 0; --left) {
    visit(index);
    for (size_t d = shape.size(); d > 0 && ++index[d - 1] == shape[d - 1]; --d) {
      index[d - 1] = 0;
    }
  }
}

void walkStrided(ArrayRef<int64_t> shape, int64_t base, ArrayRef<int64_t> strides,
                 llvm::function_ref<void(int64_t, int64_t)> visit) {
  int64_t position = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    int64_t offset = base;
    for (size_t d = 0; d < index.size(); ++d) {
      offset += index[d] * strides[d];
    }
    visit(position++, offset);
  });
}

} // namespace ntc::reference
