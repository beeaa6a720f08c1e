// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The distinct kernels of a program.
#pragma once

#include "dialects/plan/Plan.h"

#include "llvm/ADT/StringMap.h"

namespace ntc::memory {

/// Outlines dispatches; equal bodies become one kernel.
class KernelTable {
public:
  /// Kernels are created through `builder`, in order of first use, named k0, k1, …
  explicit KernelTable(mlir::OpBuilder builder) : builder(builder) {}

  /// The kernel that computes `dispatch`; its arguments and results are those of the dispatch, in
  /// order.
  ir::plan::KernelOp outline(ir::plan::DispatchOp dispatch);

private:
  mlir::OpBuilder builder;
  llvm::StringMap<ir::plan::KernelOp> kernels; // by printed body
};

} // namespace ntc::memory
