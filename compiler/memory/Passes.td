// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the phase *planned*.
#ifndef NTC_COMPILER_MEMORY_PASSES
#define NTC_COMPILER_MEMORY_PASSES

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"ntc-plan-memory", "::ntc::ir::train::ProgramOp"> {
  let summary = "Outlines kernels and gives every tensor a slot in one arena";
  let description = [{
    Needs: entries that hold only `plan.dispatch`, `nn.reshape`, `train.read`, `train.assign` and `train.return`. Afterwards the
    program holds its states, one `plan.kernel` per distinct dispatch, the `plan.arena` and a `plan.entry` per entry.

    States and controls have slots of their own, shared by all entries. Other tensors share bytes where their lives, in order of
    calls, do not meet: larger ones are placed first, each at the lowest offset that is free for its life. An assigned state is
    written in place where its old value is read by nobody afterwards and, within the writing dispatch, only at the element that
    is then written. Preserves values bit for bit.

    Remarks: `update-in-place` (which state, or why a copy was needed) and `reuse-slots` (bytes with and without reuse).
  }];
  let options = [
    Option<"updateInPlace", "update-in-place", "bool", /*default=*/"true", "write new values of states over the old ones">,
    Option<"reuseSlots", "reuse-slots", "bool", /*default=*/"true", "let tensors share bytes that are never alive together">,
  ];
  let dependentDialects = ["::ntc::ir::plan::PlanDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

#endif
