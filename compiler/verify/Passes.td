// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The contracts between phases, as passes that change nothing. Each verifies every operation by
// itself, too: between them the pipeline does not.
#ifndef NTC_COMPILER_VERIFY_PASSES
#define NTC_COMPILER_VERIFY_PASSES

include "mlir/Pass/PassBase.td"

class VerifyPass<string phase> : Pass<"ntc-verify-" # phase, "::ntc::ir::train::ProgramOp">;

def VerifyCaptured : VerifyPass<"captured"> {
  let summary = "Refuses what is no program of the phase captured";
  let description = [{
    Entries hold operations of `nn` and `train` only, every argument says what it is, every result is a metric, its count or an
    output, and every metric has its count.
  }];
}

def VerifyDifferentiated : VerifyPass<"differentiated"> {
  let summary = "Refuses programs that still hold a train.gradient";
  let description = "As captured, without `train.gradient`.";
}

def VerifyFused : VerifyPass<"fused"> {
  let summary = "Refuses computations outside of dispatches";
  let description = [{
    Entries hold only `plan.dispatch`, `nn.reshape`, `train.read`, `train.assign` and `train.return`; dispatches hold linalg on
    tensors.
  }];
}

def VerifyPlanned : VerifyPass<"planned"> {
  let summary = "Proves that no two live tensors overlap in the arena, and that calls do what their kernels say";
  let description = [{
    Computes from the calls alone when each slot holds a value that is still read, and refuses slots that overlap then or declare
    shorter lives, slots that leave the arena, reads of slots that nothing has written, and operands that do not fit their kernel.
    Proves from each kernel's body that its groups of work are the tiles of its iteration space, and of each call that no barrier
    is missing behind it and that a result which replaces an argument does so element by element. Shares no decision with the
    planner. O(n log n) per entry in the number of slots and calls.
  }];
}

#endif
