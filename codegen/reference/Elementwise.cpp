// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the elementwise operations of `nn`: one formula a line, in double, rounded by the
// caller.

#include "codegen/reference/Evaluator.h"
#include "dialects/nn/Nn.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace mlir;

namespace ntc::reference {

using ir::nn::Predicate;
using RealUnary = double (*)(double);
using RealBinary = double (*)(double, double);
using IntegerBinary = int64_t (*)(int64_t, int64_t);

static double signOf(double x) { return std::isnan(x) ? x : (x > 0) - (x < 0); }

static RealUnary realUnary(Operation *op) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, RealUnary>(op)
      .Case([](nn::NegOp) { return [](double x) { return -x; }; })
      .Case([](nn::AbsOp) { return [](double x) { return std::fabs(x); }; })
      .Case([](nn::SignOp) { return signOf; })
      .Case([](nn::ExpOp) { return [](double x) { return std::exp(x); }; })
      .Case([](nn::LogOp) { return [](double x) { return std::log(x); }; })
      .Case([](nn::Log1pOp) { return [](double x) { return std::log1p(x); }; })
      .Case([](nn::SqrtOp) { return [](double x) { return std::sqrt(x); }; })
      .Case([](nn::RsqrtOp) { return [](double x) { return 1 / std::sqrt(x); }; })
      .Case([](nn::ReciprocalOp) { return [](double x) { return 1 / x; }; })
      .Case([](nn::TanhOp) { return [](double x) { return std::tanh(x); }; })
      .Case([](nn::SigmoidOp) { return [](double x) { return 1 / (1 + std::exp(-x)); }; })
      .Case([](nn::ErfOp) { return [](double x) { return std::erf(x); }; })
      .Case([](nn::SinOp) { return [](double x) { return std::sin(x); }; })
      .Case([](nn::CosOp) { return [](double x) { return std::cos(x); }; })
      .Case([](nn::FloorOp) { return [](double x) { return std::floor(x); }; })
      .Case([](nn::ReluOp) { return [](double x) { return maximumOf(x, 0.0); }; })
      .Default([](Operation *) { return nullptr; });
}

static RealBinary realBinary(Operation *op) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, RealBinary>(op)
      .Case([](nn::AddOp) { return [](double a, double b) { return a + b; }; })
      .Case([](nn::SubOp) { return [](double a, double b) { return a - b; }; })
      .Case([](nn::MulOp) { return [](double a, double b) { return a * b; }; })
      .Case([](nn::DivOp) { return [](double a, double b) { return a / b; }; })
      .Case([](nn::PowOp) { return [](double a, double b) { return std::pow(a, b); }; })
      .Case([](nn::MaximumOp) { return maximumOf; })
      .Case([](nn::MinimumOp) { return minimumOf; })
      .Default([](Operation *) { return nullptr; });
}

/// Sums and products as unsigned numbers, whose overflow wraps by definition.
template <typename Op> static int64_t wrapping(int64_t a, int64_t b) {
  return static_cast<int64_t>(Op()(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
}

static IntegerBinary integerBinary(Operation *op) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, IntegerBinary>(op)
      .Case([](nn::AddOp) { return wrapping<std::plus<>>; })
      .Case([](nn::SubOp) { return wrapping<std::minus<>>; })
      .Case([](nn::MulOp) { return wrapping<std::multiplies<>>; })
      // b = 0 is refused by the caller; x / -1 as 0 - x, for the smallest number has no positive
      // counterpart.
      .Case([](nn::DivOp) {
        return [](int64_t a, int64_t b) { return b == -1 ? wrapping<std::minus<>>(0, a) : a / b; };
      })
      .Case([](nn::MaximumOp) { return [](int64_t a, int64_t b) { return std::max(a, b); }; })
      .Case([](nn::MinimumOp) { return [](int64_t a, int64_t b) { return std::min(a, b); }; })
      .Case([](nn::AndOp) { return [](int64_t a, int64_t b) { return a & b; }; })
      .Case([](nn::OrOp) { return [](int64_t a, int64_t b) { return a | b; }; })
      .Default([](Operation *) { return nullptr; });
}

static Outcome evaluateUnary(Call &call) {
  Tensor &y = call.out();
  const Tensor &x = call.in(0);
  if (y.isReal()) {
    RealUnary formula = realUnary(call.op);
    Rounder round = call.rounder();
    for (int64_t i = 0; i < y.getNumElements(); ++i) {
      y.real(i) = round(formula(x.real(i)));
    }
    return Outcome::Done;
  }
  bool isNot = isa<ir::nn::NotOp>(call.op);
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    int64_t value = isNot ? ~x.integer(i) : wrapping<std::minus<>>(0, x.integer(i));
    y.integer(i) = wrapInteger(value, y.getElementType());
  }
  return Outcome::Done;
}

