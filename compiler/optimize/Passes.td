// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from the phase differentiated to the phase optimized.
#ifndef NTC_COMPILER_OPTIMIZE_PASSES
#define NTC_COMPILER_OPTIMIZE_PASSES
include "mlir/Pass/PassBase.td"

def Decompose : Pass<"ntc-decompose"> {
  let summary = "writes composite operations as elementwise operations and reductions";
  let description = [{
    Afterwards there is no `nn.softmax`, `nn.log_softmax`, `nn.batch_norm` and `nn.argmax`.
    `nn.sigmoid`, `nn.tanh` and `nn.erf` stay: a back end computes them better than their formulas
    would. Runs after differentiation, whose rules know the composite operations and their short
    derivatives.

    Numerics: the formulas in the descriptions of the operations, in their element type; softmax
    subtracts the maximum first, the variance is a sum of squared distances from the mean. For
    `nn.argmax` a NaN counts as larger than every number and the first NaN wins, as in PyTorch.

    Before:

    ```mlir
    %y = nn.softmax %x {axis = 1 : i64} : tensor<2x3xf32>
    ```

    After:

    ```mlir
    %m = nn.reduce_max %x {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
    %mb = nn.broadcast %m {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
    %z = nn.sub %x, %mb : tensor<2x3xf32>
    %e = nn.exp %z : tensor<2x3xf32>
    %s = nn.reduce_sum %e {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
    %sb = nn.broadcast %s {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
    %y = nn.div %e, %sb : tensor<2x3xf32>
    ```
  }];
  let dependentDialects = ["::ntc::ir::nn::NnDialect"];
}

def Simplify : Pass<"ntc-simplify"> {
  let summary = "algebraic simplification of tensor operations";
  let description = [{
    Applies, until nothing changes: neutral and absorbing elements; signs moved outward and into
    constants; chains of constant factors; evaluation of operations on constants of equal elements;
    compositions of reshapes, transpositions, slices and broadcasts; arithmetic before a broadcast
    instead of after it; sums of broadcasts as products; factors out of sums; transpositions into
    matrix products; the folders of the dialect; removal of common subexpressions.

    Needs: regions that are isolated from above. May run in every phase that holds operations of
    `nn`.

    Numerics: results are equal for finite values (the sign of zero aside) or are rounded less often
    than before; each rewrite says which. `x * 0` and `x - x` become 0 for every x, so that a NaN or
    an infinity there does not come through. Sums are taken in another order. Products of constant
    factors stay apart where their product is not a normal number of the element type, and factors
    leave sums only in f32 and f64.

    Before:

    ```mlir
    %b = nn.broadcast %x {dims = array<i64: 0>} : tensor<2xf32> -> tensor<2x3xf32>
    %s = nn.reduce_sum %b {axes = array<i64: 1>} : tensor<2x3xf32> -> tensor<2xf32>
    %t = nn.transpose %w {permutation = array<i64: 1, 0>} : tensor<3x4xf32> -> tensor<4x3xf32>
    %y = nn.matmul %t, %v : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
    ```

    After:

    ```mlir
    %c = nn.constant dense<3.000000e+00> : tensor<2xf32>
    %s = nn.mul %x, %c : tensor<2xf32>
    %y = nn.matmul %w, %v {transpose_lhs} : tensor<3x4xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
    ```
  }];
  let dependentDialects = ["::ntc::ir::nn::NnDialect"];
}

#endif
