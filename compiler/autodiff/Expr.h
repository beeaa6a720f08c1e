// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas over tensors: an `Expr` is a value together with the place where operations on it are
// built, so that a derivative rule or a decomposition reads as mathematics (`dy * (1 - y * y)`) and
// builds operations of the dialect `nn`.
#pragma once

#include "dialects/nn/Nn.h"

#include "mlir/IR/Builders.h"

namespace ntc::autodiff {

/// A tensor value and the builder and location with which operations on it are made. Copied freely;
/// owns nothing. The builder must outlive it. Every function below builds at the builder's
/// insertion point; a number beside an `Expr` stands for a constant of that expression's type, all
/// of whose elements are the number, rounded to nearest even.
class Expr {
public:
  Expr(mlir::OpBuilder &builder, mlir::Location location, mlir::Value value)
      : builder(&builder), location(location), value(value) {}

  operator mlir::Value() const { return value; }
  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  /// Another value at the same place.
  Expr with(mlir::Value other) const { return {*builder, location, other}; }
  /// The constant of this expression's type, all of whose elements are `number`.
  Expr constant(double number) const;
  /// The result of a new operation of type `Op` made from `arguments`.
  template <typename Op, typename... Arguments> Expr make(Arguments &&...arguments) const {
    return with(
        Op::create(*builder, location, std::forward<Arguments>(arguments)...)->getResult(0));
  }
  mlir::OpBuilder &getBuilder() const { return *builder; }
  mlir::Location getLoc() const { return location; }

private:
  mlir::OpBuilder *builder;
  mlir::Location location;
  mlir::Value value;
};

/// The constant of `type`, all of whose elements are `number`; floating point rounds to nearest
/// even, integers truncate, booleans are `number != 0`.
mlir::DenseElementsAttr splatOf(mlir::RankedTensorType type, double number);

Expr operator-(Expr x);
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);
Expr operator+(Expr a, double b);
Expr operator+(double a, Expr b);
Expr operator-(Expr a, double b);
Expr operator-(double a, Expr b);
Expr operator*(Expr a, double b);
Expr operator*(double a, Expr b);
Expr operator/(Expr a, double b);

Expr exp(Expr x);
Expr log(Expr x);
Expr rsqrt(Expr x);
Expr sin(Expr x);
Expr cos(Expr x);
Expr sign(Expr x);
Expr pow(Expr a, Expr b);

/// Elementwise comparison, a boolean tensor.
Expr compare(ir::nn::Predicate predicate, Expr a, Expr b);
Expr compare(ir::nn::Predicate predicate, Expr a, double b);
/// Elementwise `condition ? a : b`.
Expr select(Expr condition, Expr a, Expr b);
/// `x` in another element type; `x` itself where it has it.
Expr cast(Expr x, mlir::Type elementType);

/// `x` under the shape of `type`; `x` itself where it has it.
Expr reshape(Expr x, mlir::RankedTensorType type);
/// `x` repeated to `type`, its dimension i becoming dimension `dims[i]`.
Expr broadcast(Expr x, mlir::RankedTensorType type, llvm::ArrayRef<int64_t> dims);
/// The sum, maximum or minimum of `x` along `axes` (sorted), which the result drops.
Expr sum(Expr x, llvm::ArrayRef<int64_t> axes);
Expr max(Expr x, llvm::ArrayRef<int64_t> axes);
Expr min(Expr x, llvm::ArrayRef<int64_t> axes);
/// The opposite of a reduction: `x`, which lacks the dimensions `axes` of `type`, repeated along
/// them.
Expr spread(Expr x, mlir::RankedTensorType type, llvm::ArrayRef<int64_t> axes);

/// The numbers of 0 ... rank-1 that are not in `axes`, in increasing order.
llvm::SmallVector<int64_t> otherAxes(int64_t rank, llvm::ArrayRef<int64_t> axes);

} // namespace ntc::autodiff
