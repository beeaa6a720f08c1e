// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions over axes, and the softmax family.
#ifndef NTC_DIALECTS_NN_REDUCTION
#define NTC_DIALECTS_NN_REDUCTION
include "dialects/nn/NnBase.td"

class Nn_ReduceOp<string mnemonic, string what, string empty, string gradient> : Nn_InferredOp<mnemonic> {
  let summary = what # " over axes";
  let description = "The " # what # " of the elements along `axes`, which the result drops. `axes` is sorted, without "
                    "repetition, and may be empty. No element at all gives the " # empty # ". Gradient: " # gradient # ".\n\n"
                    "Example: `%y = nn." # mnemonic # " %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>`";
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def Nn_ReduceSumOp : Nn_ReduceOp<"reduce_sum", "sum", "number 0", "`dx` is `dy` broadcast along `axes`"> { let hasFolder = 1; }
def Nn_ReduceMaxOp : Nn_ReduceOp<"reduce_max", "maximum (NaN if any is NaN)", "type's smallest value (-infinity)",
                                  "`dy` to the maxima, in equal shares on ties">;
def Nn_ReduceMinOp : Nn_ReduceOp<"reduce_min", "minimum (NaN if any is NaN)", "type's largest value (infinity)",
                                  "`dy` to the minima, in equal shares on ties">;

def Nn_ArgmaxOp : Nn_InferredOp<"argmax"> {
  let summary = "index of the first maximum along an axis";
  let description = [{
    The smallest index of a maximal element along `axis`, which the result drops; NaN counts as larger than every number.
    No gradient: the result is an integer.

    Example: `%y = nn.argmax %x {axis = 1} : tensor<2x3xf32> -> tensor<2xi64>`
  }];
  let arguments = (ins Nn_FloatTensor:$input, I64Attr:$axis);
  let results = (outs Nn_IntTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

class Nn_SoftmaxLikeOp<string mnemonic, string formula, string gradient>
    : Nn_Op<mnemonic, [SameOperandsAndResultType]> {
  let summary = mnemonic # " along an axis";
  let description = "With `m` the maximum along `axis`: `y = " # formula # "`. Gradient: `dx = " # gradient # "`, sums "
                    "along `axis`. Subtracting `m` changes no value and keeps every exponential at most 1.\n\n"
                    "Example: `%y = nn." # mnemonic # " %x {axis = 1} : tensor<2x3xf32>`";
  let arguments = (ins Nn_FloatTensor:$input, I64Attr:$axis);
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($output)";
  let hasVerifier = 1;
}

def Nn_SoftmaxOp : Nn_SoftmaxLikeOp<"softmax", "exp(x - m) / sum(exp(x - m))", "y * (dy - sum(y * dy))">;
def Nn_LogSoftmaxOp : Nn_SoftmaxLikeOp<"log_softmax", "x - m - ln(sum(exp(x - m)))", "dy - exp(y) * sum(dy)">;

#endif
