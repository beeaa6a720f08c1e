// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the CPU back end.
#ifndef NTC_CODEGEN_CPU_PASSES
#define NTC_CODEGEN_CPU_PASSES

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"ntc-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "Writes every kernel of a planned program as a function of loops and vectors";
  let description = [{
    Needs a planned program (ntc-plan-memory); afterwards the module holds one function of `scf`, `vector` and `memref` operations
    per kernel in its place. Parameters are one flat memref per operand, then the first work group and one past the last. This is
    what `ntc compile` does between the phases *planned* and *compiled*; the pass is for reading and for tests.

    `mcpu` decides the width of vectors and the number of registers; caches have 32 KiB and 512 KiB except with `native`. What the
    emitters may leave out has a name, here and with `ntc compile --disable-pass`. Without any of them the result is a loop of
    vectors per operation:

    | name | with it | without it |
    |---|---|---|
    | `tile-registers` | rows and columns of sums stay in registers, and share what a step reads | one vector of sums at a time |
    | `merge-rows` | rows of a tile are counted through several short loops | rows are the indices of the last loop |
    | `skip-borders` | around small images, taps that meet zeros are left out | zeros are multiplied |
    | `block-reductions` | a sum of products runs in blocks whose operands stay in a cache | it runs once |
    | `pack-panels` | what a column of tiles reads far apart is copied first | it is read in place |
    | `pair-products` | products of bf16 are summed two at a time, from panels of pairs | factors are widened to f32 first |
    | `fold-lanes` | the lanes of several sums are added by shuffles of pairs of vectors | every sum's lanes on their own |
    | `widen-reductions` | up to eight vectors of results are reduced side by side | one |
    | `unroll-windows` | a reduction of up to four elements has no loop | it has one |
    | `collapse-loops` | neighbouring loops whose memory runs on become one | one loop per dimension |
    | `hoist-loads` | what all vectors of a loop share is read before it | it is read again |
    | `transpose-blocks` | copies to another order of dimensions transpose squares in registers | elements are gathered |
    | `prefetch-operands` | what later tiles read is asked for | it is not |

    Remarks: all these names (where, with which sizes, and why not); and `pipeline-updates`, where the sums turn out to be cut.
  }];
  let options = [
    Option<"mcpu", "mcpu", "std::string", /*default=*/"\"x86-64-v4\"", "processor, as of `ntc compile --mcpu`">,
    ListOption<"disable", "disable", "std::string", "choices to leave out">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def ApproximateMath : Pass<"ntc-approximate-math", "::mlir::func::FuncOp"> {
  let summary = "Writes exp, log, tanh, erf, sin, pow, … and small floats as operations that need no library";
  let description = [{
    Elementary functions of f32 and f64, scalars and vectors, become polynomials and integer operations; afterwards `math`
    holds only operations that are instructions (absolute value, square root, copysign, fused multiply-add and floor, the
    last two only where the target has them). Operations on floats of 16 bits are computed in f32 and rounded; conversions
    of bf16, and of f16 without `has-half`, become integer operations. Changes precision: errors are measured in
    docs/numerics.md. NaN, infinities, zeros and subnormals give what C's functions give.
  }];
  let options = [
    Option<"hasFma", "has-fma", "bool", /*default=*/"true", "Fused multiply-add is an instruction">,
    Option<"hasFloor", "has-floor", "bool", /*default=*/"true", "Rounding down is an instruction">,
    Option<"hasHalf", "has-half", "bool", /*default=*/"true", "Conversions between f16 and f32 are instructions">,
  ];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def DecomposeVectors : Pass<"ntc-decompose-vectors", "::mlir::func::FuncOp"> {
  let summary = "Writes masks, slices and index vectors with the operations that LLVM has";
  let description = [{
    Masks made from counts become comparisons, slices of vectors shuffles, and `vector.step` a constant. Runs while loops are
    structured.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def ReduceStrength : Pass<"ntc-reduce-strength", "::mlir::func::FuncOp"> {
  let summary = "Lets innermost loops carry addresses as sums";
  let description = [{
    A product of an innermost loop's counter and a constant, with what is added to it at its only use if that does not change
    in the loop, becomes a value that the loop carries and adds to.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def ConvertToLlvm : Pass<"ntc-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Converts functions of arith, cf, math, memref and vector operations to the LLVM dialect, all at once";
  let description = [{
    Memrefs that are arguments become bare pointers. Nothing of another dialect may be left.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif
