// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling and its gradients as reductions over windows. Gradients read the output gradient spread
// by the strides (TransposedWindows), so that every loop is dense and every output element has one
// owner.

#include "compiler/fuse/LowerToLinalg.h"

#include <limits>

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

static SmallVector<int64_t> withBatchAndChannel(ArrayRef<int64_t> spatial) {
  SmallVector<int64_t> all = {0, 0};
  all.append(spatial.begin(), spatial.end());
  return all;
}

static Value pad(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low,
                 ArrayRef<int64_t> high, ArrayRef<int64_t> interior, double value) {
  return padded(b, loc, input, withBatchAndChannel(low), withBatchAndChannel(high),
                withBatchAndChannel(interior), value);
}

static Value padForWindows(OpBuilder &b, Location loc, Value input, const nn::Windows &windows,
                           double value) {
  return pad(b, loc, input, windows.padsLow, windows.padsHigh,
             SmallVector<int64_t>(windows.rank(), 0), value);
}

/// The map (b, c, position..., offset...) -> (b, c, coordinates...).
static AffineMap
windowMap(OpBuilder &b, size_t rank,
          llvm::function_ref<SmallVector<AffineExpr>(ArrayRef<AffineExpr>, ArrayRef<AffineExpr>)>
              coordinates) {
  SmallVector<AffineExpr> dims;
  for (unsigned d = 0; d < 2 + 2 * rank; ++d) {
    dims.push_back(b.getAffineDimExpr(d));
  }
  auto all = ArrayRef<AffineExpr>(dims);
  SmallVector<AffineExpr> exprs = {dims[0], dims[1]};
  exprs.append(coordinates(all.slice(2, rank), all.slice(2 + rank, rank)));
  return AffineMap::get(dims.size(), 0, exprs, b.getContext());
}

static AffineMap inputMap(OpBuilder &b, const nn::Windows &windows) {
  return windowMap(
      b, windows.rank(), [&](ArrayRef<AffineExpr> position, ArrayRef<AffineExpr> offset) {
        SmallVector<AffineExpr> exprs;
        for (size_t d = 0; d < windows.rank(); ++d) {
          exprs.push_back(position[d] * windows.strides[d] + offset[d] * windows.dilations[d]);
        }
        return exprs;
      });
}

/// (b, c, position..., offset...) -> (b, c, position...).
static AffineMap pooledMap(OpBuilder &b, size_t rank) {
  return b.getMultiDimIdentityMap(2 + 2 * rank).getMajorSubMap(2 + rank);
}

/// The row-major index of the current window offset, i32; loops are (b, c, position..., offset...).
static Value offsetIndex(OpBuilder &b, Location loc, ArrayRef<int64_t> kernel) {
  Value index;
  for (size_t d = 0; d < kernel.size(); ++d) {
    Value loop = linalg::IndexOp::create(b, loc, 2 + kernel.size() + d);
    Value coordinate = arith::IndexCastOp::create(b, loc, b.getI32Type(), loop);
    if (index) {
      Value scaled =
          arith::MulIOp::create(b, loc, index, scalar(b, loc, b.getI32Type(), kernel[d]));
      coordinate = arith::AddIOp::create(b, loc, scaled, coordinate);
    }
    index = coordinate;
  }
  return index;
}

/// What dimension `d` adds to the row-major offset of the first element inside the input of each
/// window: a constant of one number per window position.
static Value firstOffsets(OpBuilder &b, Location loc, const nn::Windows &windows, size_t d,
                          int64_t count) {
  int64_t factor = 1;
  for (int64_t extent : windows.kernel.drop_front(d + 1)) {
    factor *= extent;
  }
  SmallVector<int32_t> offsets;
  for (int64_t position = 0; position < count; ++position) {
    int64_t missing = std::max<int64_t>(windows.padsLow[d] - position * windows.strides[d], 0);
    offsets.push_back(llvm::divideCeil(missing, windows.dilations[d]) * factor);
  }
  auto type = RankedTensorType::get({count}, b.getI32Type());
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, ArrayRef(offsets)));
}

