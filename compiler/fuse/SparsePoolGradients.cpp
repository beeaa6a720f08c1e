// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradients of a convolution whose output is pooled: instead of spreading the pooled gradient over
// the convolution's output, where most elements are zero, sums run over windows and their winners
// (WinnerForm.h). With pooling windows of S elements that lie side by side, the gradient of the
// weight needs 1 / S of the products; that of the input, in which positions are grouped by their
// place in a window, (T S / K)^n / S for kernels of K and T windows that reach a position.

#include "compiler/fuse/LowerToLinalg.h"
#include "compiler/fuse/Passes.h"
#include "dialects/LocalRewrites.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

#define GEN_PASS_DEF_SPARSEPOOLGRADIENTS
#include "compiler/fuse/Passes.h.inc"

/// The gradient of a pooling that `doutput` is: windows of at least two elements, side by side,
/// that cover the pooling's input. Null for others.
static nn::MaxPoolDxOp sparseGradient(Value doutput) {
  auto dx = doutput.getDefiningOp<nn::MaxPoolDxOp>();
  if (!dx) {
    return {};
  }
  nn::Windows windows = nn::windowsOf(dx);
  int64_t elements = 1;
  for (int64_t extent : windows.kernel) {
    elements *= extent;
  }
  bool fits = windowsTileInput(windows, typeOf(dx.getDinput()).getShape().drop_front(2),
                               typeOf(dx.getDoutput()).getShape().drop_front(2));
  return fits && elements >= 2 ? dx : nn::MaxPoolDxOp();
}

/// Numbers of consecutive loops, as they are given out.
struct LoopNumbers {
  unsigned total = 0;
  unsigned next() { return total++; }
  SmallVector<unsigned> next(size_t count) {
    SmallVector<unsigned> numbers;
    for (size_t i = 0; i < count; ++i) {
      numbers.push_back(next());
    }
    return numbers;
  }
};

/// Zeros around the spatial dimensions of (_, _, spatial...).
static Value padSpatial(OpBuilder &b, Location loc, Value input, ArrayRef<int64_t> low,
                        ArrayRef<int64_t> high) {
  SmallVector<int64_t> allLow = {0, 0}, allHigh = {0, 0}, interior(low.size() + 2, 0);
  allLow.append(low.begin(), low.end());
  allHigh.append(high.begin(), high.end());
  return padded(b, loc, input, allLow, allHigh, interior, 0.0);
}

/// acc + (winner == offset ? value : 0) * rhs over the arguments (value, winner, rhs, ..., acc).
static Value multiplyShare(OpBuilder &b, Location loc, ValueRange x, ArrayRef<unsigned> offsets,
                           ArrayRef<int64_t> kernel) {
  Value share = winnersShare(b, loc, x[0], x[1], offsets, kernel);
  return arith::AddFOp::create(b, loc, x.back(), arith::MulFOp::create(b, loc, share, x[2]));
}

namespace {

// dW[o, c, k] = sum over b, p, u of (winner[b, o, p] == u ? dy[b, o, p] : 0)
//                                   * x[b, c, (p * S + u) * stride + k * dilation]
LogicalResult sparseDw(nn::ConvDwOp op, PatternRewriter &b) {
  nn::MaxPoolDxOp pool = sparseGradient(op.getDoutput());
  if (!pool || op.getGroups() != 1) {
    return failure();
  }
  Location loc = op.getLoc();
  auto result = typeOf(op.getDweight()), pooled = typeOf(pool.getDoutput());
  nn::Windows windows = nn::convWindowsOf(op, result);
  size_t rank = windows.rank();
  ArrayRef<int64_t> kernel = pool.getKernel();
  Value input = padSpatial(b, loc, op.getInput(), windows.padsLow, windows.padsHigh);
  int64_t runs = partialSums(result, typeOf(op.getInput()), pooled),
          samples = pooled.getDimSize(0) / runs;
  LoopNumbers loops;
  unsigned run = runs > 1 ? loops.next() : 0;
  unsigned filter = loops.next(), channel = loops.next();
  auto offset = loops.next(rank);
  unsigned batch = loops.next();
  auto position = loops.next(rank), place = loops.next(rank);
  auto dim = [&](unsigned loop) { return b.getAffineDimExpr(loop); };
  AffineExpr sample = runs > 1 ? dim(run) * samples + dim(batch) : dim(batch);
  SmallVector<AffineExpr> values = {sample, dim(filter)}, inputs = {sample, dim(channel)};
  SmallVector<int64_t> reduced = {samples}, shape(result.getShape());
  if (runs > 1) {
    shape.insert(shape.begin(), runs);
  }
  for (size_t d = 0; d < rank; ++d) {
    values.push_back(dim(position[d]));
    inputs.push_back((dim(position[d]) * kernel[d] + dim(place[d])) * windows.strides[d] +
                     dim(offset[d]) * windows.dilations[d]);
  }
  llvm::append_range(reduced, pooled.getShape().drop_front(2));
  llvm::append_range(reduced, kernel);
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops.total, 0, exprs, b.getContext());
  };
  Value sum = reduction(
      b, loc, result.clone(shape), 0.0, reduced, {pool.getDoutput(), pool.getWinner(), input},
      {mapOf(values), mapOf(values), mapOf(inputs)}, [&](OpBuilder &b, Location loc, ValueRange x) {
        return multiplyShare(b, loc, x, place, kernel);
      });
  b.replaceOp(op, runs > 1 ? addPartialSums(b, loc, sum) : sum);
  return success();
}

