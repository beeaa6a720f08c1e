// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds operations of the dialect `nn` for the functions of Expr.h, one for each.

#include "compiler/autodiff/Expr.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

DenseElementsAttr splatOf(RankedTensorType type, double number) {
  if (auto floatType = dyn_cast<FloatType>(type.getElementType())) {
    APFloat value(number);
    bool losesInfo = false;
    value.convert(floatType.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    return DenseElementsAttr::get(type, value);
  }
  unsigned width = type.getElementTypeBitWidth();
  int64_t integer = width == 1 ? number != 0 : static_cast<int64_t>(number);
  return DenseElementsAttr::get(type,
                                APInt(width, integer, /*isSigned=*/true, /*implicitTrunc=*/true));
}

Expr Expr::constant(double number) const { return make<ConstantOp>(splatOf(type(), number)); }

Expr operator-(Expr x) { return x.make<NegOp>(x); }
Expr operator+(Expr a, Expr b) { return a.make<AddOp>(a, b); }
Expr operator-(Expr a, Expr b) { return a.make<SubOp>(a, b); }
Expr operator*(Expr a, Expr b) { return a.make<MulOp>(a, b); }
Expr operator/(Expr a, Expr b) { return a.make<DivOp>(a, b); }
Expr operator+(Expr a, double b) { return a + a.constant(b); }
Expr operator+(double a, Expr b) { return b.constant(a) + b; }
Expr operator-(Expr a, double b) { return a - a.constant(b); }
Expr operator-(double a, Expr b) { return b.constant(a) - b; }
Expr operator*(Expr a, double b) { return a * a.constant(b); }
Expr operator*(double a, Expr b) { return b.constant(a) * b; }
Expr operator/(Expr a, double b) { return a / a.constant(b); }

Expr exp(Expr x) { return x.make<ExpOp>(x); }
Expr log(Expr x) { return x.make<LogOp>(x); }
Expr rsqrt(Expr x) { return x.make<RsqrtOp>(x); }
Expr sin(Expr x) { return x.make<SinOp>(x); }
Expr cos(Expr x) { return x.make<CosOp>(x); }
Expr sign(Expr x) { return x.make<SignOp>(x); }
Expr pow(Expr a, Expr b) { return a.make<PowOp>(a, b); }

Expr compare(Predicate predicate, Expr a, Expr b) { return a.make<CompareOp>(predicate, a, b); }
Expr compare(Predicate predicate, Expr a, double b) { return compare(predicate, a, a.constant(b)); }
Expr select(Expr condition, Expr a, Expr b) { return a.make<SelectOp>(condition, a, b); }

Expr cast(Expr x, Type elementType) {
  return x.type().getElementType() == elementType ? x
                                                  : x.make<CastOp>(x.type().clone(elementType), x);
}

Expr reshape(Expr x, RankedTensorType type) {
  return x.type() == type ? x : x.make<ReshapeOp>(type, x);
}

Expr broadcast(Expr x, RankedTensorType type, ArrayRef<int64_t> dims) {
  return x.make<BroadcastOp>(type, x, dims);
}

Expr sum(Expr x, ArrayRef<int64_t> axes) { return x.make<ReduceSumOp>(x, axes); }
Expr max(Expr x, ArrayRef<int64_t> axes) { return x.make<ReduceMaxOp>(x, axes); }
Expr min(Expr x, ArrayRef<int64_t> axes) { return x.make<ReduceMinOp>(x, axes); }

Expr spread(Expr x, RankedTensorType type, ArrayRef<int64_t> axes) {
  return broadcast(x, type, otherAxes(type.getRank(), axes));
}

SmallVector<int64_t> otherAxes(int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<int64_t> others;
  for (int64_t d = 0; d < rank; ++d) {
    if (!llvm::is_contained(axes, d)) {
      others.push_back(d);
    }
  }
  return others;
}

} // namespace ntc::autodiff
