// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The distinct kernels of a program.
#pragma once

#include "dialects/plan/Plan.h"

#include <unordered_map>

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
  /// By a hash of the body.
  std::unordered_map<size_t, mlir::SmallVector<ir::plan::KernelOp, 1>> kernels;
  size_t count = 0;
};

} // namespace ntc::memory
