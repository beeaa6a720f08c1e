// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Wrong derivatives on purpose: small changes to the operations that a derivative rule built.
#pragma once

#include "test/unit/compiler/autodiff/Subject.h"

#include <functional>

namespace ntc::autodiff::test {

/// A change of one operation of a derivative.
struct Mutation {
  std::string name;
  /// Puts the changed value in the place of the operation's result, for all later uses, and returns
  /// it.
  std::function<mlir::Value(mlir::Operation *)> apply;
};

/// The operations that the rule of the operation under test built, in order.
llvm::SmallVector<mlir::Operation *> ruleOf(const Subject &subject);

/// Every mutation that fits `op`: a sign flip, a factor of 2, a dropped term, elements moved along
/// an axis, the first element instead of a sum, another comparison, exchanged operands, a
/// transposed factor.
llvm::SmallVector<Mutation> mutationsOf(mlir::Operation *op);

} // namespace ntc::autodiff::test
