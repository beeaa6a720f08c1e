// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations of the dialect `train`.
#ifndef NTC_DIALECTS_TRAIN_TRAINOPS
#define NTC_DIALECTS_TRAIN_TRAINOPS

include "dialects/train/TrainBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Train_Op<string mnemonic, list<Trait> traits = []> : Op<Train_Dialect, mnemonic, traits>;

def Train_Tensor : StaticShapeTensorOf<[F32, F64, F16, BF16, I64, I32, I8, I1]>;

def Train_ProgramOp : Train_Op<"program", [IsolatedFromAbove, NoRegionArguments, NoTerminator, SingleBlock, Symbol,
                                           SymbolTable]> {
  let summary = "a training program";
  let description = [{
    Holds `train.state` and `train.entry` operations. `metadata` carries what the compiler only hands on, such as the recipe's
    JSON and the model's hash.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<DictionaryAttr>:$metadata);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
}

def Train_StateOp : Train_Op<"state", [HasParent<"ProgramOp">, Symbol]> {
  let summary = "a named tensor that outlives a step";
  let description = [{
    `init` says how it gets its first value: `#train.uniform`, `#train.normal`, `#train.fill`, `#train.file` or a dense
    attribute. `of` names the parameter that a moment belongs to. `frozen` marks a parameter that no entry updates.

    Example: `train.state @fc1.weight : tensor<128x784xf32> {role = #train.role<parameter>, init = #train.fill<0.0 : f64>}`
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$type, Train_RoleAttr:$role, AnyAttr:$init,
                       OptionalAttr<FlatSymbolRefAttr>:$of, UnitAttr:$frozen);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Train_EntryOp : Train_Op<"entry", [HasParent<"ProgramOp">, FunctionOpInterface, IsolatedFromAbove,
                                       SingleBlockImplicitTerminator<"ReturnOp">]> {
  let summary = "an entry point: one computation over a batch and the state";
  let description = [{
    The name is the kind, with `.b` and the batch size where there is a batch: `train_step.b32`. See the dialect's text for the
    attributes of arguments and results.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type, Train_EntryKindAttr:$kind,
                       DefaultValuedAttr<I64Attr, "0">:$batch_size, OptionalAttr<DictArrayAttr>:$arg_attrs,
                       OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Train_ReadOp : Train_Op<"read", [Pure]> {
  let summary = "the value of a state when the entry began";
  let description = "Example: `%w = train.read @fc1.weight : tensor<128x784xf32>`";
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Train_Tensor:$value);
  let assemblyFormat = "$state attr-dict `:` type($value)";
}

def Train_AssignOp : Train_Op<"assign"> {
  let summary = "gives a state its value at the end of the entry";
  let description = [{
    A state is assigned at most once in an entry.

    Example: `train.assign @fc1.weight, %w : tensor<128x784xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, Train_Tensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

def Train_GradientOp : Train_Op<"gradient", [Pure]> {
  let summary = "derivatives of a scalar by values that it was computed from";
  let description = [{
    Result i is the derivative of `loss` by `wrt[i]`, zeros where `loss` does not depend on it. A gradient of a gradient is allowed.
    The phase *differentiated* has none of these.

    Example: `%g:2 = train.gradient %loss wrt (%w, %b) : tensor<f32>, (tensor<3x2xf32>, tensor<2xf32>) ->
    (tensor<3x2xf32>, tensor<2xf32>)`
  }];
  let arguments = (ins Train_Tensor:$loss, Variadic<Train_Tensor>:$wrt);
  let results = (outs Variadic<Train_Tensor>:$gradients);
  let assemblyFormat = "$loss `wrt` `(` $wrt `)` attr-dict `:` type($loss) `,` `(` type($wrt) `)` `->` `(` type($gradients) `)`";
  let hasVerifier = 1;
}

def Train_ReturnOp : Train_Op<"return", [Pure, Terminator, ReturnLike, HasParent<"EntryOp">]> {
  let summary = "ends an entry";
  let arguments = (ins Variadic<Train_Tensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ build($_builder, $_state, ::mlir::ValueRange()); }]>];
}

#endif
