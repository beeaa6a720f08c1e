// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A standard normal number from two uniform ones: Box and Muller's sqrt(-2 ln(1 - u)) cos(2 pi v)
// ("A note on the generation of random normal deviates", Ann. Math. Stat. 29, 1958), made of
// additions, multiplications, divisions, square roots and selections alone. IEEE 754 fixes the
// result of each of them, so whoever evaluates the formula operation by operation in one type gets
// the same bits: the model file's draw on the host, the reference interpreter, compiled kernels.
//
// `Arithmetic` says what an operation is. Its values are of one floating-point type T:
//   Value constant(double)       the number, rounded to T
//   Value add(Value, Value), sub, mul, div    each rounded; no fused multiply-add
//   Value sqrt(Value)
//   Value ifLess(Value a, Value b, Value yes, Value no)    a < b ? yes : no
#pragma once

#include <cmath>
#include <numbers>

namespace ntc::rt {

namespace normal_detail {

/// -ln w for w in [2^-24, 1]: w is brought to x in [1/2, 1] by powers of two, and
/// ln x = 2 artanh((x - 1) / (x + 1)), a series whose argument is at most 1/3; its first ten terms
/// leave 5e-12.
template <typename Arithmetic, typename Value> Value negativeLog(Arithmetic &a, const Value &w) {
  Value x = w, halvings = a.constant(0);
  for (int shift : {12, 6, 3, 2, 1}) {
    Value bound = a.constant(std::ldexp(1.0, -shift));
    Value scaled = a.mul(x, a.constant(std::ldexp(1.0, shift)));
    Value counted = a.add(halvings, a.constant(shift));
    halvings = a.ifLess(x, bound, counted, halvings);
    x = a.ifLess(x, bound, scaled, x);
  }
  Value one = a.constant(1);
  Value s = a.div(a.sub(one, x), a.add(one, x));
  Value square = a.mul(s, s);
  Value series = a.constant(2.0 / 19);
  for (int odd = 17; odd >= 1; odd -= 2) {
    series = a.add(a.mul(series, square), a.constant(2.0 / odd));
  }
  return a.add(a.mul(halvings, a.constant(std::numbers::ln2)), a.mul(s, series));
}

/// cos(2 pi v) for v in [0, 1) as sin(2 pi t) with t in [-1/4, 1/4]; its Taylor series to the
/// fifteenth power leaves 6e-12.
template <typename Arithmetic, typename Value> Value cosineOfTurns(Arithmetic &a, const Value &v) {
  Value t = a.ifLess(v, a.constant(0.5), a.sub(a.constant(0.25), v), a.sub(v, a.constant(0.75)));
  Value angle = a.mul(t, a.constant(2 * std::numbers::pi));
  Value square = a.mul(angle, angle);
  double coefficient = -1.0 / 1307674368000.0; // -1 / 15!
  Value series = a.constant(coefficient);
  for (int power = 13; power >= 1; power -= 2) {
    coefficient *= -static_cast<double>((power + 1) * (power + 2));
    series = a.add(a.mul(series, square), a.constant(coefficient));
  }
  return a.mul(angle, series);
}

} // namespace normal_detail

/// The standard normal number of u and v, uniform in [0, 1) with 24 bits. At most 5.77 in size.
template <typename Arithmetic, typename Value>
Value standardNormal(Arithmetic &a, const Value &u, const Value &v) {
  Value w = a.sub(a.constant(1), u); // exact
  Value radius = a.sqrt(a.mul(a.constant(2), normal_detail::negativeLog(a, w)));
  return a.mul(radius, normal_detail::cosineOfTurns(a, v));
}

/// The operations on numbers of the host. Translation units that use it switch off the contraction
/// to fused multiply-adds (-ffp-contract=off).
template <typename T> struct HostArithmetic {
  T constant(double value) { return static_cast<T>(value); }
  T add(T a, T b) { return a + b; }
  T sub(T a, T b) { return a - b; }
  T mul(T a, T b) { return a * b; }
  T div(T a, T b) { return a / b; }
  T sqrt(T a) { return std::sqrt(a); }
  T ifLess(T a, T b, T yes, T no) { return a < b ? yes : no; }
};

} // namespace ntc::rt
