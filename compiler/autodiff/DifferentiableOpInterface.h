// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface of operations that have a derivative, and the accumulator in which a derivative is
// built.
#pragma once

#include "compiler/autodiff/Expr.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/OpDefinition.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace ntc::autodiff {

/// The cotangents of one reverse traversal: for each value that lies between the values to
/// differentiate by and the loss, the derivative of the loss by it, as far as it has been summed.
/// Contributions are added in the order in which they come, which the traversal fixes (users last
/// to first, operands first to last), so that results do not depend on chance.
class Cotangents {
public:
  /// `active` are the values whose cotangents are wanted; it must outlive this object, as must
  /// `builder`.
  Cotangents(mlir::OpBuilder &builder, const llvm::DenseSet<mlir::Value> &active)
      : builder(builder), active(active) {}

  /// True where the loss's derivative by `value` is asked for, by the user or by what `value` was
  /// computed from.
  bool needs(mlir::Value value) const { return active.contains(value); }
  /// The cotangent of `value` so far, null where there is none (zero).
  mlir::Value of(mlir::Value value) const { return sums.lookup(value); }
  /// `value` as an expression that builds at the place of the derivative under construction.
  Expr at(mlir::Value value) const { return {builder, location, value}; }

  /// Adds `contribution()`, an `Expr` of the operand's type, to the operand's cotangent; not called
  /// where none is needed.
  template <typename Contribution> void add(mlir::Value operand, Contribution contribution) {
    if (needs(operand)) {
      accumulate(operand, contribution());
    }
  }
  /// Adds `contribution` to the cotangent of `value`.
  void accumulate(mlir::Value value, mlir::Value contribution);
  /// Sets the location that new operations get.
  void setLocation(mlir::Location newLocation) { location = newLocation; }

private:
  mlir::OpBuilder &builder;
  const llvm::DenseSet<mlir::Value> &active;
  mlir::Location location = builder.getUnknownLoc();
  llvm::DenseMap<mlir::Value, mlir::Value> sums;
};

/// Makes the derivative rules of the dialect `nn` known: every context with `registry` attaches
/// them when it loads the dialect.
void registerDifferentiationRules(mlir::DialectRegistry &registry);

} // namespace ntc::autodiff

#include "compiler/autodiff/DifferentiableOpInterface.h.inc"
