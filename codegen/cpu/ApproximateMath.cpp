// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions and small floats in operations that every processor has, so that generated
// code calls no library.

#include "codegen/cpu/Passes.h"
#include "codegen/cpu/math/Functions.h"
#include "codegen/cpu/math/SmallFloats.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace ntc::codegen::cpu {

#define GEN_PASS_DEF_APPROXIMATEMATH
#include "codegen/cpu/Passes.h.inc"

namespace {

Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }

bool isSmallFloat(Type type) { return type.isF16() || type.isBF16(); }

Type withElement(Type type, Type element) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? Type(shaped.clone(element)) : element;
}

bool isOne(Value value) {
  FloatAttr number;
  SplatElementsAttr splat;
  if (matchPattern(value, m_Constant(&number))) {
    return number.getValueAsDouble() == 1;
  }
  return matchPattern(value, m_Constant(&splat)) && isa<FloatType>(splat.getElementType()) &&
         splat.getSplatValue<APFloat>().convertToDouble() == 1;
}

/// x, if `op` is 1 / (1 + exp(-x)).
Value logisticArgument(arith::DivFOp op) {
  auto sum = op.getRhs().getDefiningOp<arith::AddFOp>();
  if (!isOne(op.getLhs()) || !sum) {
    return {};
  }
  Value other = isOne(sum.getLhs()) ? sum.getRhs() : isOne(sum.getRhs()) ? sum.getLhs() : Value();
  auto exponential = other ? other.getDefiningOp<math::ExpOp>() : math::ExpOp();
  auto negation =
      exponential ? exponential.getOperand().getDefiningOp<arith::NegFOp>() : arith::NegFOp();
  return negation ? negation.getOperand() : Value();
}

class Rewriter {
public:
  Rewriter(func::FuncOp function, bool hasFma, bool hasFloor, bool hasHalf)
      : function(function), b(function.getContext()), hasFma(hasFma), hasFloor(hasFloor),
        hasHalf(hasHalf) {}

  void run() {
    each([&](Operation *op) { return computeInF32(op); });
    each([&](Operation *op) {
      auto divide = dyn_cast<arith::DivFOp>(op);
      Value x = divide ? logisticArgument(divide) : Value();
      return x ? apply(op, x, [](Num y) { return sigmoidOf(y); }) : Value();
    });
    each([&](Operation *op) { return approximate(op); });
    each([&](Operation *op) { return floorWithout(op); });
    each([&](Operation *op) { return convert(op); });
  }

private:
  func::FuncOp function;
  OpBuilder b;
  bool hasFma, hasFloor, hasHalf;

  /// Calls `rewrite` on every operation; replaces those for which it returns a value.
  void each(llvm::function_ref<Value(Operation *)> rewrite) {
    SmallVector<Operation *> operations;
    function.walk([&](Operation *op) {
      if (isa<arith::ArithDialect, math::MathDialect>(op->getDialect())) {
        operations.push_back(op);
      }
    });
    for (Operation *op : operations) {
      b.setInsertionPoint(op);
      if (Value value = rewrite(op)) {
        op->getResult(0).replaceAllUsesWith(value);
        op->erase();
      }
    }
  }

  MathBuilder at(Operation *op) { return {b, op->getLoc(), hasFma}; }

