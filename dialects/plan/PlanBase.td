// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `plan` and its attributes.
#ifndef NTC_DIALECTS_PLAN_PLANBASE
#define NTC_DIALECTS_PLAN_PLANBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::ntc::ir::plan";
  let summary = "What runs: dispatches, kernels, the arena and the order of calls";
  let description = [{
    In the phase *fused* an entry is a list of `plan.dispatch` operations, the unit of fusion, scheduling, profiling and blame.
    In the phase *planned* dispatches are outlined into distinct `plan.kernel`s, every tensor has a `plan.slot` in the one
    `plan.arena`, and a `plan.entry` is a list of `plan.call`s: one to one with the artifact's plan.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class Plan_Attr<string name, string mnemonicName> : AttrDef<Plan_Dialect, name> { let mnemonic = mnemonicName; }

def Plan_TargetAttr : Plan_Attr<"Target", "target"> {
  let summary = "the numbers of a machine that passes may ask for";
  let description = [{
    `vector_bytes` of one vector register, `registers` of that size, sizes of the caches of one core in bytes. No pass tests for
    the name of a machine.
  }];
  let parameters = (ins "int64_t":$vectorBytes, "int64_t":$registers, "int64_t":$l1Bytes, "int64_t":$l2Bytes);
  let assemblyFormat = "`<` `vector_bytes` `=` $vectorBytes `,` `registers` `=` $registers `,` `l1_bytes` `=` $l1Bytes `,` "
                       "`l2_bytes` `=` $l2Bytes `>`";
}

def Plan_SlotRefAttr : Plan_Attr<"SlotRef", "slot"> {
  let summary = "an operand of a call: a slot of the arena, by number";
  let parameters = (ins "int64_t":$index);
  let assemblyFormat = "`<` $index `>`";
}

def Plan_InputRefAttr : Plan_Attr<"InputRef", "input"> {
  let summary = "an operand of a call: an input of the entry, by number";
  let parameters = (ins "int64_t":$index);
  let assemblyFormat = "`<` $index `>`";
}

#endif
