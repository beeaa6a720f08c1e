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

def MixedPrecision : Pass<"ntc-mixed-precision"> {
  let summary = "products of contractions in bf16, sums in f32";
  let description = [{
    Runs with `--precision=bf16` only, behind `ntc-sparse-pool-gradients`. Operands of `nn.matmul`, `nn.conv` and the gradients of
    convolutions are rounded to bf16 (to nearest, ties to even) and widened again: the products are then those of bf16 numbers,
    exact in f32, and the sums are f32. An activation is rounded where it is computed and everybody reads the rounded numbers, so
    that it is stored as bf16; so is the result of a contraction that is read more than once or by a reduction and from which
    another contraction's operand comes. Reductions, losses, normalization, softmax and all elementwise work compute in f32.
    Parameters, moments and gradients of parameters stay f32: a parameter is rounded where a contraction reads it, and the
    optimizer updates the parameter itself. f64 and sums over the winners of a pooling stay as they are. There is no scaling of the
    loss: bf16 has the exponents of f32.

    Needs: no `train.gradient`. Remarks: `mixed-precision`.

    Numerics: changes precision; a rounding to 8 binary digits per operand.

    Before:

    ```mlir
    %y = nn.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
    ```

    After:

    ```mlir
    %an = nn.cast %a : tensor<2x3xf32> -> tensor<2x3xbf16>
    %aw = nn.cast %an : tensor<2x3xbf16> -> tensor<2x3xf32>
    %bn = nn.cast %b : tensor<3x4xf32> -> tensor<3x4xbf16>
    %bw = nn.cast %bn : tensor<3x4xbf16> -> tensor<3x4xf32>
    %y = nn.matmul %aw, %bw : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
    ```
  }];
  let dependentDialects = ["::ntc::ir::nn::NnDialect", "::ntc::ir::train::TrainDialect"];
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