  /// An operation on floats of 16 bits in f32, its result rounded; numbers from integers in f64, so
  /// that they are rounded once.
  Value computeInF32(Operation *op) {
    bool fromInteger = isa<arith::SIToFPOp, arith::UIToFPOp>(op);
    if (isa<arith::ExtFOp, arith::TruncFOp, arith::ConstantOp, arith::SelectOp, arith::BitcastOp>(
            op) ||
        op->getNumResults() != 1) {
      return {};
    }
    auto isSmall = [](Value value) { return isSmallFloat(elementOf(value)); };
    if (llvm::none_of(op->getOperands(), isSmall) && !isSmall(op->getResult(0))) {
      return {};
    }
    Type middle = fromInteger ? Type(b.getF64Type()) : Type(b.getF32Type());
    auto widened = [&](Type type) {
      return isSmallFloat(getElementTypeOrSelf(type)) ? withElement(type, middle) : type;
    };
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      operands.push_back(
          isSmall(operand)
              ? arith::ExtFOp::create(b, op->getLoc(), widened(operand.getType()), operand)
              : operand);
    }
    Type type = op->getResult(0).getType();
    OperationState state(op->getLoc(), op->getName(), operands, {widened(type)}, op->getAttrs());
    Value result = b.create(state)->getResult(0);
    return isSmall(op->getResult(0)) ? arith::TruncFOp::create(b, op->getLoc(), type, result)
                                     : result;
  }

  /// `f` on x: in f32 only where there is a fused multiply-add to be exact enough with.
  template <typename Function> Value apply(Operation *op, Value x, Function f) {
    MathBuilder m = at(op);
    Num number(m, x);
    return (hasFma || number.isWide() ? f(number) : narrow(f(widen(number)))).value;
  }

  /// `f` on x in f64, with as many digits as x has.
  template <typename Function> Value applyWide(Operation *op, Function f) {
    MathBuilder m = at(op);
    SmallVector<Num> operands;
    for (Value operand : op->getOperands()) {
      operands.emplace_back(m, operand);
    }
    if (operands.front().isWide()) {
      return f(operands, Digits::Full).value;
    }
    for (Num &operand : operands) {
      operand = widen(operand);
    }
    return narrow(f(operands, Digits::Single)).value;
  }

  Value approximate(Operation *op) {
    using Nums = ArrayRef<Num>;
    return TypeSwitch<Operation *, Value>(op)
        .Case([&](math::ExpOp exp) { return apply(op, exp.getOperand(), expOf); })
        .Case([&](math::TanhOp tanh) { return apply(op, tanh.getOperand(), tanhOf); })
        .Case([&](math::LogOp log) { return apply(op, log.getOperand(), logOf); })
        .Case([&](math::Log1pOp log) { return apply(op, log.getOperand(), log1pOf); })
        .Case([&](math::ErfOp) {
          return applyWide(op, [](Nums x, Digits digits) { return erfOf(x[0], digits); });
        })
        .Case([&](math::SinOp) {
          return applyWide(op, [](Nums x, Digits digits) { return sinOf(x[0], digits); });
        })
        .Case([&](math::CosOp) {
          return applyWide(op, [](Nums x, Digits digits) { return cosOf(x[0], digits); });
        })
        .Case([&](math::RsqrtOp) {
          return applyWide(op, [](Nums x, Digits) { return 1.0 / sqrt(x[0]); });
        })
        .Case([&](math::PowFOp) {
          return applyWide(op, [](Nums x, Digits digits) { return powOf(x[0], x[1], digits); });
        })
        .Default([](Operation *) { return Value(); });
  }

  Value floorWithout(Operation *op) {
    auto floor = dyn_cast<math::FloorOp>(op);
    if (!floor || hasFloor) {
      return {};
    }
    MathBuilder m = at(op);
    return floorOf(Num(m, floor.getOperand())).value;
  }

  /// Conversions of floats of 16 bits.
  Value convert(Operation *op) {
    MathBuilder m = at(op);
    if (auto extend = dyn_cast<arith::ExtFOp>(op)) {
      Type from = elementOf(extend.getIn());
      bool isWide = elementOf(extend.getOut()).isF64();
      if (!isSmallFloat(from) || (from.isF16() && hasHalf && !isWide)) {
        return {};
      }
      if (from.isF16() && hasHalf) {
        Type middle = withElement(extend.getIn().getType(), b.getF32Type());
        return widen({m, arith::ExtFOp::create(b, op->getLoc(), middle, extend.getIn())}).value;
      }
      Type bits = withElement(extend.getIn().getType(), b.getI16Type());
      Num stored(m, arith::BitcastOp::create(b, op->getLoc(), bits, extend.getIn()));
      Num number = from.isBF16() ? bfloat16ToFloat(stored) : halfToFloat(stored);
      return (isWide ? widen(number) : number).value;
    }
    auto truncate = dyn_cast<arith::TruncFOp>(op);
    Type to = truncate ? elementOf(truncate.getOut()) : Type();
    if (!truncate || !isSmallFloat(to)) {
      return {};
    }
    Num number(m, truncate.getIn());
    if (number.isWide()) {
      number = narrowToOdd(number);
    } else if (to.isF16() && hasHalf) {
      return {};
    }
    Type type = truncate.getOut().getType();
    if (to.isF16() && hasHalf) {
      return arith::TruncFOp::create(b, op->getLoc(), type, number.value);
    }
    Num bits = to.isBF16() ? floatToBfloat16(number) : floatToHalf(number);
    return arith::BitcastOp::create(b, op->getLoc(), type, bits.value);
  }
};

struct ApproximateMath : impl::ApproximateMathBase<ApproximateMath> {
  using Base::Base;
  void runOnOperation() override { Rewriter(getOperation(), hasFma, hasFloor, hasHalf).run(); }
};

} // namespace
} // namespace ntc::codegen::cpu
