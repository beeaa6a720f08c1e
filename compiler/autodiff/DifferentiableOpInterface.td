// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface of operations that have a derivative.
#ifndef NTC_COMPILER_AUTODIFF_DIFFERENTIABLEOPINTERFACE
#define NTC_COMPILER_AUTODIFF_DIFFERENTIABLEOPINTERFACE
include "mlir/IR/OpBase.td"

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::ntc::autodiff";
  let description = [{
    An operation that builds its vector-Jacobian product: given the derivatives of a scalar by its
    results ("cotangents"), the derivatives of that scalar by its operands. The operations it builds
    must have rules themselves, so that a gradient can be differentiated again.
  }];
  let methods = [InterfaceMethod<[{
      Adds to `cotangents`, for each operand that needs it, the contribution of this operation: for
      operand j of element type float, the sum over results i of `cotangents.of(result i)` times the
      Jacobian of result i by operand j. An operand without a contribution has derivative zero.
    }], "void", "buildCotangents", (ins "::ntc::autodiff::Cotangents &":$cotangents)>];
}

#endif