/// `winner` where no window begins in padding. Else, where the maximum is -inf, all elements of the
/// window are equal, and the winner is the first of them that is no padding.
static Value withoutPaddingAsWinner(OpBuilder &b, Location loc, const nn::Windows &windows,
                                    Value output, Value winner) {
  auto type = typeOf(winner);
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  SmallVector<Value> inputs = {output, winner};
  SmallVector<AffineMap> maps = {identity, identity};
  for (size_t d = 0; d < windows.rank(); ++d) {
    if (windows.padsLow[d] != 0) {
      inputs.push_back(firstOffsets(b, loc, windows, d, type.getDimSize(2 + d)));
      maps.push_back(identity.getSubMap({static_cast<unsigned>(2 + d)}));
    }
  }
  if (inputs.size() == 2) {
    return winner;
  }
  return elementwise(
      b, loc, type, inputs, maps, [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value lowest = scalar(b, loc, x[0].getType(), -std::numeric_limits<double>::infinity());
        Value isLowest = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x[0], lowest);
        Value first = x[2];
        for (Value offset : x.drop_front(3).drop_back()) {
          first = arith::AddIOp::create(b, loc, first, offset);
        }
        return arith::SelectOp::create(b, loc, isLowest, first, x[1]);
      });
}

static SmallVector<Value> lowerMaxPool(OpBuilder &b, nn::MaxPoolOp op) {
  Location loc = op.getLoc();
  nn::Windows windows = nn::windowsOf(op);
  constexpr double kLowest = -std::numeric_limits<double>::infinity();
  Value input = padForWindows(b, loc, op.getInput(), windows, kLowest);
  AffineMap map = inputMap(b, windows), pooled = pooledMap(b, windows.rank());
  Value output = reduction(b, loc, typeOf(op.getOutput()), kLowest, windows.kernel, input, map,
                           [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                             return arith::MaximumFOp::create(b, loc, x[1], x[0]);
                           });
  // An element wins where it equals the maximum or, for a maximum of NaN, where it is NaN itself.
  // Padding, which equals a maximum of -inf too, is put right below.
  Value winner = reduction(
      b, loc, typeOf(op.getWinner()), std::numeric_limits<int32_t>::max(), windows.kernel,
      {input, output}, {map, pooled}, [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value wins = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UEQ, x[0], x[1]);
        Value isNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x[0], x[0]);
        Value maxIsNan = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, x[1], x[1]);
        wins = arith::SelectOp::create(b, loc, maxIsNan, isNan, wins);
        Value candidate = arith::SelectOp::create(
            b, loc, wins, offsetIndex(b, loc, windows.kernel),
            scalar(b, loc, b.getI32Type(), std::numeric_limits<int32_t>::max()));
        return arith::MinSIOp::create(b, loc, x[2], candidate);
      });
  return {output, withoutPaddingAsWinner(b, loc, windows, output, winner)};
}

bool windowsTileInput(const nn::Windows &windows, ArrayRef<int64_t> sizes,
                      ArrayRef<int64_t> counts) {
  for (size_t d = 0; d < windows.rank(); ++d) {
    if (windows.dilations[d] != 1 || windows.strides[d] != windows.kernel[d] ||
        windows.padsLow[d] != 0 || windows.padsHigh[d] != 0 ||
        sizes[d] != counts[d] * windows.kernel[d]) {
      return false;
    }
  }
  return true;
}

Value winnersShare(OpBuilder &b, Location loc, Value value, Value winner,
                   ArrayRef<unsigned> offsetLoops, ArrayRef<int64_t> kernel) {
  Value here;
  for (auto [loop, extent] : llvm::zip(offsetLoops, kernel)) {
    Value offset =
        arith::IndexCastOp::create(b, loc, b.getI32Type(), linalg::IndexOp::create(b, loc, loop));
    if (here) {
      Value scaled = arith::MulIOp::create(b, loc, here, scalar(b, loc, b.getI32Type(), extent));
      offset = arith::AddIOp::create(b, loc, scaled, offset);
    }
    here = offset;
  }
  Value wins = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, winner, here);
  return arith::SelectOp::create(b, loc, wins, value, scalar(b, loc, value.getType(), 0));
}

