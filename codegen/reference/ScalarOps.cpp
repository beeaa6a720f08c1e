// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of `arith` and `math` operations. Fast-math flags permit a back end other results; here
// they change nothing.

#include "codegen/reference/ScalarOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ntc::reference {
namespace {

using Args = ArrayRef<Scalar>;
using Outs = MutableArrayRef<Scalar>;

/// Builds the functions of one operation, whose first result's and operand's element types it
/// knows.
class Builder {
public:
  Builder(Operation *op, const Options &options)
      : options(options), to(getElementTypeOrSelf(op->getResult(0).getType())),
        from(op->getNumOperands() ? getElementTypeOrSelf(op->getOperand(0).getType()) : to),
        round(to, options) {}

  /// y = f(a), y = f(a, b), y = f(a, b, c) on floating-point numbers.
  template <typename F> ScalarFunction real(F f) const {
    return [f, round = round](Args in, Outs out) {
      if constexpr (std::is_invocable_v<F, double>) {
        out[0].real = round(f(in[0].real));
      } else if constexpr (std::is_invocable_v<F, double, double>) {
        out[0].real = round(f(in[0].real, in[1].real));
      } else {
        out[0].real = round(f(in[0].real, in[1].real, in[2].real));
      }
      return true;
    };
  }

  /// y = f(a[, b]) on integers whose highest bit is a sign.
  template <typename F> ScalarFunction signedInts(F f) const {
    return [f, to = to, from = from](Args in, Outs out) {
      if constexpr (std::is_invocable_v<F, int64_t>) {
        out[0].integer = wrapInteger(f(asSigned(in[0].integer, from)), to);
      } else {
        out[0].integer =
            wrapInteger(f(asSigned(in[0].integer, from), asSigned(in[1].integer, from)), to);
      }
      return true;
    };
  }

  /// y = f(a[, b]) on integers without sign; wrapping sums, products and bits are of this kind.
  template <typename F> ScalarFunction unsignedInts(F f) const {
    return [f, to = to, from = from](Args in, Outs out) {
      uint64_t value;
      if constexpr (std::is_invocable_v<F, uint64_t>) {
        value = f(asUnsigned(in[0].integer, from));
      } else {
        value = f(asUnsigned(in[0].integer, from), asUnsigned(in[1].integer, from));
      }
      out[0].integer = wrapInteger(static_cast<int64_t>(value), to);
      return true;
    };
  }

  /// `f`, but undefined where the second operand is zero.
  static ScalarFunction nonZeroDivisor(ScalarFunction f) {
    return [f = std::move(f)](Args in, Outs out) { return in[1].integer != 0 && f(in, out); };
  }

  /// A shift, undefined by the width or more.
  static ScalarFunction boundedShift(ScalarFunction f, Type type) {
    return [f = std::move(f), type](Args in, Outs out) {
      return asUnsigned(in[1].integer, type) < integerWidth(type) && f(in, out);
    };
  }

