// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products and convolutions as sums of products in linalg.generic. A convolution reads a
// padded copy of its input; its gradient by the input is a convolution of the output gradient,
// spread by the strides (where SplitStridedGradients.cpp did not take it), with the flipped kernel;
// its gradient by the weight is a sum over batch and positions. Groups are a loop of their own over
// reshaped operands.

#include "compiler/fuse/LowerToLinalg.h"
#include "compiler/fuse/ZeroBorders.h"

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

Value multiplyAdd(OpBuilder &b, Location loc, ValueRange x) {
  Type sum = x[2].getType();
  auto widened = [&](Value factor) -> Value {
    return factor.getType() == sum ? factor : arith::ExtFOp::create(b, loc, sum, factor);
  };
  Value lhs = widened(x[0]), rhs = widened(x[1]);
  return arith::AddFOp::create(b, loc, x[2], arith::MulFOp::create(b, loc, lhs, rhs));
}

Value narrowOperand(Value operand) {
  auto cast = operand.getDefiningOp<nn::CastOp>();
  return cast && typeOf(operand).getElementType().isF32() &&
                 typeOf(cast.getInput()).getElementType().isBF16()
             ? cast.getInput()
             : operand;
}

static SmallVector<Value> lowerMatmul(OpBuilder &b, nn::MatmulOp op) {
  auto lhs = typeOf(op.getLhs()), result = typeOf(op.getOutput());
  int64_t rank = result.getRank(), batch = rank - 2;
  int64_t depth = lhs.getDimSize(rank - (op.getTransposeLhs() ? 2 : 1));
  auto map = [&](unsigned row, unsigned column, bool transposed) {
    SmallVector<AffineExpr> exprs;
    for (int64_t d = 0; d < batch; ++d) {
      exprs.push_back(b.getAffineDimExpr(d));
    }
    exprs.push_back(b.getAffineDimExpr(transposed ? column : row));
    exprs.push_back(b.getAffineDimExpr(transposed ? row : column));
    return AffineMap::get(rank + 1, 0, exprs, b.getContext());
  };
  unsigned m = batch, n = batch + 1, k = batch + 2;
  return {reduction(b, op.getLoc(), result, 0.0, {depth},
                    {narrowOperand(op.getLhs()), narrowOperand(op.getRhs())},
                    {map(m, k, op.getTransposeLhs()), map(k, n, op.getTransposeRhs())},
                    multiplyAdd)};
}

/// Splits dimension `dim` of `value` into (groups, size / groups) where there is more than one
/// group.
static Value splitGroups(OpBuilder &b, Location loc, Value value, int64_t dim, int64_t groups) {
  if (groups == 1) {
    return value;
  }
  auto type = typeOf(value);
  SmallVector<int64_t> shape(type.getShape());
  shape[dim] /= groups;
  shape.insert(shape.begin() + dim, groups);
  return nn::ReshapeOp::create(b, loc, type.clone(shape), value);
}

static Value joinGroups(OpBuilder &b, Location loc, Value value, RankedTensorType type) {
  return value.getType() == type ? value : nn::ReshapeOp::create(b, loc, type, value).getResult();
}

/// The dimensions of a loop nest by name, as affine expressions; `group` is null without groups.
struct Dims {
  OpBuilder &b;
  bool grouped;
  unsigned total = 0;
  AffineExpr next() { return b.getAffineDimExpr(total++); }
  AffineExpr group() { return grouped ? next() : AffineExpr(); }
  SmallVector<AffineExpr> spatial(size_t rank) {
    SmallVector<AffineExpr> dims;
    for (size_t d = 0; d < rank; ++d) {
      dims.push_back(next());
    }
    return dims;
  }
  AffineMap map(std::initializer_list<AffineExpr> leading, ArrayRef<AffineExpr> trailing) {
    SmallVector<AffineExpr> exprs;
    for (AffineExpr expr : leading) {
      if (expr) {
        exprs.push_back(expr);
      }
    }
    exprs.append(trailing.begin(), trailing.end());
    return AffineMap::get(total, 0, exprs, b.getContext());
  }
};