/// Where every element lies in one window, it receives that window's gradient or zero. Loops are
/// (b, c, position, offset of all dimensions but the last, offset, position of the last): the
/// innermost is a long one.
static Value spreadToWinners(OpBuilder &b, nn::MaxPoolDxOp op, const nn::Windows &windows) {
  Location loc = op.getLoc();
  auto result = typeOf(op.getDinput());
  unsigned rank = windows.rank(), loops = 2 + 2 * rank;
  SmallVector<AffineExpr> pooled = {b.getAffineDimExpr(0), b.getAffineDimExpr(1)}, spread = pooled,
                          offsets;
  SmallVector<unsigned> offsetLoops;
  for (unsigned d = 0; d < rank; ++d) {
    unsigned first = 2 + 2 * d;
    bool last = d + 1 == rank;
    AffineExpr position = b.getAffineDimExpr(last ? first + 1 : first),
               offset = b.getAffineDimExpr(last ? first : first + 1);
    pooled.push_back(position);
    offsets.push_back(offset);
    offsetLoops.push_back(last ? first : first + 1);
    spread.push_back(position * windows.strides[d] + offset);
  }
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops, 0, exprs, b.getContext());
  };
  // The extents of the offsets are carried by an operand that nobody reads.
  Value window = tensor::EmptyOp::create(b, loc, windows.kernel, result.getElementType());
  Value empty = tensor::EmptyOp::create(b, loc, result.getShape(), result.getElementType());
  SmallVector<utils::IteratorType> iterators(loops, utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             b, loc, result, ValueRange{op.getDoutput(), op.getWinner(), window}, empty,
             {mapOf(pooled), mapOf(pooled), mapOf(offsets), mapOf(spread)}, iterators,
             [&](OpBuilder &b, Location loc, ValueRange x) {
               Value share = winnersShare(b, loc, x[0], x[1], offsetLoops, windows.kernel);
               linalg::YieldOp::create(b, loc, share);
             })
      .getResult(0);
}

static SmallVector<Value> lowerMaxPoolDx(OpBuilder &b, nn::MaxPoolDxOp op) {
  Location loc = op.getLoc();
  nn::Windows windows = nn::windowsOf(op);
  auto result = typeOf(op.getDinput());
  if (windowsTileInput(windows, result.getShape().drop_front(2),
                       typeOf(op.getDoutput()).getShape().drop_front(2))) {
    return {spreadToWinners(b, op, windows)};
  }
  TransposedWindows transposed(windows, result.getShape().drop_front(2),
                               typeOf(op.getDoutput()).getShape().drop_front(2));
  Value doutput =
      pad(b, loc, op.getDoutput(), transposed.low, transposed.high, transposed.interior, 0.0);
  Value winner =
      pad(b, loc, op.getWinner(), transposed.low, transposed.high, transposed.interior, -1.0);
  AffineMap map =
      windowMap(b, windows.rank(), [&](ArrayRef<AffineExpr> position, ArrayRef<AffineExpr> offset) {
        return transposed.coordinates(position, offset);
      });
  return {reduction(b, loc, result, 0.0, windows.kernel, {doutput, winner}, {map, map},
                    [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                      Value wins = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x[1],
                                                         offsetIndex(b, loc, windows.kernel));
                      Value share = arith::SelectOp::create(b, loc, wins, x[0],
                                                            scalar(b, loc, x[0].getType(), 0));
                      return arith::AddFOp::create(b, loc, x[2], share);
                    })};
}

static SmallVector<Value> lowerMaxPoolPick(OpBuilder &b, nn::MaxPoolPickOp op) {
  Location loc = op.getLoc();
  nn::Windows windows = nn::windowsOf(op);
  Value input = padForWindows(b, loc, op.getInput(), windows, 0.0);
  return {reduction(b, loc, typeOf(op.getOutput()), 0.0, windows.kernel, {input, op.getWinner()},
                    {inputMap(b, windows), pooledMap(b, windows.rank())},
                    [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                      Value wins = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x[1],
                                                         offsetIndex(b, loc, windows.kernel));
                      Value share = arith::SelectOp::create(b, loc, wins, x[0],
                                                            scalar(b, loc, x[0].getType(), 0));
                      return arith::AddFOp::create(b, loc, x[2], share);
                    })};
}

