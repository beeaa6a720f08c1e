// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over spatial windows of (B, C, spatial...) tensors, and the gradients of it.
#ifndef NTC_DIALECTS_NN_POOLING
#define NTC_DIALECTS_NN_POOLING
include "dialects/nn/NnBase.td"

class Nn_PoolAttributes<dag operands> {
  dag arguments = !con(operands, (ins DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads_low,
                                  DenseI64ArrayAttr:$pads_high, DenseI64ArrayAttr:$dilations));
}

def Nn_MaxPoolOp : Nn_InferredOp<"max_pool"> {
  let summary = "maximum over windows, with the position of the winner";
  let description = [{
    `output[b, c, i, j]` is the maximum of `x[b, c, i*s0 + u*d0 - p0, j*s1 + v*d1 - p1]` over the window offsets (u, v) that lie
    inside x; `winner` (i32) is the row-major index `u * K1 + v` of the first maximum in the window, NaN counting as larger
    than every number. Every window must touch x. Gradient: `dx = nn.max_pool_dx(dy, winner)`.
  }];
  let arguments = Nn_PoolAttributes<(ins Nn_FloatTensor:$input)>.arguments;
  let results = (outs Nn_FloatTensor:$output, StaticShapeTensorOf<[I32]>:$winner);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output) `,` type($winner)";
}

def Nn_MaxPoolDxOp : Nn_Op<"max_pool_dx"> {
  let summary = "gradient of a maximum pooling by its input";
  let description = [{
    `dx[b, c, y, x]` = the sum of `dy[b, c, i, j]` over the windows (i, j) whose winner is the element (y, x). The result's type
    is the pooling's input type. Linear in `doutput`; its gradient is `nn.max_pool_pick`.
  }];
  let arguments = Nn_PoolAttributes<(ins Nn_FloatTensor:$doutput, StaticShapeTensorOf<[I32]>:$winner)>.arguments;
  let results = (outs Nn_FloatTensor:$dinput);
  let assemblyFormat = "$doutput `,` $winner attr-dict `:` type($doutput) `,` type($winner) `->` type($dinput)";
  let hasVerifier = 1;
}

def Nn_MaxPoolPickOp : Nn_Op<"max_pool_pick"> {
  let summary = "the elements at given winners of a pooling";
  let description = [{
    `y[b, c, i, j] = x[b, c, i*s0 + u*d0 - p0, j*s1 + v*d1 - p1]` with (u, v) from `winner[b, c, i, j]`: the transpose of
    `nn.max_pool_dx`, which is its gradient.
  }];
  let arguments = Nn_PoolAttributes<(ins Nn_FloatTensor:$input, StaticShapeTensorOf<[I32]>:$winner)>.arguments;
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$input `,` $winner attr-dict `:` type($input) `,` type($winner) `->` type($output)";
  let hasVerifier = 1;
}

def Nn_AvgPoolOp : Nn_InferredOp<"avg_pool"> {
  let summary = "mean over windows";
  let description = [{
    The sum of `x[b, c, i*s0 + u*d0 - p0, j*s1 + v*d1 - p1]` over the window offsets inside x, divided by the number of those
    offsets or, with `count_include_pad`, by the number of all offsets. Gradient: `dx = nn.avg_pool_dx(dy)`.
  }];
  let arguments = !con(Nn_PoolAttributes<(ins Nn_FloatTensor:$input)>.arguments, (ins UnitAttr:$count_include_pad));
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
}

def Nn_AvgPoolDxOp : Nn_Op<"avg_pool_dx"> {
  let summary = "gradient of a mean pooling by its input";
  let description = [{
    Every window's `dy`, divided by the same count as in the forward direction, added to each element of the window. The
    result's type is the pooling's input type. Linear; its gradient is `nn.avg_pool`.
  }];
  let arguments = !con(Nn_PoolAttributes<(ins Nn_FloatTensor:$doutput)>.arguments, (ins UnitAttr:$count_include_pad));
  let results = (outs Nn_FloatTensor:$dinput);
  let assemblyFormat = "$doutput attr-dict `:` type($doutput) `->` type($dinput)";
  let hasVerifier = 1;
}

#endif