  const Options &options;
  Type to, from;
  Rounder round;
};

bool compareFloats(arith::CmpFPredicate predicate, double a, double b) {
  using P = arith::CmpFPredicate;
  bool unordered = std::isnan(a) || std::isnan(b);
  switch (predicate) {
  case P::AlwaysFalse:
    return false;
  case P::AlwaysTrue:
    return true;
  case P::ORD:
    return !unordered;
  case P::UNO:
    return unordered;
  case P::OEQ:
    return a == b;
  case P::ONE:
    return !unordered && a != b;
  case P::OLT:
    return a < b;
  case P::OLE:
    return a <= b;
  case P::OGT:
    return a > b;
  case P::OGE:
    return a >= b;
  case P::UEQ:
    return unordered || a == b;
  case P::UNE:
    return a != b;
  case P::ULT:
    return unordered || a < b;
  case P::ULE:
    return unordered || a <= b;
  case P::UGT:
    return unordered || a > b;
  case P::UGE:
    return unordered || a >= b;
  }
  llvm_unreachable("all predicates are covered");
}

bool compareInts(arith::CmpIPredicate predicate, int64_t a, int64_t b, Type type) {
  APInt left(integerWidth(type), asUnsigned(a, type)),
      right(integerWidth(type), asUnsigned(b, type));
  return arith::applyCmpPredicate(predicate, left, right);
}

/// The other type's number with the same bits.
Scalar bitcast(Scalar value, Type from, Type to) {
  APInt bits(integerWidth(from.isIndex() ? to : from), 0);
  bool losesInfo = false;
  if (auto type = dyn_cast<FloatType>(from)) {
    APFloat number(value.real);
    number.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
    bits = number.bitcastToAPInt();
  } else {
    bits = APInt(integerWidth(from), asUnsigned(value.integer, from));
  }
  if (auto type = dyn_cast<FloatType>(to)) {
    APFloat number(type.getFloatSemantics(), bits);
    number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return {number.convertToDouble(), 0};
  }
  return {0, wrapInteger(static_cast<int64_t>(bits.getZExtValue()), to)};
}

/// Both halves of a product of two integers of `type`: low bits, high bits.
ScalarFunction extendedProduct(Type type, bool isSigned) {
  return [type, isSigned](Args in, Outs out) {
    unsigned width = integerWidth(type);
    APInt a(width, asUnsigned(in[0].integer, type)), b(width, asUnsigned(in[1].integer, type));
    APInt product =
        isSigned ? a.sext(2 * width) * b.sext(2 * width) : a.zext(2 * width) * b.zext(2 * width);
    out[0].integer = wrapInteger(static_cast<int64_t>(product.trunc(width).getZExtValue()), type);
    out[1].integer =
        wrapInteger(static_cast<int64_t>(product.lshr(width).trunc(width).getZExtValue()), type);
    return true;
  };
}

/// Conversions from floating point truncate as `nn.cast` does.
ScalarFunction numberConversion(const Builder &b) {
  return [from = b.from, to = b.to, options = b.options](Args in, Outs out) {
    out[0] = convert(in[0], from, to, options);
    return true;
  };
}

ScalarFunction arithFloat(Operation *op, const Builder &b) {
  return TypeSwitch<Operation *, ScalarFunction>(op)
      .Case([&](arith::AddFOp) { return b.real([](double x, double y) { return x + y; }); })
      .Case([&](arith::SubFOp) { return b.real([](double x, double y) { return x - y; }); })
      .Case([&](arith::MulFOp) { return b.real([](double x, double y) { return x * y; }); })
      .Case([&](arith::DivFOp) { return b.real([](double x, double y) { return x / y; }); })
      .Case(
          [&](arith::RemFOp) { return b.real([](double x, double y) { return std::fmod(x, y); }); })
      .Case([&](arith::NegFOp) { return b.real([](double x) { return -x; }); })
      .Case([&](arith::MaximumFOp) { return b.real(maximumOf); })
      .Case([&](arith::MinimumFOp) { return b.real(minimumOf); })
      .Case([&](arith::MaxNumFOp) {
        return b.real([](double x, double y) { return std::fmax(x, y); });
      })
      .Case([&](arith::MinNumFOp) {
        return b.real([](double x, double y) { return std::fmin(x, y); });
      })
      .Case([&](arith::CmpFOp compare) -> ScalarFunction {
        return [predicate = compare.getPredicate()](Args in, Outs out) {
          out[0].integer = compareFloats(predicate, in[0].real, in[1].real);
          return true;
        };
      })
      .Case<arith::ExtFOp, arith::TruncFOp, arith::SIToFPOp, arith::FPToSIOp>(
          [&](auto) { return numberConversion(b); })
      .Case([&](arith::UIToFPOp) -> ScalarFunction {
        return [from = b.from, round = b.round](Args in, Outs out) {
          out[0].real = round(static_cast<double>(asUnsigned(in[0].integer, from)));
          return true;
        };
      })
      .Case([&](arith::FPToUIOp) -> ScalarFunction {
        return [to = b.to](Args in, Outs out) {
          double bound = std::ldexp(1.0, static_cast<int>(integerWidth(to)));
          if (!(in[0].real > -1 && in[0].real < bound)) {
            return false;
          }
          out[0].integer = wrapInteger(static_cast<int64_t>(static_cast<uint64_t>(in[0].real)), to);
          return true;
        };
      })
      .Default([](Operation *) { return nullptr; });
}

ScalarFunction arithWrapping(Operation *op, const Builder &b) {
  using U = uint64_t;
  return TypeSwitch<Operation *, ScalarFunction>(op)
      .Case([&](arith::AddIOp) { return b.unsignedInts([](U x, U y) { return x + y; }); })
      .Case([&](arith::SubIOp) { return b.unsignedInts([](U x, U y) { return x - y; }); })
      .Case([&](arith::MulIOp) { return b.unsignedInts([](U x, U y) { return x * y; }); })
      .Case([&](arith::AndIOp) { return b.unsignedInts([](U x, U y) { return x & y; }); })
      .Case([&](arith::OrIOp) { return b.unsignedInts([](U x, U y) { return x | y; }); })
      .Case([&](arith::XOrIOp) { return b.unsignedInts([](U x, U y) { return x ^ y; }); })
      .Case([&](arith::MaxUIOp) { return b.unsignedInts([](U x, U y) { return std::max(x, y); }); })
      .Case([&](arith::MinUIOp) { return b.unsignedInts([](U x, U y) { return std::min(x, y); }); })
      .Case<arith::ExtUIOp, arith::TruncIOp, arith::IndexCastUIOp>(
          [&](auto) { return b.unsignedInts([](U x) { return x; }); })
      .Case([&](arith::DivUIOp) {
        return Builder::nonZeroDivisor(b.unsignedInts([](U x, U y) { return x / y; }));
      })
      .Case([&](arith::RemUIOp) {
        return Builder::nonZeroDivisor(b.unsignedInts([](U x, U y) { return x % y; }));
      })
      .Case([&](arith::ShLIOp) {
        return Builder::boundedShift(b.unsignedInts([](U x, U y) { return x << y; }), b.from);
      })
      .Case([&](arith::ShRUIOp) {
        return Builder::boundedShift(b.unsignedInts([](U x, U y) { return x >> y; }), b.from);
      })
      .Case([&](arith::MulUIExtendedOp) { return extendedProduct(b.from, false); })
      .Case([&](arith::MulSIExtendedOp) { return extendedProduct(b.from, true); })
      .Default([](Operation *) { return nullptr; });
}

ScalarFunction arithSigned(Operation *op, const Builder &b) {
  using S = int64_t;
  return TypeSwitch<Operation *, ScalarFunction>(op)
      .Case([&](arith::MaxSIOp) { return b.signedInts([](S x, S y) { return std::max(x, y); }); })
      .Case([&](arith::MinSIOp) { return b.signedInts([](S x, S y) { return std::min(x, y); }); })
      .Case<arith::ExtSIOp, arith::IndexCastOp>(
          [&](auto) { return b.signedInts([](S x) { return x; }); })
      // By -1 as a negation in unsigned numbers, for the smallest number has no positive
      // counterpart.
      .Case([&](arith::DivSIOp) {
        return Builder::nonZeroDivisor(b.signedInts(
            [](S x, S y) { return y == -1 ? static_cast<S>(-static_cast<uint64_t>(x)) : x / y; }));
      })
      .Case([&](arith::RemSIOp) {
        return Builder::nonZeroDivisor(b.signedInts([](S x, S y) { return y == -1 ? 0 : x % y; }));
      })
      .Case([&](arith::FloorDivSIOp) {
        return Builder::nonZeroDivisor(b.signedInts([](S x, S y) {
          return y == -1 ? static_cast<S>(-static_cast<uint64_t>(x))
                         : llvm::divideFloorSigned(x, y);
        }));
      })
      .Case([&](arith::CeilDivSIOp) {
        return Builder::nonZeroDivisor(b.signedInts([](S x, S y) {
          return y == -1 ? static_cast<S>(-static_cast<uint64_t>(x)) : llvm::divideCeilSigned(x, y);
        }));
      })
      .Case([&](arith::ShRSIOp) {
        return Builder::boundedShift(b.signedInts([](S x, S y) { return x >> y; }), b.from);
      })
      .Case([&](arith::CmpIOp compare) -> ScalarFunction {
        return [predicate = compare.getPredicate(), type = b.from](Args in, Outs out) {
          out[0].integer = compareInts(predicate, in[0].integer, in[1].integer, type);
          return true;
        };
      })
      .Default([](Operation *) { return nullptr; });
}

ScalarFunction arithOther(Operation *op, const Builder &b) {
  return TypeSwitch<Operation *, ScalarFunction>(op)
      .Case([&](arith::ConstantOp constant) -> ScalarFunction {
        std::optional<Scalar> value = scalarOf(constant.getValue());
        if (!value) {
          return nullptr;
        }
        return [value = *value](Args, Outs out) {
          out[0] = value;
          return true;
        };
      })
      .Case([&](arith::SelectOp) -> ScalarFunction {
        return [](Args in, Outs out) {
          out[0] = in[in[0].integer ? 1 : 2];
          return true;
        };
      })
      .Case([&](arith::BitcastOp) -> ScalarFunction {
        return [from = b.from, to = b.to](Args in, Outs out) {
          out[0] = bitcast(in[0], from, to);
          return true;
        };
      })
      .Default([](Operation *) { return nullptr; });
}

ScalarFunction mathFunction(Operation *op, const Builder &b) {
  return TypeSwitch<Operation *, ScalarFunction>(op)
      .Case([&](math::AbsFOp) { return b.real([](double x) { return std::fabs(x); }); })
      .Case([&](math::ExpOp) { return b.real([](double x) { return std::exp(x); }); })
      .Case([&](math::Exp2Op) { return b.real([](double x) { return std::exp2(x); }); })
      .Case([&](math::ExpM1Op) { return b.real([](double x) { return std::expm1(x); }); })
      .Case([&](math::LogOp) { return b.real([](double x) { return std::log(x); }); })
      .Case([&](math::Log2Op) { return b.real([](double x) { return std::log2(x); }); })
      .Case([&](math::Log1pOp) { return b.real([](double x) { return std::log1p(x); }); })
      .Case([&](math::SqrtOp) { return b.real([](double x) { return std::sqrt(x); }); })
      .Case([&](math::RsqrtOp) { return b.real([](double x) { return 1 / std::sqrt(x); }); })
      .Case([&](math::TanhOp) { return b.real([](double x) { return std::tanh(x); }); })
      .Case([&](math::ErfOp) { return b.real([](double x) { return std::erf(x); }); })
      .Case([&](math::SinOp) { return b.real([](double x) { return std::sin(x); }); })
      .Case([&](math::CosOp) { return b.real([](double x) { return std::cos(x); }); })
      .Case([&](math::FloorOp) { return b.real([](double x) { return std::floor(x); }); })
      .Case([&](math::CeilOp) { return b.real([](double x) { return std::ceil(x); }); })
      .Case([&](math::TruncOp) { return b.real([](double x) { return std::trunc(x); }); })
      .Case([&](math::RoundOp) { return b.real([](double x) { return std::round(x); }); })
      .Case([&](math::RoundEvenOp) { return b.real([](double x) { return std::nearbyint(x); }); })
      .Case([&](math::PowFOp) { return b.real([](double x, double y) { return std::pow(x, y); }); })
      .Case([&](math::CopySignOp) {
        return b.real([](double x, double y) { return std::copysign(x, y); });
      })
      .Case([&](math::FmaOp) {
        return b.real([](double x, double y, double z) { return std::fma(x, y, z); });
      })
      .Case([&](math::IsNaNOp) -> ScalarFunction {
        return [](Args in, Outs out) {
          out[0].integer = std::isnan(in[0].real);
          return true;
        };
      })
      .Default([](Operation *) { return nullptr; });
}

} // namespace

