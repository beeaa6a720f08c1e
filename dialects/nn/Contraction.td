// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products and convolutions; a convolution's two gradients are operations of their own, so that the family is
// closed under differentiation and a back end sees each form under its name.
#ifndef NTC_DIALECTS_NN_CONTRACTION
#define NTC_DIALECTS_NN_CONTRACTION
include "dialects/nn/NnBase.td"

def Nn_MatmulOp : Nn_InferredOp<"matmul"> {
  let summary = "matrix product, batched over leading dimensions";
  let description = [{
    `C[b, m, n] = sum over k of A[b, m, k] * B[b, k, n]`, where `A` is `lhs` or, with `transpose_lhs`, `lhs` with its last
    two dimensions exchanged; likewise `B`. Leading dimensions of both operands are equal. Sums are taken in the operands'
    element type. Gradient: `dA = dC * B^T`, `dB = A^T * dC`.

    Example: `%c = nn.matmul %a, %b {transpose_rhs} : tensor<32x784xf32>, tensor<128x784xf32> -> tensor<32x128xf32>`
  }];
  let arguments = (ins Nn_FloatTensor:$lhs, Nn_FloatTensor:$rhs, UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs);
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($output)";
}

class Nn_ConvAttributes<dag operands> {
  dag arguments = !con(operands, (ins DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads_low,
                                  DenseI64ArrayAttr:$pads_high, DenseI64ArrayAttr:$dilations,
                                  DefaultValuedAttr<I64Attr, "1">:$groups));
}

def Nn_ConvOp : Nn_InferredOp<"conv"> {
  let summary = "convolution (cross-correlation, as PyTorch and ONNX define it)";
  let description = [{
    For two spatial dimensions, stride s, dilation d, padding p (low side), with c over the C / groups channels of o's group:
    `y[b, o, i, j] = sum over c, u, v of x[b, c, i*s0 + u*d0 - p0, j*s1 + v*d1 - p1] * w[o, c, u, v]`, where x is 0 outside.
    Any number of spatial dimensions. Gradient: `dx = nn.conv_dx(dy, w)`, `dw = nn.conv_dw(dy, x)`.

    Example: `%y = nn.conv %x, %w {strides = array<i64: 1, 1>, ...} : tensor<8x3x32x32xf32>, tensor<6x3x5x5xf32> ->
    tensor<8x6x28x28xf32>`
  }];
  let arguments = Nn_ConvAttributes<(ins Nn_FloatTensor:$input, Nn_FloatTensor:$weight)>.arguments;
  let results = (outs Nn_FloatTensor:$output);
  let assemblyFormat = "$input `,` $weight attr-dict `:` type($input) `,` type($weight) `->` type($output)";
}

def Nn_ConvDxOp : Nn_Op<"conv_dx"> {
  let summary = "gradient of a convolution by its input";
  let description = [{
    `dx[b, c, y, x]` = the sum of `dy[b, o, i, j] * w[o, c, u, v]` over all o, u, v, i, j with `i*s0 + u*d0 - p0 = y` and
    `j*s1 + v*d1 - p1 = x`; attributes are those of the convolution. The result's type is the convolution's input type.
    Linear in both operands: gradients are `nn.conv` (by dy) and `nn.conv_dw` (by w).
  }];
  let arguments = Nn_ConvAttributes<(ins Nn_FloatTensor:$doutput, Nn_FloatTensor:$weight)>.arguments;
  let results = (outs Nn_FloatTensor:$dinput);
  let assemblyFormat = "$doutput `,` $weight attr-dict `:` type($doutput) `,` type($weight) `->` type($dinput)";
  let hasVerifier = 1;
}

def Nn_ConvDwOp : Nn_Op<"conv_dw"> {
  let summary = "gradient of a convolution by its weight";
  let description = [{
    `dw[o, c, u, v] = sum over b, i, j of dy[b, o, i, j] * x[b, c, i*s0 + u*d0 - p0, j*s1 + v*d1 - p1]`, x being 0 outside;
    attributes are those of the convolution. The result's type is the convolution's weight type. Linear in both operands:
    gradients are `nn.conv` (by dy) and `nn.conv_dx` (by x).
  }];
  let arguments = Nn_ConvAttributes<(ins Nn_FloatTensor:$doutput, Nn_FloatTensor:$input)>.arguments;
  let results = (outs Nn_FloatTensor:$dweight);
  let assemblyFormat = "$doutput `,` $input attr-dict `:` type($doutput) `,` type($input) `->` type($dweight)";
  let hasVerifier = 1;
}

#endif
