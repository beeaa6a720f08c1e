// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `train` and its attributes.
#ifndef NTC_DIALECTS_TRAIN_TRAINBASE
#define NTC_DIALECTS_TRAIN_TRAINBASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Train_Dialect : Dialect {
  let name = "train";
  let cppNamespace = "::ntc::ir::train";
  let summary = "The program around the tensors: named state, entry points, gradients, updates";
  let description = [{
    A `train.program` holds named state (`train.state`) and entry points (`train.entry`) whose bodies compute on tensors with
    the dialect `nn`. Weights are state, never constants, so that a model of a gigabyte prints on a page. An entry reads the
    state as it was when the entry began; assignments take effect together when it returns.

    Arguments of an entry carry what they are as attributes: `train.input = "image"` or `train.target = "label"` (a tensor of
    the batch; integer targets may carry `train.classes = V : i64` and `train.ignore_index = -100 : i64`, which bound their
    values), `train.control = "lr"` (a scalar that the host sets; f64, or i64 for the controls "seed" and "step").
    Results carry `train.metric = "loss"` (the sum of a metric over the batch), `train.metric_count = "loss"` (its
    denominator, of the same type) or `train.output = "logits"` (a tensor that `predict` returns).
  }];
  let dependentDialects = [];
  let useDefaultAttributePrinterParser = 1;
}

def Train_Role : I32EnumAttr<"Role", "what a state tensor is for", [
  I32EnumAttrCase<"Parameter", 0, "parameter">, I32EnumAttrCase<"Buffer", 1, "buffer">,
  I32EnumAttrCase<"Moment", 2, "moment">, I32EnumAttrCase<"Counter", 3, "counter">]> {
  let cppNamespace = "::ntc::ir::train";
  let genSpecializedAttr = 0;
}
def Train_RoleAttr : EnumAttr<Train_Dialect, Train_Role, "role"> { let assemblyFormat = "`<` $value `>`"; }

def Train_EntryKind : I32EnumAttr<"EntryKind", "what an entry computes", [
  I32EnumAttrCase<"Init", 0, "init">, I32EnumAttrCase<"TrainStep", 1, "train_step">,
  I32EnumAttrCase<"EvalStep", 2, "eval_step">, I32EnumAttrCase<"Predict", 3, "predict">,
  I32EnumAttrCase<"Accumulate", 4, "accumulate">, I32EnumAttrCase<"Average", 5, "average">,
  I32EnumAttrCase<"UpdateBn", 6, "update_bn">]> {
  let cppNamespace = "::ntc::ir::train";
  let genSpecializedAttr = 0;
}
def Train_EntryKindAttr : EnumAttr<Train_Dialect, Train_EntryKind, "entry_kind"> { let assemblyFormat = "`<` $value `>`"; }

class Train_Attr<string name, string mnemonicName> : AttrDef<Train_Dialect, name> { let mnemonic = mnemonicName; }

def Train_UniformAttr : Train_Attr<"Uniform", "uniform"> {
  let summary = "fresh values, uniform in [low, high)";
  let description = [{
    Element e is `u * (high - low) + low` in the state's element type, with `u` of `nn.random_uniform` for step 0 and the
    number `op`. `low` and `high` are f64.
  }];
  let parameters = (ins "::mlir::FloatAttr":$low, "::mlir::FloatAttr":$high, "int32_t":$op);
  let assemblyFormat = "`<` `low` `=` $low `,` `high` `=` $high `,` `op` `=` $op `>`";
}

def Train_NormalAttr : Train_Attr<"Normal", "normal"> {
  let summary = "fresh values, normal with a mean and a standard deviation";
  let description = [{
    Element e is `z * deviation + mean` in the state's element type, with `z` of `standardNormal` (runtime/base/NormalDraw.h)
    for the numbers of `nn.random_uniform` for steps 0 and 1 and the number `op`. `mean` and `deviation` are f64.
  }];
  let parameters = (ins "::mlir::FloatAttr":$mean, "::mlir::FloatAttr":$deviation, "int32_t":$op);
  let assemblyFormat = "`<` `mean` `=` $mean `,` `deviation` `=` $deviation `,` `op` `=` $op `>`";
}

def Train_FillAttr : Train_Attr<"Fill", "fill"> {
  let summary = "fresh values, all equal; `value` is f64";
  let parameters = (ins "::mlir::FloatAttr":$value);
  let assemblyFormat = "`<` $value `>`";
}

def Train_FileAttr : Train_Attr<"File", "file"> {
  let summary = "imported values: a tensor of a safetensors file";
  let parameters = (ins StringRefParameter<>:$path, StringRefParameter<>:$key, StringRefParameter<>:$sha256);
  let assemblyFormat = "`<` $path `,` $key `,` $sha256 `>`";
}

#endif
