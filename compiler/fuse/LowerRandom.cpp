// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Philox4x32-10 written as arith operations on i32: the definition of runtime/base/Philox.h,
// element by element.

#include "compiler/fuse/LowerToLinalg.h"

#include <array>

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

namespace {

/// Arithmetic on i32 values at one insertion point.
struct Words {
  OpBuilder &b;
  Location loc;

  Value constant(uint32_t value) {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, loc, x, y); }
  Value exclusiveOr(Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y); }
  /// The low and high words of a 64-bit value.
  std::array<Value, 2> split(Value wide) {
    Type word = b.getI32Type();
    Value shift = arith::ConstantOp::create(b, loc, b.getIntegerAttr(wide.getType(), 32));
    Value high = arith::TruncIOp::create(b, loc, word, arith::ShRUIOp::create(b, loc, wide, shift));
    return {arith::TruncIOp::create(b, loc, word, wide), high};
  }
  arith::MulUIExtendedOp product0(Value word) {
    return arith::MulUIExtendedOp::create(b, loc, constant(0xD2511F53u), word);
  }
  arith::MulUIExtendedOp product1(Value word) {
    return arith::MulUIExtendedOp::create(b, loc, constant(0xCD9E8D57u), word);
  }
  /// Word 0 of the counter (block, op, step) after the first round: the same for every block.
  Value firstWord(uint32_t op, std::array<Value, 2> step, std::array<Value, 2> seed) {
    return exclusiveOr(exclusiveOr(product1(step[0]).getHigh(), constant(op)), seed[0]);
  }
  /// Ten rounds of Philox on the counter (block, op, step) with the key `seed`; `first` is its
  /// firstWord.
  std::array<Value, 4> philox(Value block, Value first, std::array<Value, 2> step,
                              std::array<Value, 2> seed) {
    auto ofBlock = product0(block);
    std::array<Value, 4> counter = {first, product1(step[0]).getLow(),
                                    exclusiveOr(exclusiveOr(ofBlock.getHigh(), step[1]), seed[1]),
                                    ofBlock.getLow()};
    std::array<Value, 2> key = seed;
    for (int round = 1; round < 10; ++round) {
      key = {add(key[0], constant(0x9E3779B9u)), add(key[1], constant(0xBB67AE85u))};
      auto even = product0(counter[0]), odd = product1(counter[2]);
      counter = {exclusiveOr(exclusiveOr(odd.getHigh(), counter[1]), key[0]), odd.getLow(),
                 exclusiveOr(exclusiveOr(even.getHigh(), counter[3]), key[1]), even.getLow()};
    }
    return counter;
  }
};

} // namespace

/// The row-major index of the current element of `type`, i32 (verified to be below 2^34 elements;
/// blocks fit 32 bits).
static Value elementIndex(OpBuilder &b, Location loc, RankedTensorType type) {
  Value index = arith::ConstantIndexOp::create(b, loc, 0);
  for (int64_t d = 0; d < type.getRank(); ++d) {
    Value extent = arith::ConstantIndexOp::create(b, loc, type.getDimSize(d));
    Value scaled = arith::MulIOp::create(b, loc, index, extent);
    index = arith::AddIOp::create(b, loc, scaled, linalg::IndexOp::create(b, loc, d));
  }
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
}

/// The element of a random tensor of `type`; `first` is Words::firstWord, widened.
static Value uniformElement(OpBuilder &b, Location loc, RankedTensorType type, Value seed,
                            Value step, Value first) {
  Words words{b, loc};
  Type wide = b.getI64Type();
  auto wideConstant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(wide, value));
  };
  // block = (e / 64) * 16 + e % 16 and word = (e / 16) % 4, by shifts and masks.
  Value element = elementIndex(b, loc, type);
  Value group = arith::ShLIOp::create(
      b, loc, arith::ShRUIOp::create(b, loc, element, wideConstant(6)), wideConstant(4));
  Value lane = arith::AndIOp::create(b, loc, element, wideConstant(15));
  Value block =
      arith::TruncIOp::create(b, loc, b.getI32Type(), arith::OrIOp::create(b, loc, group, lane));
  Value word = arith::TruncIOp::create(
      b, loc, b.getI32Type(),
      arith::AndIOp::create(b, loc, arith::ShRUIOp::create(b, loc, element, wideConstant(4)),
                            wideConstant(3)));
  auto random = words.philox(block, words.split(first)[0], words.split(step), words.split(seed));
  Value chosen = random[3];
  for (uint32_t w = 3; w-- > 0;) {
    Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, word, words.constant(w));
    chosen = arith::SelectOp::create(b, loc, here, random[w], chosen);
  }
  // 24 bits are exact in every float type from f32 on; signed conversion, since the value is below
  // 2^24.
  Value bits = arith::ShRUIOp::create(b, loc, chosen, words.constant(8));
  Value number = arith::SIToFPOp::create(b, loc, type.getElementType(), bits);
  return arith::MulFOp::create(b, loc, number, scalar(b, loc, type.getElementType(), 0x1p-24));
}

/// The number of the operation enters through a scalar that is computed apart: tensors of one shape
/// are then drawn by one kernel.
static SmallVector<Value> lowerRandomUniform(OpBuilder &b, nn::RandomUniformOp op) {
  auto type = typeOf(op.getOutput());
  Location loc = op.getLoc();
  auto wordType = RankedTensorType::get({}, b.getI64Type());
  AffineMap none = AffineMap::get(0, 0, b.getContext());
  Value first = elementwise(b, loc, wordType, {op.getSeed(), op.getStep()}, {none, none},
                            [&](OpBuilder &body, Location loc, ValueRange x) -> Value {
                              Words words{body, loc};
                              Value word =
                                  words.firstWord(op.getOp(), words.split(x[1]), words.split(x[0]));
                              return arith::ExtUIOp::create(body, loc, body.getI64Type(), word);
                            });
  AffineMap scalarMap = AffineMap::get(type.getRank(), 0, b.getContext());
  return {elementwise(b, loc, type, {op.getSeed(), op.getStep(), first},
                      {scalarMap, scalarMap, scalarMap},
                      [&](OpBuilder &body, Location loc, ValueRange x) {
                        return uniformElement(body, loc, type, x[0], x[1], x[2]);
                      })};
}

void populateRandomLowering(RewritePatternSet &patterns) {
  addLowering<nn::RandomUniformOp>(patterns, lowerRandomUniform);
}

} // namespace ntc::fuse
