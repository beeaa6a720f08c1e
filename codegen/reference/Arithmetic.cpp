// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding to element types, wrapping of integers and conversions.

#include "codegen/reference/Arithmetic.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ntc::reference {

Rounder::Rounder(Type elementType, const Options &options) {
  auto type = dyn_cast<FloatType>(elementType);
  if (!type || type.isF64() || options.precision == Precision::Double) {
    return;
  }
  target = type.isF32() ? Target::Float : Target::Other;
  other = type;
}

double Rounder::operator()(double value) const {
  switch (target) {
  case Target::Double:
    return value;
  case Target::Float:
    return static_cast<float>(value);
  case Target::Other:
    break;
  }
  APFloat rounded(value);
  bool losesInfo = false;
  rounded.convert(other.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInfo);
  rounded.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return rounded.convertToDouble();
}

Summation::Summation(Type elementType, const Options &options)
    : step(options.accumulateInDouble ? Rounder() : Rounder(elementType, options)),
      last(elementType, options) {}

void Summation::finish(Tensor &sums) const {
  for (int64_t i = 0; i < sums.getNumElements(); ++i) {
    sums.real(i) = last(sums.real(i));
  }
}

unsigned integerWidth(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

int64_t asSigned(int64_t value, Type type) {
  return llvm::SignExtend64(static_cast<uint64_t>(value), integerWidth(type));
}

uint64_t asUnsigned(int64_t value, Type type) {
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(integerWidth(type));
}

int64_t wrapInteger(int64_t value, Type type) {
  return integerWidth(type) == 1 ? value & 1 : asSigned(value, type);
}

/// Truncation of a real number to the range of an integer type.
static int64_t truncate(double value, Type to) {
  if (std::isnan(value)) {
    return 0;
  }
  double bound = std::ldexp(1.0, static_cast<int>(integerWidth(to)) - 1);
  if (value >= bound) {
    return llvm::maxIntN(integerWidth(to));
  }
  return value < -bound ? llvm::minIntN(integerWidth(to)) : static_cast<int64_t>(value);
}

Scalar convert(Scalar value, Type from, Type to, const Options &options) {
  bool fromReal = isa<FloatType>(from);
  if (to.isInteger(1)) {
    return {0, fromReal ? value.real != 0 : value.integer != 0};
  }
  if (!isa<FloatType>(to)) {
    return {0, fromReal ? truncate(value.real, to) : wrapInteger(value.integer, to)};
  }
  if (fromReal) {
    return {Rounder(to, options)(value.real), 0};
  }
  // An integer of 64 bits goes to f32 in one rounding, not by way of double.
  if (to.isF32() && options.precision == Precision::AsWritten) {
    return {static_cast<float>(value.integer), 0};
  }
  return {Rounder(to, options)(static_cast<double>(value.integer)), 0};
}

double maximumOf(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
}

double minimumOf(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}

} // namespace ntc::reference
