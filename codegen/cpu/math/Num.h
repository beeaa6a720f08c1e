// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers under construction: operators that build `arith` operations, so that an elementary
// function reads as its formula. A Num is a scalar or a vector of floats, integers or booleans; the
// formulas are the same for all.
#pragma once

#include "mlir/IR/Builders.h"

namespace ntc::codegen::cpu {

/// Where the operations of a formula go, and what the processor can do.
struct MathBuilder {
  mlir::OpBuilder &b;
  mlir::Location loc;
  /// Fused multiply-add is one instruction; otherwise it may not be used (it would be a call).
  bool hasFma;
};

class Num {
public:
  Num(const MathBuilder &m, mlir::Value value) : m(&m), value(value) {}

  const MathBuilder *m;
  mlir::Value value;

  /// True for elements of 64 bits.
  bool isWide() const;
  bool isFloat() const;
  /// Bits of the fraction of f32 or f64, and the bias of its exponent.
  int fractionBits() const { return isWide() ? 52 : 23; }
  int bias() const { return isWide() ? 1023 : 127; }
  /// A constant of this type, rounded to it.
  Num like(double constant) const;
  /// A constant of this integer type, or of the integers of this float type's width.
  Num integer(uint64_t constant) const;

  /// The bits as integers, and back.
  Num bits() const;
  Num real() const;
};

// Floats and integers alike.
Num operator+(Num x, Num y);
Num operator-(Num x, Num y);
Num operator*(Num x, Num y);
// Floats.
Num operator/(Num x, Num y);
Num operator-(Num x);
Num operator+(Num x, double y);
Num operator-(Num x, double y);
Num operator*(Num x, double y);
Num operator*(double x, Num y);
Num operator-(double x, Num y);
Num operator+(double x, Num y);
Num operator/(double x, Num y);
Num sqrt(Num x);
// Comparisons; false where a float is NaN. Integers are signed.
Num operator<(Num x, Num y);
Num operator<(Num x, double y);
Num operator>(Num x, double y);
Num operator==(Num x, Num y);
Num operator==(Num x, double y);
Num isNan(Num x);
// Integers and booleans; `>>` brings in zeros.
Num operator&(Num x, Num y);
Num operator|(Num x, Num y);
Num operator^(Num x, Num y);
Num operator!(Num x);
Num operator<<(Num x, int count);
Num operator>>(Num x, int count);
Num operator<<(Num x, Num count);
Num operator>>(Num x, Num count);

/// `condition ? x : y`, lane by lane.
Num select(Num condition, Num x, Num y);
Num abs(Num x);
/// x with the sign of `sign`.
Num copySign(Num x, Num sign);
/// x * y + z; rounded once where the processor has an instruction.
Num multiplyAdd(Num x, Num y, Num z);
/// c0 + c1 x + c2 x^2 + …
Num polynomial(Num x, mlir::ArrayRef<double> coefficients);
/// The error of the rounded `product` of x and y: x * y - product, exactly.
Num productError(Num x, Num y, Num product);
/// A sum of two floats and its error, exactly.
struct Sum {
  Num high, low;
};
Sum exactSum(Num x, Num y);
/// The same for |x| >= |y|, or x = 0, or y a multiple of the last digit of x.
Sum exactSumOrdered(Num x, Num y);

/// A float rounded to an integer, for |x| below 2^(fractionBits() - 2): as a float and as the
/// low bits of an integer of the same width, two's complement.
struct Rounded {
  Num real, integer;
};
Rounded roundToInteger(Num x);
/// An integer of less than fractionBits() - 1 bits as a float.
Num toReal(Num integer, Num like);
/// x * 2^k for an integer k between -2 * bias and 2 * bias, rounded once.
Num scale(Num x, Num k);
/// f32 as f64, and rounded back.
Num widen(Num x);
Num narrow(Num x);
/// An integer with zeros in front, or without its front.
Num resize(Num integer, unsigned width);

} // namespace ntc::codegen::cpu
