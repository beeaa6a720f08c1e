// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// In which precision the interpreter computes. A formula is evaluated in double and its result
// rounded once to the element type; a sum is rounded after each addition, as a loop over numbers of
// that type would be. For f32, `+ - * /` and `sqrt` so give bit for bit what float arithmetic gives
// (double has more than twice f32's 24 bits plus two, so that rounding twice is rounding once:
// Figueroa, "When is double rounding innocuous?", 1995); exp, log and their kin give the float
// nearest to the true value or its neighbour.
#pragma once

#include "codegen/reference/Tensor.h"

namespace ntc::reference {

/// How values of floating-point types are kept.
enum class Precision {
  /// Every result is rounded to its element type.
  AsWritten,
  /// Every value of every floating-point type is kept as double: what the program would compute
  /// without rounding errors of f32. Types of the program do not change; the interpreter as an
  /// oracle runs in this mode.
  Double,
};

struct Options {
  Precision precision = Precision::AsWritten;
  /// Sums of the operations of `nn` are kept in double and rounded to the element type at their
  /// end.
  bool accumulateInDouble = false;
};

/// Rounds a double to a floating-point type.
class Rounder {
public:
  Rounder() = default;
  Rounder(mlir::Type elementType, const Options &options);
  double operator()(double value) const;

private:
  enum class Target { Double, Float, Other } target = Target::Double;
  mlir::FloatType other;
};

/// Sums in the precision that the options ask for: `sum = add(sum, term)` repeatedly, then
/// `finish(sum)`.
class Summation {
public:
  Summation(mlir::Type elementType, const Options &options);
  double add(double sum, double term) const { return step(sum + term); }
  double finish(double sum) const { return last(sum); }
  /// Rounds every element of a tensor of sums.
  void finish(Tensor &sums) const;

private:
  Rounder step, last;
};

/// `value` reduced to the width of `type`, in the form that Scalar keeps; `index` has 64 bits.
int64_t wrapInteger(int64_t value, mlir::Type type);
/// The value of an integer of `type` when its highest bit is a sign (an i1 that is set is -1).
int64_t asSigned(int64_t value, mlir::Type type);
/// The value of an integer of `type` when no bit is a sign.
uint64_t asUnsigned(int64_t value, mlir::Type type);
/// Bits of an integer type or of `index`.
unsigned integerWidth(mlir::Type type);

/// Conversion of a number between element types, as `nn.cast` defines it. Float to integer
/// truncates; values outside of the integer type go to its nearest bound and NaN to 0, where the
/// dialect leaves the result open.
Scalar convert(Scalar value, mlir::Type from, mlir::Type to, const Options &options);

/// The larger of two, NaN if either is, and +0 of the two zeros (IEEE 754-2019 `maximum`).
double maximumOf(double a, double b);
/// The smaller of two, NaN if either is, and -0 of the two zeros.
double minimumOf(double a, double b);

} // namespace ntc::reference
