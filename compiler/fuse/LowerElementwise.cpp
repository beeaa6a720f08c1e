// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise nn operations as linalg.generic with arith and math.

#include "compiler/fuse/LowerToLinalg.h"

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

/// The lowering of an operation without attributes: `payload(builder, location, operands)` computes
/// one element.
template <typename Op, Value (*Element)(OpBuilder &, Location, ValueRange)>
static SmallVector<Value> lowerElements(OpBuilder &b, Op op) {
  Operation *operation = op;
  return {elementwise(b, op.getLoc(), cast<RankedTensorType>(operation->getResult(0).getType()),
                      operation->getOperands(), [](OpBuilder &body, Location loc, ValueRange x) {
                        return Element(body, loc, x);
                      })};
}

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

/// One element by a float operation or, for integers, an integer operation.
template <typename Float, typename Integer>
static Value floatOrInteger(OpBuilder &b, Location loc, ValueRange x) {
  if (isFloat(x[0])) {
    return Float::create(b, loc, x[0], x[1]);
  }
  return Integer::create(b, loc, x[0], x[1]);
}

static bool isBoolean(Value value) { return value.getType().isInteger(1); }

/// The larger or smaller of two; of booleans, true is the larger.
template <typename Float, typename Integer, typename Boolean>
static Value extreme(OpBuilder &b, Location loc, ValueRange x) {
  if (isBoolean(x[0])) {
    return Boolean::create(b, loc, x[0], x[1]);
  }
  return floatOrInteger<Float, Integer>(b, loc, x);
}

/// Integers are divided as if by 1 where an instruction would stop the program: by 0, which gives
/// 0, and by -1, which gives the negative of every number, the smallest included. A vector's unused
/// lanes divide 0 by 0.
static Value divide(OpBuilder &b, Location loc, ValueRange x) {
  if (isFloat(x[0])) {
    return arith::DivFOp::create(b, loc, x[0], x[1]);
  }
  if (isBoolean(x[0])) {
    return arith::AndIOp::create(b, loc, x[0], x[1]);
  }
  Type type = x[0].getType();
  auto equals = [&](int64_t number) -> Value {
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x[1],
                                 scalar(b, loc, type, static_cast<double>(number)));
  };
  Value zero = scalar(b, loc, type, 0), byZero = equals(0), byMinusOne = equals(-1);
  Value special = arith::OrIOp::create(b, loc, byZero, byMinusOne);
  Value divisor = arith::SelectOp::create(b, loc, special, scalar(b, loc, type, 1), x[1]);
  Value quotient = arith::DivSIOp::create(b, loc, x[0], divisor);
  Value negative = arith::SubIOp::create(b, loc, zero, x[0]);
  quotient = arith::SelectOp::create(b, loc, byMinusOne, negative, quotient);
  return arith::SelectOp::create(b, loc, byZero, zero, quotient);
}

template <typename MathOp> static Value unary(OpBuilder &b, Location loc, ValueRange x) {
  return MathOp::create(b, loc, x[0]);
}

template <typename ArithOp> static Value binary(OpBuilder &b, Location loc, ValueRange x) {
  return ArithOp::create(b, loc, x[0], x[1]);
}

static Value negate(OpBuilder &b, Location loc, ValueRange x) {
  if (isFloat(x[0])) {
    return arith::NegFOp::create(b, loc, x[0]);
  }
  return arith::SubIOp::create(b, loc, scalar(b, loc, x[0].getType(), 0), x[0]);
}

static Value reciprocal(OpBuilder &b, Location loc, ValueRange x) {
  return arith::DivFOp::create(b, loc, scalar(b, loc, x[0].getType(), 1), x[0]);
}

static Value sigmoid(OpBuilder &b, Location loc, ValueRange x) {
  Value exponential = math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, x[0]));
  return reciprocal(
      b, loc, {arith::AddFOp::create(b, loc, scalar(b, loc, x[0].getType(), 1), exponential)});
}

static Value relu(OpBuilder &b, Location loc, ValueRange x) {
  return arith::MaximumFOp::create(b, loc, x[0], scalar(b, loc, x[0].getType(), 0));
}

// x itself where it is neither above nor below 0, so that NaN stays NaN and zero stays zero.
static Value sign(OpBuilder &b, Location loc, ValueRange x) {
  Type type = x[0].getType();
  Value zero = scalar(b, loc, type, 0);
  Value above = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x[0], zero);
  Value below = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x[0], zero);
  Value rest = arith::AddFOp::create(b, loc, x[0], zero);
  Value notAbove = arith::SelectOp::create(b, loc, below, scalar(b, loc, type, -1), rest);
  return arith::SelectOp::create(b, loc, above, scalar(b, loc, type, 1), notAbove);
}

static Value logicalNot(OpBuilder &b, Location loc, ValueRange x) {
  return arith::XOrIOp::create(b, loc, x[0], scalar(b, loc, x[0].getType(), 1));
}

static Value select(OpBuilder &b, Location loc, ValueRange x) {
  return arith::SelectOp::create(b, loc, x[0], x[1], x[2]);
}

