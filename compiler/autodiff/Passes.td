// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes from the phase captured to the phase differentiated.
#ifndef NTC_COMPILER_AUTODIFF_PASSES
#define NTC_COMPILER_AUTODIFF_PASSES
include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"ntc-differentiate"> {
  let summary = "replaces train.gradient by the operations that compute it";
  let description = [{
    Builds the derivatives in reverse mode from the rule of each operation between the loss and the
    values to differentiate by, and removes what nothing uses. Afterwards no `train.gradient` is
    left. Where the loss does not depend on a value, the derivative is a constant zero; an operation
    without floating-point results, such as a comparison, lets no derivative through. A gradient of
    a gradient is built from the operations of the first one.

    Needs: the operations of a loss in one block, before the gradient. Refuses, naming the
    operation, one that has no derivative rule; refuses integer values to differentiate by.

    New operations carry the location of the forward operation they belong to, a name `fc1` becoming
    `fc1.grad`. The sum of several contributions to one derivative is taken in a fixed order: users
    from last to first.

    Numerics: forward values are kept bit for bit. Derivatives are the formulas in the descriptions
    of the operations, in the operands' element type; at kinks as PyTorch: 0 for relu and abs at 0,
    halves on tied maximum and minimum, equal shares on tied reductions, the first winner in
    pooling.

    Before:

    ```mlir
    %y = nn.mul %w, %x : tensor<3xf32>
    %loss = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
    %dw = train.gradient %loss wrt (%w) : tensor<f32>, (tensor<3xf32>) -> (tensor<3xf32>)
    ```

    After:

    ```mlir
    %y = nn.mul %w, %x : tensor<3xf32>
    %loss = nn.reduce_sum %y {axes = array<i64: 0>} : tensor<3xf32> -> tensor<f32>
    %one = nn.constant dense<1.000000e+00> : tensor<f32>
    %dy = nn.broadcast %one {dims = array<i64>} : tensor<f32> -> tensor<3xf32>
    %dw = nn.mul %dy, %x : tensor<3xf32>
    ```
  }];
  let dependentDialects = ["::ntc::ir::nn::NnDialect", "::ntc::ir::train::TrainDialect"];
}

#endif