std::optional<Scalar> scalarOf(Attribute attribute) {
  if (auto real = dyn_cast<FloatAttr>(attribute)) {
    return Scalar{real.getValueAsDouble(), 0};
  }
  if (auto integer = dyn_cast<IntegerAttr>(attribute)) {
    return Scalar{0, wrapInteger(integer.getValue().getSExtValue(), integer.getType())};
  }
  return std::nullopt;
}

ScalarFunction scalarFunctionOf(Operation *op, const Options &options) {
  if (op->getNumResults() == 0) {
    return nullptr;
  }
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  if (!type.isIntOrIndexOrFloat()) {
    return nullptr;
  }
  Builder builder(op, options);
  for (auto family : {arithFloat, arithWrapping, arithSigned, arithOther, mathFunction}) {
    if (ScalarFunction function = family(op, builder)) {
      return function;
    }
  }
  return nullptr;
}

Outcome evaluateScalarOps(Call &call) {
  ScalarFunction function = scalarFunctionOf(call.op, call.options);
  if (!function) {
    return Outcome::NotMine;
  }
  SmallVector<Scalar> in(call.operands.size()), out(call.results.size());
  for (int64_t i = 0; i < call.out().getNumElements(); ++i) {
    for (auto [value, operand] : llvm::zip(in, call.operands)) {
      value = operand->at(operand->getRank() == 0 ? 0 : i);
    }
    if (!function(in, out)) {
      call.op->emitOpError("is undefined for its operands at element ") << i;
      return Outcome::Failed;
    }
    for (auto [tensor, value] : llvm::zip(call.results, out)) {
      tensor.set(i, value);
    }
  }
  return Outcome::Done;
}

} // namespace ntc::reference
