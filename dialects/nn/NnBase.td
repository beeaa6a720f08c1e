// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `nn`, its attributes, and the classes from which its operations derive.
#ifndef NTC_DIALECTS_NN_NNBASE
#define NTC_DIALECTS_NN_NNBASE

include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::ntc::ir::nn";
  let summary = "Tensor operations of neural networks, closed under differentiation";
  let description = [{
    Value-semantic operations on ranked tensors of static shape. The set is closed: the derivative of every operation is
    built from operations of this dialect. Operands never broadcast implicitly; `nn.broadcast` is written out, so that
    its derivative (a sum) is visible too. Axes are non-negative. Reductions drop the axes that they reduce.
    Layout of convolutions and pooling: (B, C, spatial...), weights (O, C / groups, spatial...).
    Dimensions by letter: B batch, C channels, O output channels, M N K matrix, V classes.
  }];
  let dependentDialects = [];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
}

def Nn_Tensor : StaticShapeTensorOf<[F32, F64, F16, BF16, I64, I32, I8, I1]>;
def Nn_FloatTensor : StaticShapeTensorOf<[F32, F64, F16, BF16]>;
def Nn_IntTensor : StaticShapeTensorOf<[I64, I32, I8]>;
def Nn_BoolTensor : StaticShapeTensorOf<[I1]>;
def Nn_I64Scalar : StaticShapeTensorOf<[I64]>;

class Nn_Op<string mnemonic, list<Trait> traits = []> : Op<Nn_Dialect, mnemonic, !listconcat([Pure], traits)>;

// An operation whose result type follows from its operands and attributes: `static LogicalResult
// inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor, SmallVectorImpl<Type> &)` is the shape function
// and at the same time the verifier of shapes.
class Nn_InferredOp<string mnemonic, list<Trait> traits = []>
    : Nn_Op<mnemonic, !listconcat([InferTypeOpAdaptor], traits)>;

def Nn_Predicate : I32EnumAttr<"Predicate", "comparison of two elements; any comparison with NaN but `ne` is false", [
  I32EnumAttrCase<"eq", 0>, I32EnumAttrCase<"ne", 1>, I32EnumAttrCase<"lt", 2>,
  I32EnumAttrCase<"le", 3>, I32EnumAttrCase<"gt", 4>, I32EnumAttrCase<"ge", 5>]> {
  let cppNamespace = "::ntc::ir::nn";
  let genSpecializedAttr = 0;
}
def Nn_PredicateAttr : EnumAttr<Nn_Dialect, Nn_Predicate, "predicate">;

#endif