/// Number of offsets inside the input, along dimension d, of the window at `position`.
static int64_t insideCount(const nn::Windows &windows, size_t d, int64_t position, int64_t size) {
  auto [first, end] = windows.offsetsInside(d, position, size);
  return end - first;
}

/// The divisor of every window as a constant (spatial...) tensor; a splat where all are equal.
static Value divisors(OpBuilder &b, Location loc, const nn::Windows &windows, Type element,
                      ArrayRef<int64_t> inputSizes, ArrayRef<int64_t> counts,
                      bool countIncludePad) {
  SmallVector<double> values = {1.0};
  for (size_t d = 0; d < windows.rank(); ++d) {
    SmallVector<double> next;
    for (double value : values) {
      for (int64_t i = 0; i < counts[d]; ++i) {
        next.push_back(value * (countIncludePad ? windows.kernel[d]
                                                : insideCount(windows, d, i, inputSizes[d])));
      }
    }
    values = std::move(next);
  }
  SmallVector<Attribute> attributes;
  for (double value : values) {
    attributes.push_back(b.getFloatAttr(element, value));
  }
  auto type = RankedTensorType::get(counts, element);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, attributes));
}

/// `pooled / divisors`, the divisors repeated over batch and channels.
static Value divide(OpBuilder &b, Location loc, Value pooled, Value by) {
  auto type = typeOf(pooled);
  AffineMap identity = b.getMultiDimIdentityMap(type.getRank());
  return elementwise(b, loc, type, {pooled, by},
                     {identity, identity.getMinorSubMap(type.getRank() - 2)},
                     [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                       return arith::DivFOp::create(b, loc, x[0], x[1]);
                     });
}

static Value addUp(OpBuilder &b, Location loc, ValueRange x) {
  return arith::AddFOp::create(b, loc, x[1], x[0]);
}

static SmallVector<Value> lowerAvgPool(OpBuilder &b, nn::AvgPoolOp op) {
  Location loc = op.getLoc();
  nn::Windows windows = nn::windowsOf(op);
  auto result = typeOf(op.getOutput());
  Value input = padForWindows(b, loc, op.getInput(), windows, 0.0);
  Value sum = reduction(b, loc, result, 0.0, windows.kernel, input, inputMap(b, windows), addUp);
  return {divide(b, loc, sum,
                 divisors(b, loc, windows, result.getElementType(),
                          typeOf(op.getInput()).getShape().drop_front(2),
                          result.getShape().drop_front(2), op.getCountIncludePad()))};
}

static SmallVector<Value> lowerAvgPoolDx(OpBuilder &b, nn::AvgPoolDxOp op) {
  Location loc = op.getLoc();
  nn::Windows windows = nn::windowsOf(op);
  auto result = typeOf(op.getDinput()), pooled = typeOf(op.getDoutput());
  TransposedWindows transposed(windows, result.getShape().drop_front(2),
                               pooled.getShape().drop_front(2));
  Value share =
      divide(b, loc, op.getDoutput(),
             divisors(b, loc, windows, pooled.getElementType(), result.getShape().drop_front(2),
                      pooled.getShape().drop_front(2), op.getCountIncludePad()));
  Value spread = pad(b, loc, share, transposed.low, transposed.high, transposed.interior, 0.0);
  AffineMap map =
      windowMap(b, windows.rank(), [&](ArrayRef<AffineExpr> position, ArrayRef<AffineExpr> offset) {
        return transposed.coordinates(position, offset);
      });
  return {reduction(b, loc, result, 0.0, windows.kernel, spread, map, addUp)};
}

void populatePoolingLowering(RewritePatternSet &patterns) {
  addLowering<nn::MaxPoolOp>(patterns, lowerMaxPool);
  addLowering<nn::MaxPoolDxOp>(patterns, lowerMaxPoolDx);
  addLowering<nn::MaxPoolPickOp>(patterns, lowerMaxPoolPick);
  addLowering<nn::AvgPoolOp>(patterns, lowerAvgPool);
  addLowering<nn::AvgPoolDxOp>(patterns, lowerAvgPoolDx);
}

} // namespace ntc::fuse
