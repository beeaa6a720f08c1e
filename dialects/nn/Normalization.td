// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization layers.
#ifndef NTC_DIALECTS_NN_NORMALIZATION
#define NTC_DIALECTS_NN_NORMALIZATION
include "dialects/nn/NnBase.td"

def Nn_BatchNormOp : Nn_InferredOp<"batch_norm"> {
  let summary = "batch normalization by the statistics of the batch";
  let description = [{
    x is (B, C, ...); with N the number of elements per channel and sums over all axes but C:
    `mean[c] = sum(x) / N`, `variance[c] = sum((x - mean)^2) / N` (biased), `xhat = (x - mean) / sqrt(variance + epsilon)`,
    `y = xhat * scale[c] + bias[c]`. Running statistics are not part of the operation.
    Gradient (Ioffe and Szegedy, 2015, section 3): `dbias = sum(dy)`, `dscale = sum(dy * xhat)`,
    `dx = scale / sqrt(variance + epsilon) * (dy - dbias / N - xhat * dscale / N)`, plus `dmean / N` and
    `dvariance * 2 * (x - mean) / N` where those results are used.
    Evaluation with running statistics is elementwise and written with elementwise operations.
  }];
  let arguments = (ins Nn_FloatTensor:$input, Nn_FloatTensor:$scale, Nn_FloatTensor:$bias, F64Attr:$epsilon);
  let results = (outs Nn_FloatTensor:$output, Nn_FloatTensor:$mean, Nn_FloatTensor:$variance);
  let assemblyFormat = "$input `,` $scale `,` $bias attr-dict `:` type($input) `,` type($scale) `,` type($bias) `->` "
                       "type($output) `,` type($mean) `,` type($variance)";
}

#endif
