// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that move elements without computing, constants, indices and random numbers.
#ifndef NTC_DIALECTS_NN_SHAPE
#define NTC_DIALECTS_NN_SHAPE
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "dialects/nn/NnBase.td"

def Nn_ConstantOp : Nn_Op<"constant", [ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a constant tensor";
  let description = "No gradient: it has no operands.\n\nExample: `%c = nn.constant dense<0.5> : tensor<2xf32>`";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let summary = "the same elements in row-major order under another shape";
  let description = "Gradient: `dx = reshape(dy)`.\n\nExample: `%y = nn.reshape %x : tensor<2x3xf32> -> tensor<6xf32>`";
  let arguments = (ins Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_TransposeOp : Nn_InferredOp<"transpose"> {
  let summary = "permutation of dimensions";
  let description = [{
    Dimension i of the result is dimension `permutation[i]` of the input. Gradient: the inverse permutation of `dy`.

    Example: `%y = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<2x3xf32> -> tensor<3x2xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Nn_BroadcastOp : Nn_Op<"broadcast"> {
  let summary = "repetition along new dimensions or dimensions of size 1";
  let description = [{
    Dimension i of the input becomes dimension `dims[i]` of the result (`dims` increases strictly); its size is the result's or 1.
    Gradient: `dx` is `dy` summed over the repeated dimensions.

    Example: `%y = nn.broadcast %x {dims = array<i64: 1>} : tensor<3xf32> -> tensor<2x3xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_SliceOp : Nn_InferredOp<"slice"> {
  let summary = "a strided sub-tensor";
  let description = [{
    Element i along a dimension is element `starts + i * strides` of the input, below `limits`; strides are positive.
    Gradient: `dx = nn.pad(dy)` with zeros, `strides - 1` of them between elements.

    Example: `%y = nn.slice %x {starts = array<i64: 0, 1>, limits = array<i64: 2, 3>, strides = array<i64: 1, 1>} :
    tensor<2x3xf32> -> tensor<2x2xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$limits,
                       DenseI64ArrayAttr:$strides);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Nn_PadOp : Nn_InferredOp<"pad"> {
  let summary = "constant padding before, after and between elements";
  let description = [{
    Element i of the input lies at `low + i * (interior + 1)`; every other element of the result is `value`. Amounts are not
    negative. Gradient: `dx = nn.slice(dy)`.

    Example: `%y = nn.pad %x {low = array<i64: 1>, high = array<i64: 0>, interior = array<i64: 1>, value = 0.0 : f64} :
    tensor<3xf32> -> tensor<6xf32>`
  }];
  let arguments = (ins Nn_Tensor:$input, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, DenseI64ArrayAttr:$interior,
                       DefaultValuedAttr<F64Attr, "0.0">:$value);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Nn_ConcatOp : Nn_InferredOp<"concat"> {
  let summary = "tensors one after the other along an axis";
  let description = [{
    All sizes but the one along `axis` are equal. Gradient: `nn.slice` of `dy` for each operand.

    Example: `%y = nn.concat %a, %b {axis = 0} : tensor<2x3xf32>, tensor<1x3xf32> -> tensor<3x3xf32>`
  }];
  let arguments = (ins Variadic<Nn_Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs) `->` type($output)";
  let hasFolder = 1;
}

def Nn_OneHotOp : Nn_Op<"one_hot"> {
  let summary = "indicator of an index along a new axis";
  let description = [{
    The result has the shape of `indices` with a dimension of V classes inserted at `axis`; `y[..., v, ...] = 1` where
    `indices[...] = v`, else 0. An index outside [0, V) gives zeros. No gradient: the operand is an integer.

    Example: `%y = nn.one_hot %i {axis = 1} : tensor<2xi64> -> tensor<2x10xf32>`
  }];
  let arguments = (ins Nn_IntTensor:$indices, I64Attr:$axis);
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$indices attr-dict `:` type($indices) `->` type($output)";
  let hasVerifier = 1;
}

def Nn_RandomUniformOp : Nn_Op<"random_uniform"> {
  let summary = "uniform random numbers in [0, 1) from a counter";
  let description = [{
    Element e (row-major) is the upper 24 bits of the Philox4x32-10 word of (seed, step, op, e), times 2^-24; which word that
    is, runtime/base/Philox.h defines. The same operands give the same values on every device, so that a backward pass computes
    the numbers again instead of keeping them. Two operations with one `op` number give equal numbers: numbers are assigned once,
    when a program is made. No gradient: the operands are integers.

    Example: `%u = nn.random_uniform %seed, %step {op = 3 : i32} : tensor<i64>, tensor<i64> -> tensor<2x3xf32>`
  }];
  let arguments = (ins Nn_I64Scalar:$seed, Nn_I64Scalar:$step, I32Attr:$op);
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$seed `,` $step attr-dict `:` type($seed) `,` type($step) `->` type($output)";
  let hasVerifier = 1;
}

#endif
