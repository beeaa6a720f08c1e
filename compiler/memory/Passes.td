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

def ChooseOwners : Pass<"ntc-choose-owners", "::ntc::ir::train::ProgramOp"> {
  let summary = "Lets each thread read what it wrote itself";
  let description = [{
    Needs and leaves: entries that hold only `plan.dispatch`, `nn.reshape`, `train.read`, `train.assign` and `train.return`; sets
    `split` of dispatches that are cut into groups. Bytes that one thread writes and another reads travel between cores. For each
    dispatch, the label along which threads divide it decides which part of each tensor a thread holds: a range of one of its
    dimensions, or all of it. The pass takes labels such that the parts of writers and readers agree for as many bytes as
    possible, among labels that leave enough groups; a state's new value is read by the next step. A weight is then usually read
    and updated by one thread, and samples stay with a thread from convolution to convolution. Every dispatch begins with its
    largest label; then each in turn takes the label that moves least, until none changes.

    May change the order of sums (other tiles cut reductions into other blocks). Results stay independent of the number of
    threads.

    Remarks: `choose-owners` (along which dimensions threads divide a dispatch, and the bytes that still move in a step).
  }];
}

def PipelineUpdates : Pass<"ntc-pipeline-updates", "::ntc::ir::train::ProgramOp"> {
  let summary = "Lets elementwise loops run beside the sums of products before them";
  let description = [{
    Needs kernels (ntc-plan-memory) and sets `pipelined` of those in which an elementwise loop group directly follows a sum of
    products over one loop that nothing else reads. While the sums of one register tile are computed, the elements of the tile
    before are finished, one vector between a few steps, and the memory that the next ones need is fetched. An optimizer's update
    then hides its divisions, its roots and its memory behind the products of the weight's gradient, which is never stored.
    Elementwise loops that neither divide, nor call functions, nor read operands of their own stay apart, for they wait for nothing,
    and so do those behind sums of fewer than 64 products, which are too short to hide anything.
    Preserves values bit for bit.

    Remarks: `pipeline-updates` (beside which sums, and why not).
  }];
}

#endif
