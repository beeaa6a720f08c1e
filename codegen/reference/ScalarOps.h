// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of `arith` and `math` on numbers, as functions. The body of a structured operation is
// resolved to such functions once and then run for each point of its iteration space.
#pragma once

#include "codegen/reference/Evaluator.h"

#include <functional>

namespace ntc::reference {

/// Reads the operands' values, writes the results'. False: the operation is undefined for them
/// (division by zero).
using ScalarFunction = std::function<bool(ArrayRef<Scalar>, llvm::MutableArrayRef<Scalar>)>;

/// The function of an operation of `arith` or `math`, applied element by element if its operands
/// are tensors; empty for every other operation. Constants are functions without operands.
ScalarFunction scalarFunctionOf(mlir::Operation *op, const Options &options);

/// The value of an attribute of a number.
std::optional<Scalar> scalarOf(mlir::Attribute attribute);

} // namespace ntc::reference
