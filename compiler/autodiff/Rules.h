// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the tables of derivative rules are written: one call per operation with its formula as a
// lambda.
#pragma once

#include "compiler/autodiff/DifferentiableOpInterface.h"

namespace ntc::autodiff {

/// Attaches `build(op, cotangents)` as the derivative of `Op`, for operations of several results.
/// Captureless lambdas only: the lambda's type is the rule.
template <typename Op, typename Build> void ruleFor(mlir::MLIRContext &context, Build) {
  struct Model : DifferentiableOpInterface::ExternalModel<Model, Op> {
    void buildCotangents(mlir::Operation *op, Cotangents &cotangents) const {
      Build()(mlir::cast<Op>(op), cotangents);
    }
  };
  Op::template attachInterface<Model>(context);
}

/// Attaches `build(op, dy, cotangents)` as the derivative of `Op`, which has one result, of
/// cotangent `dy`.
template <typename Op, typename Build> void rule(mlir::MLIRContext &context, Build) {
  ruleFor<Op>(context, [](Op op, Cotangents &cotangents) {
    Build()(op, cotangents.at(cotangents.of(op->getResult(0))), cotangents);
  });
}

/// Attaches `dx(x, y, dy)` as the derivative of the elementwise operation y = `Op`(x).
template <typename Op, typename Dx> void unary(mlir::MLIRContext &context, Dx) {
  rule<Op>(context, [](Op op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return Dx()(d.at(op.getInput()), d.at(op.getOutput()), dy); });
  });
}

/// Attaches `da(a, b, y, dy)` and `db(a, b, y, dy)` as the derivatives of the elementwise operation
/// y = `Op`(a, b).
template <typename Op, typename Da, typename Db> void binary(mlir::MLIRContext &context, Da, Db) {
  rule<Op>(context, [](Op op, Expr dy, Cotangents &d) {
    Expr a = d.at(op.getLhs()), b = d.at(op.getRhs()), y = d.at(op.getOutput());
    d.add(a, [&] { return Da()(a, b, y, dy); });
    d.add(b, [&] { return Db()(a, b, y, dy); });
  });
}

/// States that the derivative of `Op` is zero wherever it exists.
template <typename Op> void zero(mlir::MLIRContext &context) {
  rule<Op>(context, [](Op, Expr, Cotangents &) {});
}

// The tables, one per category of operations.
void attachElementwiseRules(mlir::MLIRContext &context);
void attachReductionRules(mlir::MLIRContext &context);
void attachContractionRules(mlir::MLIRContext &context);
void attachPoolingRules(mlir::MLIRContext &context);
void attachNormalizationRules(mlir::MLIRContext &context);
void attachShapeRules(mlir::MLIRContext &context);

} // namespace ntc::autodiff