static Outcome evaluateBinary(Call &call) {
  Tensor &y = call.out();
  const Tensor &a = call.in(0), &b = call.in(1);
  if (y.isReal()) {
    RealBinary formula = realBinary(call.op);
    Rounder round = call.rounder();
    for (int64_t i = 0; i < y.getNumElements(); ++i) {
      y.real(i) = round(formula(a.real(i), b.real(i)));
    }
    return Outcome::Done;
  }
  IntegerBinary formula = integerBinary(call.op);
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    if (isa<ir::nn::DivOp>(call.op) && b.integer(i) == 0) {
      call.op->emitOpError("divides the integer ") << a.integer(i) << " by zero at element " << i;
      return Outcome::Failed;
    }
    y.integer(i) = wrapInteger(formula(a.integer(i), b.integer(i)), y.getElementType());
  }
  return Outcome::Done;
}

template <typename T> static bool holds(Predicate predicate, T a, T b) {
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
  llvm_unreachable("all predicates are covered");
}

static Outcome evaluateCompare(Call &call, ir::nn::CompareOp op) {
  const Tensor &a = call.in(0), &b = call.in(1);
  for (int64_t i = 0; i < a.getNumElements(); ++i) {
    call.out().integer(i) = a.isReal() ? holds(op.getPredicate(), a.real(i), b.real(i))
                                       : holds(op.getPredicate(), a.integer(i), b.integer(i));
  }
  return Outcome::Done;
}

static Outcome evaluateSelect(Call &call) {
  for (int64_t i = 0; i < call.out().getNumElements(); ++i) {
    call.out().set(i, call.in(call.in(0).integer(i) ? 1 : 2).at(i));
  }
  return Outcome::Done;
}

static Outcome evaluateCast(Call &call) {
  Tensor &y = call.out();
  const Tensor &x = call.in(0);
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    y.set(i, convert(x.at(i), x.getElementType(), y.getElementType(), call.options));
  }
  return Outcome::Done;
}

Outcome evaluateElementwise(Call &call) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case<nn::NegOp, nn::AbsOp, nn::SignOp, nn::ExpOp, nn::LogOp, nn::Log1pOp, nn::SqrtOp,
            nn::RsqrtOp, nn::ReciprocalOp, nn::TanhOp, nn::SigmoidOp, nn::ErfOp, nn::SinOp,
            nn::CosOp, nn::FloorOp, nn::ReluOp, nn::NotOp>(
          [&](auto) { return evaluateUnary(call); })
      .Case<nn::AddOp, nn::SubOp, nn::MulOp, nn::DivOp, nn::PowOp, nn::MaximumOp, nn::MinimumOp,
            nn::AndOp, nn::OrOp>([&](auto) { return evaluateBinary(call); })
      .Case([&](nn::CompareOp op) { return evaluateCompare(call, op); })
      .Case([&](nn::SelectOp) { return evaluateSelect(call); })
      .Case([&](nn::CastOp) { return evaluateCast(call); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
