// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The border between a planned program and machine code: one kernel in, one function out. A back
// end is an implementation of this interface; the CPU's is VectorEmitter.
#pragma once

#include "codegen/cpu/CpuTarget.h"
#include "compiler/pipelines/Optimizations.h"
#include "dialects/plan/Plan.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace ntc::codegen::cpu {

class KernelEmitter {
public:
  virtual ~KernelEmitter() = default;

  /// Emits `kernel` as a function at the builder's insertion point. Its parameters are one flat
  /// memref per operand of the kernel (arguments, results, workspace if there is one; booleans as
  /// i8), then the first work group and one past the last, of type index. Errors: a diagnostic on
  /// the operation that cannot be emitted.
  virtual mlir::FailureOr<mlir::func::FuncOp> emit(ir::plan::KernelOp kernel,
                                                   mlir::OpBuilder &builder) = 0;
};

/// Emits loops of scf, vector and memref operations for the vectors and registers of `target`.
/// Without all `choices` results are the same but for the order of some sums (docs/debugging.md).
class VectorEmitter : public KernelEmitter {
public:
  explicit VectorEmitter(CpuTarget target, pipelines::KernelChoices choices = {})
      : target(std::move(target)), choices(choices) {}
  mlir::FailureOr<mlir::func::FuncOp> emit(ir::plan::KernelOp kernel,
                                           mlir::OpBuilder &builder) override;

private:
  CpuTarget target;
  pipelines::KernelChoices choices;
};

} // namespace ntc::codegen::cpu