static Value compare(OpBuilder &b, Location loc, nn::Predicate predicate, ValueRange x) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr std::pair<F, I> kTable[] = {{F::OEQ, I::eq},  {F::UNE, I::ne},
                                               {F::OLT, I::slt}, {F::OLE, I::sle},
                                               {F::OGT, I::sgt}, {F::OGE, I::sge}};
  auto [floats, integers] = kTable[static_cast<size_t>(predicate)];
  if (isFloat(x[0])) {
    return arith::CmpFOp::create(b, loc, floats, x[0], x[1]);
  }
  // A true boolean is 1, not -1.
  static constexpr I kUnsigned[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  I chosen = isBoolean(x[0]) ? kUnsigned[static_cast<size_t>(predicate)] : integers;
  return arith::CmpIOp::create(b, loc, chosen, x[0], x[1]);
}

static SmallVector<Value> lowerCompare(OpBuilder &b, nn::CompareOp op) {
  return {elementwise(b, op.getLoc(), typeOf(op.getOutput()), op->getOperands(),
                      [&](OpBuilder &body, Location loc, ValueRange x) {
                        return compare(body, loc, op.getPredicate(), x);
                      })};
}

/// Conversion of one element to `to`; booleans are unsigned, other integers signed.
static Value convert(OpBuilder &b, Location loc, Value x, Type to) {
  Type from = x.getType();
  bool fromBool = from.isInteger(1);
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  if (from == to) {
    return x;
  }
  if (to.isInteger(1)) {
    return compare(b, loc, nn::Predicate::ne, {x, scalar(b, loc, from, 0)});
  }
  if (isa<FloatType>(from) && isa<FloatType>(to)) {
    if (toWidth == fromWidth) { // bf16 and f16, both of which f32 holds
      x = arith::ExtFOp::create(b, loc, b.getF32Type(), x);
      return arith::TruncFOp::create(b, loc, to, x);
    }
    return toWidth > fromWidth ? arith::ExtFOp::create(b, loc, to, x).getResult()
                               : arith::TruncFOp::create(b, loc, to, x).getResult();
  }
  if (isa<FloatType>(from)) {
    return arith::FPToSIOp::create(b, loc, to, x);
  }
  if (isa<FloatType>(to)) {
    return fromBool ? arith::UIToFPOp::create(b, loc, to, x).getResult()
                    : arith::SIToFPOp::create(b, loc, to, x).getResult();
  }
  if (toWidth < fromWidth) {
    return arith::TruncIOp::create(b, loc, to, x);
  }
  return fromBool ? arith::ExtUIOp::create(b, loc, to, x).getResult()
                  : arith::ExtSIOp::create(b, loc, to, x).getResult();
}

static SmallVector<Value> lowerCast(OpBuilder &b, nn::CastOp op) {
  auto type = typeOf(op.getOutput());
  return {elementwise(b, op.getLoc(), type, op->getOperands(),
                      [&](OpBuilder &body, Location loc, ValueRange x) {
                        return convert(body, loc, x[0], type.getElementType());
                      })};
}

template <typename Op, Value (*Element)(OpBuilder &, Location, ValueRange)>
static void add(RewritePatternSet &patterns) {
  addLowering<Op>(patterns, lowerElements<Op, Element>);
}

void populateElementwiseLowering(RewritePatternSet &patterns) {
  add<nn::NegOp, negate>(patterns);
  add<nn::AbsOp, unary<math::AbsFOp>>(patterns);
  add<nn::SignOp, sign>(patterns);
  add<nn::ExpOp, unary<math::ExpOp>>(patterns);
  add<nn::LogOp, unary<math::LogOp>>(patterns);
  add<nn::Log1pOp, unary<math::Log1pOp>>(patterns);
  add<nn::SqrtOp, unary<math::SqrtOp>>(patterns);
  add<nn::RsqrtOp, unary<math::RsqrtOp>>(patterns);
  add<nn::ReciprocalOp, reciprocal>(patterns);
  add<nn::TanhOp, unary<math::TanhOp>>(patterns);
  add<nn::SigmoidOp, sigmoid>(patterns);
  add<nn::ErfOp, unary<math::ErfOp>>(patterns);
  add<nn::SinOp, unary<math::SinOp>>(patterns);
  add<nn::CosOp, unary<math::CosOp>>(patterns);
  add<nn::FloorOp, unary<math::FloorOp>>(patterns);
  add<nn::ReluOp, relu>(patterns);
  add<nn::NotOp, logicalNot>(patterns);
  add<nn::AddOp, floatOrInteger<arith::AddFOp, arith::AddIOp>>(patterns);
  add<nn::SubOp, floatOrInteger<arith::SubFOp, arith::SubIOp>>(patterns);
  add<nn::MulOp, floatOrInteger<arith::MulFOp, arith::MulIOp>>(patterns);
  add<nn::DivOp, divide>(patterns);
  add<nn::MaximumOp, extreme<arith::MaximumFOp, arith::MaxSIOp, arith::OrIOp>>(patterns);
  add<nn::MinimumOp, extreme<arith::MinimumFOp, arith::MinSIOp, arith::AndIOp>>(patterns);
  add<nn::PowOp, binary<math::PowFOp>>(patterns);
  add<nn::AndOp, binary<arith::AndIOp>>(patterns);
  add<nn::OrOp, binary<arith::OrIOp>>(patterns);
  add<nn::SelectOp, select>(patterns);
  addLowering<nn::CompareOp>(patterns, lowerCompare);
  addLowering<nn::CastOp>(patterns, lowerCast);
}

} // namespace ntc::fuse
