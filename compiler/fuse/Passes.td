// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the phase *fused*: from `nn` to dispatches of linalg on tensors.
#ifndef NTC_COMPILER_FUSE_PASSES
#define NTC_COMPILER_FUSE_PASSES

include "mlir/Pass/PassBase.td"

def LowerToLinalg : Pass<"ntc-lower-to-linalg", "::ntc::ir::train::ProgramOp"> {
  let summary = "Writes every nn operation as linalg on tensors";
  let description = [{
    Needs: no `train.gradient`; softmax, batch normalization and argmax decomposed. Afterwards the entries hold
    `linalg.generic`, `linalg.fill`, `tensor.empty`, `tensor.insert_slice`, `arith.constant` and `nn.reshape` (which moves no
    data and stays until buffers are planned). Sums over the batch and more of a large tensor into few results are cut into at most
    sixteen runs of samples, with a partial sum each. Other sums keep one accumulator per element in row-major order of the
    reduced dimensions; what a vectorized reduction does with that order is the back end's documented business.

    ```mlir
    %y = nn.matmul %a, %b : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %c0 = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x2xf32>
    %z = linalg.fill ins(%c0 : f32) outs(%e : tensor<4x2xf32>) -> tensor<4x2xf32>
    %y = linalg.generic {indexing_maps = [(m, n, k) -> (m, k), (m, n, k) -> (k, n), (m, n, k) -> (m, n)], ...}
         ins(%a, %b) outs(%z) { mulf, addf }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

def SparsePoolGradients : Pass<"ntc-sparse-pool-gradients", "::ntc::ir::train::ProgramOp"> {
  let summary = "Sums over the winners of a maximum pooling instead of over the spread gradient";
  let description = [{
    Where the output of a convolution is pooled by windows that lie side by side, `nn.conv_dw` and `nn.conv_dx` of the pooling's
    gradient become sums over windows and the offsets within them (compiler/fuse/WinnerForm.h). A back end computes only the
    offset that won. The gradient by the input needs stride and dilation 1, sizes that windows divide, and enough channels to
    pay for looking up the winner. Reassociates sums; drops products with zero.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def SplitStridedGradients : Pass<"ntc-split-strided-gradients", "::ntc::ir::train::ProgramOp"> {
  let summary = "Computes the gradient of a strided convolution by its input in parts of stride 1";
  let description = [{
    With stride S in a dimension, the elements of the input that leave one rest by S meet every S-th element of the kernel only.
    `nn.conv_dx` becomes one sum of products per combination of rests, with that share of the kernel, and strided insertions of
    the parts into the result; elements that no window reads are zero. Together the parts make the products of the convolution,
    where the gradient spread by the strides would need S times as many per dimension. Convolutions with groups stay whole.
    Preserves values; drops products with zero.

    Remarks: `split-strided-gradients` (into how many parts, or why not).
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def FuseElementwise : Pass<"ntc-fuse-elementwise", "::ntc::ir::train::ProgramOp"> {
  let summary = "Merges elementwise linalg operations into their only consumer";
  let description = [{
    A producer without reductions is merged into its consumer where the consumer is its only user, or where the producer
    only moves elements (broadcasts, transposes) or is a constant; one that computes only where each of its elements is read
    once. One or two additions or multiplications on one tensor of the producer's size (the centred values of a batch
    normalization) are computed again by every consumer if all of them can: they read that tensor instead. Contractions keep the
    form "sum of products": only moves are merged into their operands. Preserves values bit for bit.

    Remarks: `fuse-elementwise` (which producer was merged, or why not).
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def ChooseLayouts : Pass<"ntc-choose-layouts", "::ntc::ir::train::ProgramOp"> {
  let summary = "Puts the channels of tensors innermost where convolutions run faster so";
  let description = [{
    Tensors that pass elements one to one (elementwise operations, pools, padding) form a class with one layout. For every
    convolution the share of vector lanes that each layout keeps busy is known from extents alone; classes take the layout
    that makes the sum over all convolutions least. Operations are rewritten to tensors with permuted dimensions, weights are
    copied to the order in which vectors read them, and copies stand where a tensor comes from or goes to an input, a state or
    a reshape, which stay row-major. Reassociates sums over channels and window offsets; else preserves values.

    ```mlir
    // (B, C, Y, X) and (O, C, V, U):
    linalg.generic {indexing_maps = [(b, o, y, x, c, v, u) -> (b, c, y + v, x + u), -> (o, c, v, u), -> (b, o, y, x)]}
    ```
    becomes
    ```mlir
    // (B, Y, X, C) and (V, U, C, O):
    linalg.generic {indexing_maps = [(b, y, x, o, v, u, c) -> (b, y + v, x + u, c), -> (v, u, c, o), -> (b, y, x, o)]}
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect"];
}

def FormDispatches : Pass<"ntc-form-dispatches", "::ntc::ir::train::ProgramOp"> {
  let summary = "Groups linalg operations into plan.dispatch regions";
  let description = [{
    Afterwards every computation of an entry lies in a `plan.dispatch`, whose name is made of the layers that its operations
    came from. Operations are taken in program order; one joins the dispatch of its latest producer when (a) no other operand
    is produced later, and (b) the joint iteration space (compiler/fuse/IterationSpace.h) still has enough parallel groups for
    its work, or the work is small. Fused values that nobody else reads never leave the dispatch. At last neighbours that are
    small together become one dispatch. Of a tensor and its padded copy that one dispatch computes, others read the copy
    (compiler/fuse/ReadPadded.h). Preserves values bit for bit.

    Remarks: `join-dispatches` (which operation joined, or why not), `merge-small-dispatches` and `read-padded`.
  }];
  let options = [
    Option<"join", "join", "bool", /*default=*/"true", "let operations join the dispatch of their latest producer">,
    Option<"mergeSmall", "merge-small", "bool", /*default=*/"true", "merge neighbours that are small together">,
    Option<"shiftReads", "read-padded", "bool", /*default=*/"true", "read tensors inside of their padded copies">,
  ];
  let dependentDialects = ["::ntc::ir::plan::PlanDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect"];
}

#endif
