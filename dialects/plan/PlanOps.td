// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of the dialect `plan`.
#ifndef NTC_DIALECTS_PLAN_PLANOPS
#define NTC_DIALECTS_PLAN_PLANOPS

include "dialects/plan/PlanBase.td"
include "dialects/train/TrainBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_DispatchOp : Plan_Op<"dispatch", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "one unit of work: linalg on tensors that runs as one kernel";
  let description = [{
    The block's arguments are the inputs, in order; `plan.yield` gives the results. `name` is made of the layers that the
    operations came from. `split` is the label of its iteration space (compiler/fuse/IterationSpace.h) along which threads
    divide it; without it the largest is taken; with -1 one thread runs all of it.

    ```mlir
    %r = plan.dispatch "fc1+relu" (%x, %w) : (tensor<4x8xf32>, tensor<2x8xf32>) -> tensor<4x2xf32> {
    ^bb0(%arg0: tensor<4x8xf32>, %arg1: tensor<2x8xf32>):
      ...
      plan.yield %y : tensor<4x2xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<AnyRankedTensor>:$inputs, OptionalAttr<I64Attr>:$split);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let builders = [OpBuilder<(ins "::mlir::TypeRange":$outputs, "::mlir::StringAttr":$name, "::mlir::ValueRange":$inputs), [{
    build($_builder, $_state, outputs, name, inputs, ::mlir::IntegerAttr());
  }]>];
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body";
  let hasVerifier = 1;
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, ReturnLike]> {
  let summary = "ends a dispatch or a kernel and gives its results";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Plan_KernelOp : Plan_Op<"kernel", [IsolatedFromAbove, Symbol, FunctionOpInterface, SingleBlock]> {
  let summary = "the computation of one distinct dispatch";
  let description = [{
    Arguments are what a call's leading operands hold, results what it writes to its trailing operands. `tile` gives, for each
    label of the kernel's iteration space (compiler/fuse/IterationSpace.h), the number of indices that one work group covers;
    0 means all. `groups` is the number of work groups that follows; they count row-major over the tiles of the labels, with
    label `outer` first where it is given. With `serial` they are one work group, which runs over all tiles in that order.
    `pipelined` lists the loop groups (compiler/schedule/KernelLayout.h) that are sums of products beside which the elementwise
    loop group behind them runs.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$tile, DefaultValuedAttr<I64Attr, "1">:$groups,
                       OptionalAttr<I64Attr>:$outer, UnitAttr:$serial, OptionalAttr<DenseI64ArrayAttr>:$pipelined,
                       OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Plan_ArenaOp : Plan_Op<"arena", [NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "the one block of device memory, with its slots";
  let description = "`bytes` is the figure that `ntc plan` prints; offsets and `bytes` are multiples of `align`.";
  let arguments = (ins I64Attr:$bytes, I64Attr:$align);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`bytes` `=` $bytes `align` `=` $align attr-dict-with-keyword $body";
}

def Plan_SlotOp : Plan_Op<"slot", [HasParent<"ArenaOp">]> {
  let summary = "the place of a tensor in the arena";
  let description = [{
    Numbers count from 0 in order. `role` is parameter, buffer, moment, counter, control, gradient or activation. A slot with an
    `entry` holds values of that entry only, from call `live[0]` to call `live[1]`, and may share bytes with slots that are dead
    then; without one it lives in all entries. `default_value` is a control's.
  }];
  let arguments = (ins I64Attr:$index, StrAttr:$name, TypeAttr:$type, StrAttr:$role, I64Attr:$offset,
                       OptionalAttr<StrAttr>:$entry, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$live,
                       OptionalAttr<AnyAttr>:$default_value);
  let assemblyFormat = "$index $name `:` $type `offset` `=` $offset `role` `=` $role attr-dict";
  let extraClassDeclaration = [{
    /// Bytes that the slot's tensor takes: elements times element size, a boolean being one byte.
    int64_t getSizeBytes();
  }];
}

def Plan_EntryOp : Plan_Op<"entry", [Symbol, NoTerminator, SingleBlock, NoRegionArguments]> {
  let summary = "the calls of one entry point, in order";
  let description = [{
    `inputs` and `outputs` are dictionaries: of an input its `name`, `type`, whether it is a `target`, and `classes` and
    `ignore_index` where its values are bounded; of an output its `name`, `type`, `slot` and, for a metric, `count_slot`.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Train_EntryKindAttr:$kind, I64Attr:$batch_size, ArrayAttr:$inputs,
                       ArrayAttr:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Plan_CallOp : Plan_Op<"call", [HasParent<"EntryOp">]> {
  let summary = "runs all work groups of a kernel";
  let description = [{
    `buffers` are `#plan.slot` or `#plan.input`, first the kernel's arguments, then its results. An operand in both parts is updated
    in place. Without `concurrent`, all threads wait for each other after the call.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$name, ArrayAttr:$buffers, UnitAttr:$concurrent);
  let assemblyFormat = "$kernel $name $buffers attr-dict";
}

#endif