/// One spatial dimension of the gradient by the input: position y = q * S + r receives from the
/// windows q - t, t in [first, first + taps), with the kernel's element t * S + r + pad - u.
struct Taps {
  int64_t first = 0, taps = 0;
  int64_t valueLow = 0, valueHigh = 0;   ///< padding of the pooled gradient
  int64_t kernelLow = 0, kernelHigh = 0; ///< padding of the kernel
  Taps(int64_t size, int64_t windows, int64_t span, int64_t kernel, int64_t pad) {
    first = -((span - 1 + pad) / span);
    int64_t last = llvm::divideFloorSigned(kernel - 1 - pad + span - 1, span);
    taps = last - first + 1;
    valueLow = std::max<int64_t>(0, last);
    valueHigh = std::max<int64_t>(0, size / span - 1 - first - (windows - 1));
    kernelLow = std::max<int64_t>(0, span - 1 - first * span - pad);
    kernelHigh = std::max<int64_t>(0, last * span + span - 1 + pad - (kernel - 1));
  }
};

/// Vectors of results that share one value: with fewer, looking for the winner costs more than the
/// dense sum. Judged by 16 lanes.
constexpr int64_t kLeastVectors = 6;

// dx[b, c, q * S + r] = sum over o, t, u of (winner[b, o, q - t] == u ? dy[b, o, q - t] : 0)
//                                           * w[o, c, t * S + r + pad - u]
LogicalResult sparseDx(nn::ConvDxOp op, PatternRewriter &b) {
  nn::MaxPoolDxOp pool = sparseGradient(op.getDoutput());
  if (!pool || op.getGroups() != 1) {
    return failure();
  }
  Location loc = op.getLoc();
  auto result = typeOf(op.getDinput()), weightType = typeOf(op.getWeight()),
       pooled = typeOf(pool.getDoutput());
  nn::Windows windows = nn::convWindowsOf(op, weightType);
  size_t rank = windows.rank();
  ArrayRef<int64_t> kernel = pool.getKernel();
  SmallVector<int64_t> valueLow, valueHigh, kernelLow, kernelHigh, taps, first;
  int64_t sharing = llvm::divideCeil(result.getDimSize(1), 16);
  for (size_t d = 0; d < rank; ++d) {
    int64_t size = result.getDimSize(2 + d);
    Taps tap(size, pooled.getDimSize(2 + d), kernel[d], windows.kernel[d], windows.padsLow[d]);
    if (windows.strides[d] != 1 || windows.dilations[d] != 1 || size % kernel[d] != 0 ||
        tap.taps < 1) {
      return failure();
    }
    valueLow.push_back(tap.valueLow);
    valueHigh.push_back(tap.valueHigh);
    kernelLow.push_back(tap.kernelLow);
    kernelHigh.push_back(tap.kernelHigh);
    taps.push_back(tap.taps);
    first.push_back(tap.first);
    sharing *= kernel[d];
  }
  if (sharing < kLeastVectors) {
    return failure();
  }
  Value value = padSpatial(b, loc, pool.getDoutput(), valueLow, valueHigh),
        winner = padSpatial(b, loc, pool.getWinner(), valueLow, valueHigh),
        weight = padSpatial(b, loc, op.getWeight(), kernelLow, kernelHigh);
  LoopNumbers loops;
  unsigned batch = loops.next(), channel = loops.next();
  auto window = loops.next(rank), place = loops.next(rank);
  unsigned parallel = loops.total, filter = loops.next();
  auto tap = loops.next(rank), offset = loops.next(rank);
  auto dim = [&](unsigned loop) { return b.getAffineDimExpr(loop); };
  SmallVector<AffineExpr> values = {dim(batch), dim(filter)}, weights = {dim(filter), dim(channel)},
                          results = {dim(batch), dim(channel)}, extents;
  SmallVector<int64_t> sizes;
  for (size_t d = 0; d < rank; ++d) {
    values.push_back(dim(window[d]) - dim(tap[d]) + (valueLow[d] - first[d]));
    weights.push_back(dim(tap[d]) * kernel[d] + dim(place[d]) - dim(offset[d]) +
                      (first[d] * kernel[d] + windows.padsLow[d] + kernelLow[d]));
    results.push_back(dim(window[d]) * kernel[d] + dim(place[d]));
    for (auto [loop, size] : {std::pair(window[d], result.getDimSize(2 + d) / kernel[d]),
                              std::pair(place[d], kernel[d]), std::pair(tap[d], taps[d]),
                              std::pair(offset[d], kernel[d])}) {
      extents.push_back(dim(loop));
      sizes.push_back(size);
    }
  }
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops.total, 0, exprs, b.getContext());
  };
  SmallVector<utils::IteratorType> iterators(loops.total, utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), parallel, utils::IteratorType::parallel);
  // Extents of loops that no operand has for itself are carried by one that nobody reads.
  Value carrier = tensor::EmptyOp::create(b, loc, sizes, result.getElementType());
  b.replaceOpWithNewOp<linalg::GenericOp>(
      op, result, ValueRange{value, winner, weight, carrier}, filled(b, loc, result, 0.0),
      ArrayRef<AffineMap>{mapOf(values), mapOf(values), mapOf(weights), mapOf(extents),
                          mapOf(results)},
      iterators, [&](OpBuilder &b, Location loc, ValueRange x) {
        linalg::YieldOp::create(b, loc, multiplyShare(b, loc, x, offset, kernel));
      });
  return success();
}

struct SparsePoolGradients : impl::SparsePoolGradientsBase<SparsePoolGradients> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add(sparseDw);
    patterns.add(sparseDx);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), localRewritesOnly()))) {
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace ntc::fuse
