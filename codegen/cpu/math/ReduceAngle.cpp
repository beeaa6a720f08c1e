// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments of sin and cos modulo pi / 2. Up to 2^20 by Cody and Waite: pi / 2 in parts of 33 bits,
// whose products with the quotient are exact. Beyond by Payne and Hanek: x = M 2^e with an integer
// M of 53 bits, and only those 192 bits of 2 / pi matter for x * 2 / pi modulo 4 that M meets; the
// product is taken in integers. 192 bits leave 76 after the worst cancellation.

#include "codegen/cpu/math/Functions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <array>
#include <limits>

using namespace mlir;

namespace ntc::codegen::cpu {
namespace {

constexpr double kHalfPi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
                              0x1.b839a252049c1p-104};
constexpr double kHalfPiHigh = 0x1.921fb54442d18p+0, kHalfPiLow = 0x1.1a62633145c07p-54;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
/// The largest argument of the first method.
constexpr double kLargest = 0x1p20;

/// 64 zeros, then the bits of 2 / pi.
constexpr uint64_t kTwoOverPiBits[] = {0,
                                       0xa2f9836e4e441529u,
                                       0xfc2757d1f534ddc0u,
                                       0xdb6295993c439041u,
                                       0xfe5163abdebbc561u,
                                       0xb7246e3a424dd2e0u,
                                       0x06492eea09d1921cu,
                                       0xfe1deb1cb129a73eu,
                                       0xe88235f52ebb4484u,
                                       0xe99c7026b45f7e41u,
                                       0x3991d639835339f4u,
                                       0x9c845f8bbdf9283bu,
                                       0x1ff897ffde05980fu,
                                       0xef2f118b5a0a6d1fu,
                                       0x6d367ecf27cb09b7u,
                                       0x4f463f669e5fea2du,
                                       0x7527bac7ebe5f17bu,
                                       0x3d0739f78a5292eau,
                                       0x6bfb5fb11f8d5d08u,
                                       0x56033046fc7b6babu,
                                       0xf0cfbc209af4361du,
                                       0xa9e391615ee61b08u};

Angle reduceModerate(Num x, Digits digits) {
  Rounded k = roundToInteger(x * kTwoOverPi);
  Num r = x - k.real * kHalfPi[0];
  if (digits == Digits::Single) {
    r = (r - k.real * kHalfPi[1]) - k.real * kHalfPi[2];
    return {k.integer, r, x.like(0)};
  }
  Sum first = exactSum(r, k.real * -kHalfPi[1]);
  Sum second = exactSum(first.high, k.real * -kHalfPi[2]);
  Num rest = (first.low + second.low) - k.real * kHalfPi[3];
  Sum sum = exactSumOrdered(second.high, rest);
  return {k.integer, sum.high, sum.low};
}

/// Low and high 64 bits of the product of two unsigned numbers.
std::pair<Num, Num> longProduct(Num x, Num y) {
  auto product = arith::MulUIExtendedOp::create(x.m->b, x.m->loc, x.value, y.value);
  return {{*x.m, product.getLow()}, {*x.m, product.getHigh()}};
}

/// x + y, and 1 where the sum is above 64 bits.
std::pair<Num, Num> sumWithCarry(Num x, Num y) {
  Num sum = x + y;
  Num carry{*x.m,
            arith::CmpIOp::create(x.m->b, x.m->loc, arith::CmpIPredicate::ult, sum.value, x.value)};
  return {sum, select(carry, x.integer(1), x.integer(0))};
}

/// The 192 bits of kTwoOverPiBits from bit `first` on, in three words.
std::array<Num, 3> window(Num first) {
  Num word = first >> 6, bit = first & first.integer(63);
  SmallVector<Num> words;
  for (uint64_t bits : kTwoOverPiBits) {
    words.push_back(first.integer(bits));
  }
  // Moves the wanted words to the front, by 16, 8, 4, 2 and 1.
  for (int step : {16, 8, 4, 2, 1}) {
    Num moves = (word & first.integer(step)) == first.integer(step);
    size_t needed = step + 3;
    for (size_t i = 0; i < needed; ++i) {
      Num other = i + step < words.size() ? words[i + step] : first.integer(0);
      words[i] = select(moves, other, words[i]);
    }
    words.resize(needed, first.integer(0));
  }
  auto joined = [&](size_t i) {
    // In two steps, since a shift by 64 has no value.
    return (words[i] << bit) | ((words[i + 1] >> 1) >> (first.integer(63) - bit));
  };
  return {joined(0), joined(1), joined(2)};
}

Angle reduceLarge(Num x) {
  Num magnitude = abs(x).bits();
  Num mantissa = (magnitude & magnitude.integer((uint64_t(1) << 52) - 1)) |
                 magnitude.integer(uint64_t(1) << 52);
  // x = mantissa * 2^e; bits of 2 / pi above 2^(2 - e) only give multiples of 4.
  Num first = (magnitude >> 52) - magnitude.integer(1075 - 64 + 2);
  auto [w0, w1, w2] = window(first);
  auto [low2, high2] = longProduct(mantissa, w2);
  auto [low1, high1] = longProduct(mantissa, w1);
  auto [middle, carry] = sumWithCarry(high2, low1);
  Num top = mantissa * w0 + high1 + carry;
  // Two bits of quadrant, then the fraction, taken as signed: its nearest integer is 0.
  Num quadrant = (top + top.integer(uint64_t(1) << 61)) >> 62;
  Num upper = (top << 2) | (middle >> 62), lower = (middle << 2) | (low2 >> 62);
  Num signBit = upper >> 63, mask = upper.integer(0xffffffffu);
  Num a = (upper >> 32) - (signBit << 32);
  Sum sum = exactSumOrdered(toReal(a, x) * 0x1p-32, toReal(upper & mask, x) * 0x1p-64);
  Sum next = exactSum(sum.high, toReal(lower >> 32, x) * 0x1p-96);
  Num rest = sum.low + next.low + toReal(lower & mask, x) * 0x1p-128;
  Sum fraction = exactSumOrdered(next.high, rest);
  Num high = fraction.high * kHalfPiHigh;
  Num low = productError(fraction.high, x.like(kHalfPiHigh), high) +
            (fraction.high * kHalfPiLow + fraction.low * kHalfPiHigh);
  Sum angle = exactSumOrdered(high, low);
  // Everything was about |x|.
  Num isNegative = x < 0.0;
  return {select(isNegative, quadrant.integer(0) - quadrant, quadrant),
          select(isNegative, -angle.high, angle.high), select(isNegative, -angle.low, angle.low)};
}

/// True if any lane is.
Value anyLane(Num condition) {
  if (!isa<VectorType>(condition.value.getType())) {
    return condition.value;
  }
  return vector::ReductionOp::create(condition.m->b, condition.m->loc, vector::CombiningKind::OR,
                                     condition.value);
}

} // namespace

Angle reduceAngle(Num x, Digits digits) {
  OpBuilder &b = x.m->b;
  Location loc = x.m->loc;
  Num a = abs(x);
  Num isLarge = (a > kLargest) & (a < std::numeric_limits<double>::infinity());
  Angle moderate = reduceModerate(x, digits);
  Value results[] = {moderate.quadrant.value, moderate.high.value, moderate.low.value};
  auto choice = scf::IfOp::create(
      b, loc, anyLane(isLarge),
      [&](OpBuilder &inner, Location) {
        MathBuilder m{inner, loc, x.m->hasFma};
        Angle large = reduceLarge(Num(m, x.value));
        auto pick = [&](Num y, Value z) { return select(Num(m, isLarge.value), y, {m, z}).value; };
        scf::YieldOp::create(inner, loc,
                             ValueRange{pick(large.quadrant, results[0]),
                                        pick(large.high, results[1]), pick(large.low, results[2])});
      },
      [&](OpBuilder &inner, Location) { scf::YieldOp::create(inner, loc, results); });
  return {{*x.m, choice.getResult(0)}, {*x.m, choice.getResult(1)}, {*x.m, choice.getResult(2)}};
}

} // namespace ntc::codegen::cpu
