// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes operations of `nn` at the end of one block, with the small conveniences that graph
// operators share: constants that are made once, broadcasting by NumPy's rule, reductions that may
// keep their axes. The caller guarantees legal operands unless a function says that it checks them.
#pragma once

#include "dialects/nn/Nn.h"
#include "frontend/import/Tensors.h"

#include "mlir/IR/Builders.h"

namespace ntc::importer {

class Emitter {
public:
  Emitter(mlir::MLIRContext *context, mlir::Block *block)
      : builder(mlir::OpBuilder::atBlockEnd(block)), location(mlir::UnknownLoc::get(context)) {}

  mlir::OpBuilder builder;
  /// The layer that following operations belong to.
  mlir::Location location;

  static mlir::RankedTensorType typeOf(mlir::Value value) {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
  static mlir::Type elementOf(mlir::Value value) { return typeOf(value).getElementType(); }
  static llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return typeOf(value).getShape(); }

  /// Any operation, by operands and attributes, with known result types.
  template <typename OpTy>
  mlir::Value make(mlir::Type type, mlir::ValueRange operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    return create(OpTy::getOperationName(), type, operands, attributes)->getResult(0);
  }
  mlir::Operation *create(llvm::StringRef name, mlir::TypeRange types, mlir::ValueRange operands,
                          llvm::ArrayRef<mlir::NamedAttribute> attributes = {});

  /// An operation whose type follows from its operands; null and a sentence in `why` when they do
  /// not fit.
  template <typename OpTy>
  mlir::Operation *tryMake(mlir::ValueRange operands,
                           llvm::ArrayRef<mlir::NamedAttribute> attributes, std::string &why) {
    mlir::MLIRContext *context = builder.getContext();
    mlir::ScopedDiagnosticHandler handler(context, [&](mlir::Diagnostic &diagnostic) {
      why += (why.empty() ? "" : "; ") + diagnostic.str();
      return mlir::success();
    });
    auto dictionary = mlir::DictionaryAttr::get(context, attributes);
    typename OpTy::Properties properties;
    auto emit = [&] { return mlir::emitError(location); };
    llvm::SmallVector<mlir::Type> types;
    if (failed(OpTy::setPropertiesFromAttr(properties, dictionary, emit)) ||
        failed(OpTy::inferReturnTypes(context, location, operands, dictionary,
                                      mlir::OpaqueProperties(&properties), mlir::RegionRange(),
                                      types))) {
      return nullptr;
    }
    for (mlir::Type type : types) {
      auto tensor = mlir::cast<mlir::RankedTensorType>(type);
      if (!tensorType(tensor.getShape(), tensor.getElementType(), why)) {
        return nullptr;
      }
    }
    return create(OpTy::getOperationName(), types, operands, attributes);
  }

  mlir::NamedAttribute ints(llvm::StringRef name, llvm::ArrayRef<int64_t> values) {
    return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(values));
  }
  mlir::NamedAttribute integer(llvm::StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute flag(llvm::StringRef name) {
    return builder.getNamedAttr(name, builder.getUnitAttr());
  }

  /// A constant; equal constants of a block are one operation.
  mlir::Value constant(mlir::DenseElementsAttr attribute);
  mlir::Value splat(double value, mlir::RankedTensorType type) {
    return constant(splatAttribute(type, value));
  }
  /// A splat of `like`'s type.
  mlir::Value splatLike(double value, mlir::Value like) { return splat(value, typeOf(like)); }

  template <typename OpTy> mlir::Value unary(mlir::Value x) { return make<OpTy>(x.getType(), x); }
  template <typename OpTy> mlir::Value binary(mlir::Value a, mlir::Value b) {
    return make<OpTy>(a.getType(), {a, b});
  }
  mlir::Value add(mlir::Value a, mlir::Value b) { return binary<ir::nn::AddOp>(a, b); }
  mlir::Value sub(mlir::Value a, mlir::Value b) { return binary<ir::nn::SubOp>(a, b); }
  mlir::Value mul(mlir::Value a, mlir::Value b) { return binary<ir::nn::MulOp>(a, b); }
  mlir::Value div(mlir::Value a, mlir::Value b) { return binary<ir::nn::DivOp>(a, b); }
  /// x times a number.
  mlir::Value scale(mlir::Value x, double factor) {
    return factor == 1 ? x : mul(x, splatLike(factor, x));
  }
  mlir::Value compare(ir::nn::Predicate predicate, mlir::Value a, mlir::Value b);
  mlir::Value select(mlir::Value condition, mlir::Value onTrue, mlir::Value onFalse);
  /// No operation when x has that element type.
  mlir::Value cast(mlir::Value x, mlir::Type element);

  /// No operation when x has that shape.
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> permutation);
  /// Dimension i of x becomes dimension dims[i] of `shape`.
  mlir::Value broadcast(mlir::Value x, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> dims);
  /// NumPy's rule: dimensions are aligned at the end.
  mlir::Value broadcastTo(mlir::Value x, llvm::ArrayRef<int64_t> shape);

  /// Reductions over sorted axes; dropped, or kept with size 1.
  template <typename OpTy>
  mlir::Value reduce(mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep = false) {
    return reduceNamed(OpTy::getOperationName(), x, axes, keep);
  }
  mlir::Value sum(mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep = false) {
    return reduce<ir::nn::ReduceSumOp>(x, axes, keep);
  }
  /// The sum over all axes.
  mlir::Value sumAll(mlir::Value x);
  mlir::Value mean(mlir::Value x, llvm::ArrayRef<int64_t> axes, bool keep = false);

  /// Uniform numbers of `type`, f32 or f64.
  mlir::Value randomUniform(mlir::Value seed, mlir::Value step, int32_t op,
                            mlir::RankedTensorType type);

private:
  mlir::Value reduceNamed(llvm::StringRef name, mlir::Value x, llvm::ArrayRef<int64_t> axes,
                          bool keep);

  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
};

/// The shape that NumPy's rule gives two operands, or nothing.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<int64_t> a,
                                                          llvm::ArrayRef<int64_t> b);

/// "(2, 3)".
std::string shapeText(llvm::ArrayRef<int64_t> shape);
/// "f32 (2, 3)".
std::string typeText(mlir::Type type);

} // namespace ntc::importer
