// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations. All operands and the result have one shape.
#ifndef NTC_DIALECTS_NN_ELEMENTWISE
#define NTC_DIALECTS_NN_ELEMENTWISE
include "dialects/nn/NnBase.td"

class Nn_UnaryOp<string mnemonic, string formula, string gradient, Type type = Nn_FloatTensor>
    : Nn_Op<mnemonic, [Elementwise, SameOperandsAndResultType]> {
  let summary = "elementwise: y = " # formula;
  let description = "`y = " # formula # "`, for each element. Gradient: `dx = " # gradient # "`.\n\n"
                    "Example: `%y = nn." # mnemonic # " %x : tensor<2x3xf32>`";
  let arguments = (ins type:$input);
  let results = (outs type:$output);
  let assemblyFormat = "$input attr-dict `:` type($output)";
}

def Nn_NegOp : Nn_UnaryOp<"neg", "-x", "-dy", Nn_Tensor> { let hasFolder = 1; }
def Nn_AbsOp : Nn_UnaryOp<"abs", "|x|", "dy * sign(x), with sign(0) = 0">;
def Nn_SignOp : Nn_UnaryOp<"sign", "1, 0 or -1 by the sign of x (0 for -0; NaN for NaN)", "0">;
def Nn_ExpOp : Nn_UnaryOp<"exp", "e^x", "dy * y">;
def Nn_LogOp : Nn_UnaryOp<"log", "ln(x)", "dy / x">;
def Nn_Log1pOp : Nn_UnaryOp<"log1p", "ln(1 + x)", "dy / (1 + x)">;
def Nn_SqrtOp : Nn_UnaryOp<"sqrt", "sqrt(x)", "dy / (2 * y)">;
def Nn_RsqrtOp : Nn_UnaryOp<"rsqrt", "1 / sqrt(x)", "-dy * y^3 / 2">;
def Nn_ReciprocalOp : Nn_UnaryOp<"reciprocal", "1 / x", "-dy * y^2">;
def Nn_TanhOp : Nn_UnaryOp<"tanh", "tanh(x)", "dy * (1 - y^2)">;
def Nn_SigmoidOp : Nn_UnaryOp<"sigmoid", "1 / (1 + e^-x)", "dy * y * (1 - y)">;
def Nn_ErfOp : Nn_UnaryOp<"erf", "2/sqrt(pi) * integral of e^(-t^2) for t from 0 to x", "dy * 2/sqrt(pi) * e^(-x^2)">;
def Nn_SinOp : Nn_UnaryOp<"sin", "sin(x)", "dy * cos(x)">;
def Nn_CosOp : Nn_UnaryOp<"cos", "cos(x)", "-dy * sin(x)">;
def Nn_FloorOp : Nn_UnaryOp<"floor", "the largest integer not above x", "0">;
def Nn_ReluOp : Nn_UnaryOp<"relu", "max(x, 0); NaN for NaN", "dy where y > 0, else 0 (so 0 at x = 0)"> { let hasFolder = 1; }
def Nn_NotOp : Nn_UnaryOp<"not", "the logical complement of x", "none: the result is boolean", Nn_BoolTensor> { let hasFolder = 1; }

class Nn_BinaryOp<string mnemonic, string formula, string gradient, Type type = Nn_Tensor, list<Trait> traits = []>
    : Nn_Op<mnemonic, !listconcat([Elementwise, SameOperandsAndResultType], traits)> {
  let summary = "elementwise: y = " # formula;
  let description = "`y = " # formula # "`, for each element. Gradient: " # gradient # ".\n\n"
                    "Example: `%y = nn." # mnemonic # " %a, %b : tensor<2x3xf32>`";
  let arguments = (ins type:$lhs, type:$rhs);
  let results = (outs type:$output);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($output)";
}

