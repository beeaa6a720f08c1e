// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation of elementwise operations and reductions whose operands are constants of equal
// elements. The formula is computed in double precision and rounded once to the element type;
// integers are folded where doubles hold them exactly.

#include "compiler/autodiff/Expr.h"
#include "compiler/optimize/Simplify.h"

#include <cmath>

using namespace mlir;
using namespace ntc::autodiff;
using namespace ntc::ir::nn;

namespace ntc::optimize {

namespace {

double signOf(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }
// NaN if either is; +0 is above -0.
double maximumOf(double a, double b) {
  return std::isnan(a) || a > b || (a == b && std::signbit(b)) ? a : b;
}
double minimumOf(double a, double b) {
  return std::isnan(a) || a < b || (a == b && std::signbit(a)) ? a : b;
}

/// Exact below this magnitude: every integer there is a double.
constexpr double kExactIntegers = 9007199254740992.0;

/// The value of a comparison. Nothing is true of NaN but that it differs.
bool holds(Predicate predicate, double a, double b) {
  switch (predicate) {
  case Predicate::eq:
    return a == b;
  case Predicate::ne:
    return a != b;
  case Predicate::lt:
    return a < b;
  case Predicate::le:
    return a <= b;
  case Predicate::gt:
    return a > b;
  case Predicate::ge:
    return a >= b;
  }
  llvm_unreachable("every predicate is a case");
}

/// y of the operation `op` for its operands' numbers `x`; nothing for an operation that is not in
/// this table.
std::optional<double> evaluate(Operation *op, ArrayRef<double> x) {
  return llvm::TypeSwitch<Operation *, std::optional<double>>(op)
      .Case([&](NegOp) { return -x[0]; })
      .Case([&](AbsOp) { return std::fabs(x[0]); })
      .Case([&](SignOp) { return signOf(x[0]); })
      .Case([&](ExpOp) { return std::exp(x[0]); })
      .Case([&](LogOp) { return std::log(x[0]); })
      .Case([&](Log1pOp) { return std::log1p(x[0]); })
      .Case([&](SqrtOp) { return std::sqrt(x[0]); })
      .Case([&](RsqrtOp) { return 1 / std::sqrt(x[0]); })
      .Case([&](ReciprocalOp) { return 1 / x[0]; })
      .Case([&](TanhOp) { return std::tanh(x[0]); })
      .Case([&](SigmoidOp) { return 1 / (1 + std::exp(-x[0])); })
      .Case([&](ErfOp) { return std::erf(x[0]); })
      .Case([&](SinOp) { return std::sin(x[0]); })
      .Case([&](CosOp) { return std::cos(x[0]); })
      .Case([&](FloorOp) { return std::floor(x[0]); })
      .Case([&](ReluOp) { return maximumOf(x[0], 0); })
      .Case([&](NotOp) { return x[0] == 0; })
      .Case([&](AddOp) { return x[0] + x[1]; })
      .Case([&](SubOp) { return x[0] - x[1]; })
      .Case([&](MulOp) { return x[0] * x[1]; })
      .Case([&](PowOp) { return std::pow(x[0], x[1]); })
      .Case([&](MaximumOp) { return maximumOf(x[0], x[1]); })
      .Case([&](MinimumOp) { return minimumOf(x[0], x[1]); })
      .Case([&](AndOp) { return x[0] != 0 && x[1] != 0; })
      .Case([&](OrOp) { return x[0] != 0 || x[1] != 0; })
      .Case([&](CompareOp compare) { return holds(compare.getPredicate(), x[0], x[1]); })
      .Case([&](DivOp div) -> std::optional<double> {
        if (isa<FloatType>(getElementTypeOrSelf(div))) {
          return x[0] / x[1];
        }
        return x[1] == 0 ? std::nullopt : std::optional<double>(std::trunc(x[0] / x[1]));
      })
      .Case([&](CastOp cast) -> double {
        Type to = getElementTypeOrSelf(cast);
        return isa<FloatType>(to) ? x[0] : to.isInteger(1) ? x[0] != 0 : std::trunc(x[0]);
      })
      .Case([&](ReduceSumOp reduce) {
        auto input = cast<RankedTensorType>(reduce.getInput().getType());
        // A result without elements has none to compute.
        int64_t sums =
            std::max<int64_t>(cast<RankedTensorType>(reduce.getType()).getNumElements(), 1);
        int64_t count = input.getNumElements() / sums;
        return x[0] * static_cast<double>(count);
      })
      .Case<ReduceMaxOp, ReduceMinOp>([&](auto) { return x[0]; })
      .Default([](Operation *) { return std::nullopt; });
}

/// True where `number` can be stored in integers of `type` exactly and was computed exactly.
bool fits(IntegerType type, double number) {
  double limit = std::min(kExactIntegers, std::ldexp(1.0, static_cast<int>(type.getWidth()) - 1));
  return type.getWidth() == 1 || (number > -limit && number < limit);
}

/// op(c, d, ...) -> constant, every operand a constant of equal elements.
struct FoldSplats : RewritePattern {
  explicit FoldSplats(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa_and_nonnull<NnDialect>(op->getDialect()) || op->getNumResults() != 1 ||
        op->getNumOperands() == 0) {
      return failure();
    }
    SmallVector<double> numbers;
    for (Value operand : op->getOperands()) {
      std::optional<double> number = splatNumber(operand);
      auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(operand));
      if (!number || (integer && !fits(integer, *number))) {
        return failure();
      }
      numbers.push_back(*number);
    }
    std::optional<double> value = evaluate(op, numbers);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    auto integer = dyn_cast<IntegerType>(type.getElementType());
    if (!value || (integer && !fits(integer, *value))) {
      return failure();
    }
    rewriter.replaceOpWithNewOp<ConstantOp>(op, splatOf(type, *value));
    return success();
  }
};

// transpose(c) -> c;  pad(c, c) -> c;  concat(c, c) -> c, c a constant of equal elements
template <typename Op> LogicalResult moveSplat(Op op, PatternRewriter &rewriter) {
  SplatElementsAttr first;
  for (Value operand : op->getOperands()) {
    SplatElementsAttr splat;
    if (!matchPattern(operand, m_Constant(&splat)) ||
        (first && splat.getSplatValue<Attribute>() != first.getSplatValue<Attribute>())) {
      return failure();
    }
    first = splat;
  }
  if constexpr (std::is_same_v<Op, PadOp>) {
    auto filled = splatOf(op.getInput().getType(), op.getValue().convertToDouble());
    if (filled != first) {
      return failure();
    }
  }
  rewriter.replaceOpWithNewOp<ConstantOp>(op, first.resizeSplat(cast<ShapedType>(op.getType())));
  return success();
}

} // namespace

void populateSimplifyConstantPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldSplats>(patterns.getContext());
  patterns.add(moveSplat<TransposeOp>);
  patterns.add(moveSplat<PadOp>);
  patterns.add(moveSplat<ConcatOp>);
}

} // namespace ntc::optimize