Value padSpatial(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low,
                 ArrayRef<int64_t> high, ArrayRef<int64_t> interior) {
  auto whole = [](ArrayRef<int64_t> spatial) {
    SmallVector<int64_t> all = {0, 0};
    all.append(spatial.begin(), spatial.end());
    return all;
  };
  return padded(b, loc, input, whole(low), whole(high), whole(interior), 0.0);
}

static Value padForWindows(OpBuilder &b, Location loc, Value input, const nn::Windows &windows) {
  return padSpatial(b, loc, input, windows.padsLow, windows.padsHigh,
                    SmallVector<int64_t>(windows.rank(), 0));
}

/// The input coordinate of window `position` at kernel offset `offset`: position * stride + offset
/// * dilation.
static SmallVector<AffineExpr> windowCoordinates(const nn::Windows &windows,
                                                 ArrayRef<AffineExpr> position,
                                                 ArrayRef<AffineExpr> offset) {
  SmallVector<AffineExpr> coordinates;
  for (size_t d = 0; d < windows.rank(); ++d) {
    coordinates.push_back(position[d] * windows.strides[d] + offset[d] * windows.dilations[d]);
  }
  return coordinates;
}

static SmallVector<int64_t> concat(int64_t first, ArrayRef<int64_t> rest) {
  SmallVector<int64_t> all = {first};
  all.append(rest.begin(), rest.end());
  return all;
}

static SmallVector<Value> lowerConv(OpBuilder &b, nn::ConvOp op) {
  Location loc = op.getLoc();
  int64_t groups = op.getGroups();
  auto weightType = typeOf(op.getWeight());
  nn::Windows windows = nn::convWindowsOf(op, weightType);
  Value input =
      splitGroups(b, loc, padForWindows(b, loc, narrowOperand(op.getInput()), windows), 1, groups);
  Value weight = splitGroups(b, loc, narrowOperand(op.getWeight()), 0, groups);
  auto result = typeOf(op.getOutput());
  SmallVector<int64_t> shape(result.getShape());
  if (groups > 1) {
    shape[1] /= groups;
    shape.insert(shape.begin() + 1, groups);
  }
  Dims dims{b, groups > 1};
  AffineExpr batch = dims.next(), group = dims.group(), out = dims.next();
  auto position = dims.spatial(windows.rank());
  AffineExpr channel = dims.next();
  auto offset = dims.spatial(windows.rank());
  Value sum =
      reduction(b, loc, result.clone(shape), 0.0, concat(weightType.getDimSize(1), windows.kernel),
                {input, weight},
                {dims.map({batch, group, channel}, windowCoordinates(windows, position, offset)),
                 dims.map({group, out, channel}, offset)},
                multiplyAdd);
  if (groups == 1) {
    noteZeroBorders(sum, windows.padsLow, windows.padsHigh);
  }
  return {joinGroups(b, loc, sum, result)};
}

int64_t partialSums(RankedTensorType dweight, RankedTensorType input, RankedTensorType doutput) {
  constexpr int64_t kMost = 16;
  int64_t batch = input.getDimSize(0), summed = input.getNumElements() + doutput.getNumElements();
  for (int64_t count = std::min(kMost, batch); count > 1; --count) {
    if (batch % count == 0 && 2 * count * dweight.getNumElements() <= summed) {
      return count;
    }
  }
  return 1;
}

Value addPartialSums(OpBuilder &b, Location loc, Value partial) {
  auto type = typeOf(partial);
  AffineMap map = AffineMap::get(
      type.getRank(), 0,
      [&] {
        SmallVector<AffineExpr> exprs = {b.getAffineDimExpr(type.getRank() - 1)};
        for (int64_t d = 0; d + 1 < type.getRank(); ++d) {
          exprs.push_back(b.getAffineDimExpr(d));
        }
        return exprs;
      }(),
      b.getContext());
  return reduction(
      b, loc, RankedTensorType::get(type.getShape().drop_front(), type.getElementType()), 0.0,
      {type.getDimSize(0)}, partial, map, [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        return arith::AddFOp::create(b, loc, x[1], x[0]);
      });
}