def Nn_AddOp : Nn_BinaryOp<"add", "a + b", "`da = dy`, `db = dy`", Nn_Tensor, [Commutative]> { let hasFolder = 1; }
def Nn_SubOp : Nn_BinaryOp<"sub", "a - b", "`da = dy`, `db = -dy`"> { let hasFolder = 1; }
def Nn_MulOp : Nn_BinaryOp<"mul", "a * b", "`da = dy * b`, `db = dy * a`", Nn_Tensor, [Commutative]> { let hasFolder = 1; }
def Nn_DivOp : Nn_BinaryOp<"div", "a / b (integers: towards zero)", "`da = dy / b`, `db = -dy * y / b`"> { let hasFolder = 1; }
def Nn_PowOp : Nn_BinaryOp<"pow", "a^b",
    "`da = dy * b * a^(b-1)` (0 where b = 0), `db = dy * y * ln(a)` (0 where a = 0 and b >= 0)", Nn_FloatTensor> {
  let hasFolder = 1;
}
def Nn_MaximumOp : Nn_BinaryOp<"maximum", "max(a, b); NaN if either is NaN",
    "to the larger operand, half to each on a tie", Nn_Tensor, [Commutative]>;
def Nn_MinimumOp : Nn_BinaryOp<"minimum", "min(a, b); NaN if either is NaN",
    "to the smaller operand, half to each on a tie", Nn_Tensor, [Commutative]>;
def Nn_AndOp : Nn_BinaryOp<"and", "a and b", "none: the result is boolean", Nn_BoolTensor, [Commutative]> { let hasFolder = 1; }
def Nn_OrOp : Nn_BinaryOp<"or", "a or b", "none: the result is boolean", Nn_BoolTensor, [Commutative]> { let hasFolder = 1; }

def Nn_CompareOp : Nn_Op<"compare", [Elementwise, SameOperandsShape, SameTypeOperands,
    TypesMatchWith<"the result is a boolean tensor of the operands' shape", "lhs", "output",
      "::mlir::cast<::mlir::RankedTensorType>($_self).clone(::mlir::IntegerType::get($_self.getContext(), 1))">]> {
  let summary = "elementwise comparison";
  let description = [{
    `y = a PREDICATE b` for each element. No gradient: the result is boolean.

    Example: `%y = nn.compare gt %a, %b : tensor<4xf32>`
  }];
  let arguments = (ins Nn_PredicateAttr:$predicate, Nn_Tensor:$lhs, Nn_Tensor:$rhs);
  let results = (outs Nn_BoolTensor:$output);
  let assemblyFormat = "$predicate $lhs `,` $rhs attr-dict `:` type($lhs)";
}

def Nn_SelectOp : Nn_Op<"select", [Elementwise, SameOperandsAndResultShape,
    AllTypesMatch<["on_true", "on_false", "output"]>,
    TypesMatchWith<"the condition is a boolean tensor of the result's shape", "output", "condition",
      "::mlir::cast<::mlir::RankedTensorType>($_self).clone(::mlir::IntegerType::get($_self.getContext(), 1))">]> {
  let summary = "elementwise choice";
  let description = [{
    `y = condition ? on_true : on_false` for each element. Gradient: `dy` to the operand that was chosen, 0 to the other.

    Example: `%y = nn.select %c, %a, %b : tensor<4xf32>`
  }];
  let arguments = (ins Nn_BoolTensor:$condition, Nn_Tensor:$on_true, Nn_Tensor:$on_false);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$condition `,` $on_true `,` $on_false attr-dict `:` type($output)";
  let hasFolder = 1;
}

def Nn_CastOp : Nn_Op<"cast", [Elementwise, SameOperandsAndResultShape]> {
  let summary = "elementwise conversion of the element type";
  let description = [{
    Float to float rounds to nearest even; float to integer truncates (what lies outside of the integer type gives an
    unspecified value); integer to integer keeps the low bits; integer to float rounds to nearest even; boolean to
    number gives 0 or 1; number to boolean is `x != 0`. Gradient between float types: `dx = cast(dy)`; otherwise none.

    Example: `%y = nn.cast %x : tensor<f64> -> tensor<f32>`
  }];
  let arguments = (ins Nn_Tensor:$input);
  let results = (outs Nn_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

#endif
