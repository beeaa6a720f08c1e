// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tensor on the host, as the reference interpreter computes with it. Elements of every
// floating-point type are kept as double and elements of every integer type as int64_t, so that an
// operation's formula is written once for all types; Arithmetic.h says how results are brought back
// into the element type.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

#include <cassert>
#include <cstdint>
#include <optional>
#include <vector>

namespace ntc::reference {

using llvm::ArrayRef;
using llvm::SmallVector;

/// One element: `real` of a floating-point type, `integer` of every other (i1: 0 or 1; other
/// integers sign-extended).
struct Scalar {
  double real = 0;
  int64_t integer = 0;
};

/// A value with element type, static shape and row-major elements. A scalar is a tensor of rank 0.
class Tensor {
public:
  Tensor() = default;
  /// Zeros of `type`: a ranked tensor of static shape, or a float, integer or index type for a
  /// scalar.
  explicit Tensor(mlir::Type type);
  /// Zeros of `elementType` with shape `shape`.
  Tensor(mlir::Type elementType, ArrayRef<int64_t> shape);
  /// The elements of an attribute, dense or resource; nothing for other forms (sparse, opaque,
  /// missing resource).
  static std::optional<Tensor> fromAttribute(mlir::ElementsAttr attribute);
  /// The elements as an attribute of `getType()`, each rounded to the element type.
  mlir::DenseElementsAttr toAttribute() const;
  /// The elements as an attribute whose elements have type `as`, a floating-point type if the
  /// tensor's is.
  mlir::DenseElementsAttr toAttribute(mlir::Type as) const;

  mlir::Type getElementType() const { return elementType; }
  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return static_cast<int64_t>(shape.size()); }
  int64_t getDim(size_t d) const { return shape[d]; }
  int64_t getNumElements() const;
  mlir::RankedTensorType getType() const { return mlir::RankedTensorType::get(shape, elementType); }
  /// True for floating-point elements.
  bool isReal() const { return real_; }
  /// The distance of neighbours along each dimension, in elements.
  SmallVector<int64_t> getStrides() const;

  /// Element `i` in row-major order, of a floating-point tensor.
  double real(int64_t i) const { return reals[checked(i, real_)]; }
  double &real(int64_t i) { return reals[checked(i, real_)]; }
  /// Element `i` in row-major order, of an integer, boolean or index tensor.
  int64_t integer(int64_t i) const { return integers[checked(i, !real_)]; }
  int64_t &integer(int64_t i) { return integers[checked(i, !real_)]; }
  /// Element `i` of any tensor.
  Scalar at(int64_t i) const { return real_ ? Scalar{real(i), 0} : Scalar{0, integer(i)}; }
  void set(int64_t i, Scalar value) {
    real_ ? static_cast<void>(real(i) = value.real) : static_cast<void>(integer(i) = value.integer);
  }
  /// Element `i` as a number, whatever the type.
  double number(int64_t i) const { return real_ ? real(i) : static_cast<double>(integer(i)); }
  /// Gives every element the value `value`.
  void fill(Scalar value);
  /// The same elements under another shape with as many elements.
  Tensor reshaped(ArrayRef<int64_t> newShape) const;

private:
  size_t checked(int64_t i, bool kindIsRight) const {
    assert(kindIsRight && i >= 0 && i < getNumElements());
    return static_cast<size_t>(i);
  }

  mlir::Type elementType;
  SmallVector<int64_t> shape;
  bool real_ = false;
  std::vector<double> reals;
  std::vector<int64_t> integers;
};

/// Row-major strides of a shape, in elements.
SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape);

/// Calls `visit` with each index of `shape`, in row-major order. A shape of rank 0 has one index,
/// the empty one.
void forEachIndex(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> visit);

/// Calls `visit(position, offset)` for each index of `shape` in row-major order: `position` counts
/// from 0, and `offset = base + sum over d of index[d] * strides[d]`. Whatever moves or groups
/// elements is such a walk.
void walkStrided(ArrayRef<int64_t> shape, int64_t base, ArrayRef<int64_t> strides,
                 llvm::function_ref<void(int64_t, int64_t)> visit);

} // namespace ntc::reference