static SmallVector<Value> lowerConvDw(OpBuilder &b, nn::ConvDwOp op) {
  Location loc = op.getLoc();
  int64_t groups = op.getGroups();
  auto result = typeOf(op.getDweight());
  auto doutputType = typeOf(op.getDoutput());
  nn::Windows windows = nn::convWindowsOf(op, result);
  Value input =
      splitGroups(b, loc, padForWindows(b, loc, narrowOperand(op.getInput()), windows), 1, groups);
  Value doutput = splitGroups(b, loc, narrowOperand(op.getDoutput()), 1, groups);
  SmallVector<int64_t> shape(result.getShape());
  if (groups > 1) {
    shape[0] /= groups;
    shape.insert(shape.begin(), groups);
  }
  int64_t runs = groups > 1 ? 1 : partialSums(result, typeOf(op.getInput()), doutputType);
  int64_t samples = doutputType.getDimSize(0) / runs;
  Dims dims{b, groups > 1};
  AffineExpr run = runs > 1 ? dims.next() : AffineExpr();
  AffineExpr group = dims.group(), out = dims.next(), channel = dims.next();
  auto offset = dims.spatial(windows.rank());
  AffineExpr batch = dims.next();
  auto position = dims.spatial(windows.rank());
  if (runs > 1) {
    shape.insert(shape.begin(), runs);
    batch = run * samples + batch;
  }
  Value sum =
      reduction(b, loc, result.clone(shape), 0.0,
                concat(samples, doutputType.getShape().drop_front(2)), {doutput, input},
                {dims.map({batch, group, out}, position),
                 dims.map({batch, group, channel}, windowCoordinates(windows, position, offset))},
                multiplyAdd);
  return {joinGroups(b, loc, runs > 1 ? addPartialSums(b, loc, sum) : sum, result)};
}

static SmallVector<Value> lowerConvDx(OpBuilder &b, nn::ConvDxOp op) {
  Location loc = op.getLoc();
  int64_t groups = op.getGroups();
  auto weightType = typeOf(op.getWeight());
  auto result = typeOf(op.getDinput());
  nn::Windows windows = nn::convWindowsOf(op, weightType);
  TransposedWindows transposed(windows, result.getShape().drop_front(2),
                               typeOf(op.getDoutput()).getShape().drop_front(2));
  Value spread = padSpatial(b, loc, narrowOperand(op.getDoutput()), transposed.low, transposed.high,
                            transposed.interior);
  Value doutput = splitGroups(b, loc, spread, 1, groups);
  Value weight = splitGroups(b, loc, narrowOperand(op.getWeight()), 0, groups);
  SmallVector<int64_t> shape(result.getShape());
  if (groups > 1) {
    shape[1] /= groups;
    shape.insert(shape.begin() + 1, groups);
  }
  Dims dims{b, groups > 1};
  AffineExpr batch = dims.next(), group = dims.group(), channel = dims.next();
  auto position = dims.spatial(windows.rank());
  AffineExpr out = dims.next();
  auto offset = dims.spatial(windows.rank());
  Value sum =
      reduction(b, loc, result.clone(shape), 0.0,
                concat(weightType.getDimSize(0) / groups, windows.kernel), {doutput, weight},
                {dims.map({batch, group, out}, transposed.coordinates(position, offset)),
                 dims.map({group, out, channel}, offset)},
                multiplyAdd);
  if (groups == 1) {
    noteZeroBorders(sum, transposed.low, transposed.high);
  }
  return {joinGroups(b, loc, sum, result)};
}

void populateContractionLowering(RewritePatternSet &patterns) {
  addLowering<nn::MatmulOp>(patterns, lowerMatmul);
  addLowering<nn::ConvOp>(patterns, lowerConv);
  addLowering<nn::ConvDwOp>(patterns, lowerConvDw);
  addLowering<nn::ConvDxOp>(patterns, lowerConvDx);
}

} // namespace ntc::fuse
