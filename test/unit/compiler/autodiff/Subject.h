// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A case of the table as a program that computes its outputs and their derivatives, ready to be
// evaluated.
#pragma once

#include "codegen/reference/Evaluator.h"
#include "dialects/train/Train.h"
#include "test/unit/compiler/autodiff/OpCases.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace ntc::autodiff::test {

using reference::Tensor;
using Tensors = llvm::SmallVector<Tensor>;

/// A context with the dialects and the derivative rules.
std::unique_ptr<mlir::MLIRContext> makeContext();

/// The location that the operation under test has; its derivative has `subject.grad`.
inline constexpr llvm::StringLiteral kSubjectGradient = "subject.grad";

/// A differentiated program. Its block's arguments are the case's arguments, then one seed for each
/// output. Order 1 returns the outputs and then, for the loss `sum over outputs of output * seed`,
/// the derivative by each argument of floating point. Order 2 has further arguments, one direction
/// for each of those derivatives, and returns `s = sum over derivatives of derivative * direction`
/// and the derivatives of s by each argument of floating point and each seed.
struct Subject {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Numbers of the case's arguments.
  size_t arguments = 0;
  size_t outputs = 0;

  ir::train::EntryOp entry() const;
  mlir::Block &block() const { return entry().getBody().front(); }
  size_t seeds() const { return outputs; }
};

/// Parses, completes, differentiates and verifies the case's program. Fails with a diagnostic.
mlir::FailureOr<Subject> makeSubject(mlir::MLIRContext &context, const OpCase &opCase, int order);

/// Values for all arguments of the block: those of the case from their domains, seeds and
/// directions between -1 and 1.
Tensors makeInputs(const Subject &subject, const OpCase &opCase, uint64_t randomSeed);

/// The stated arguments and seeds of a kink case.
Tensors kinkInputs(const Subject &subject, const KinkCase &kink);

/// Evaluates the block; every case of the table can be.
Tensors evaluate(mlir::Block &block, const Tensors &inputs);

/// The sum of a_i * b_i.
double dot(const Tensor &a, const Tensor &b);

} // namespace ntc::autodiff::test
