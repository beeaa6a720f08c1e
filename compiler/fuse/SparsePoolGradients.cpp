// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradients of a convolution whose output is pooled: instead of spreading the pooled gradient over
// the convolution's output, where most elements are zero, sums run over windows and their winners
// (WinnerForm.h). With pooling windows of S elements that lie side by side, the gradient of the
// weight needs 1 / S of the products; that of the input, in which every winner adds to a patch of
// the result, ((S + K - 1) / (S K))^n for kernels of K and pooling windows of S in n dimensions.

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

/// Vectors of results that share one value: with fewer, looking for the winner costs more than its
/// products. Judged by 16 lanes.
constexpr int64_t kLeastVectors = 6;

/// Is a sum over winners, each of which adds to a patch of the result, little against the dense
/// sum?
bool paysByInput(ArrayRef<int64_t> pooling, ArrayRef<int64_t> kernel, int64_t channels) {
  int64_t patch = 1, dense = 1, vectors = llvm::divideCeil(channels, 16);
  for (auto [span, taps] : llvm::zip_equal(pooling, kernel)) {
    patch *= span + taps - 1;
    dense *= span * taps;
  }
  return 2 * patch <= dense && vectors * patch >= kLeastVectors;
}

/// `padded` without its borders.
Value withoutBorders(OpBuilder &b, Location loc, Value padded, RankedTensorType type,
                     ArrayRef<int64_t> low) {
  SmallVector<OpFoldResult> offsets(2, b.getIndexAttr(0)), sizes,
      strides(type.getRank(), b.getIndexAttr(1));
  for (int64_t border : low) {
    offsets.push_back(b.getIndexAttr(border));
  }
  for (int64_t size : type.getShape()) {
    sizes.push_back(b.getIndexAttr(size));
  }
  return tensor::ExtractSliceOp::create(b, loc, type, padded, offsets, sizes, strides);
}

// dx[b, c, q * S + p - pad] += sum over o, u of (winner[b, o, q] == u ? dy[b, o, q] : 0)
//                                               * w[o, c, p - u]
//
// for windows q and all p that the kernel reaches from one: neighbouring windows add to the same
// elements, so that loops over both are reductions that index the result.
LogicalResult sparseDx(nn::ConvDxOp op, PatternRewriter &b) {
  nn::MaxPoolDxOp pool = sparseGradient(op.getDoutput());
  if (!pool || op.getGroups() != 1) {
    return failure();
  }
  Location loc = op.getLoc();
  auto result = typeOf(op.getDinput()), weightType = typeOf(op.getWeight());
  nn::Windows windows = nn::convWindowsOf(op, weightType);
  auto isOne = [](int64_t step) { return step == 1; };
  ArrayRef<int64_t> kernel = pool.getKernel();
  if (!llvm::all_of(windows.strides, isOne) || !llvm::all_of(windows.dilations, isOne) ||
      !paysByInput(kernel, windows.kernel, result.getDimSize(1))) {
    return failure();
  }
  size_t rank = windows.rank();
  LoopNumbers loops;
  unsigned batch = loops.next(), channel = loops.next();
  unsigned parallel = loops.total, filter = loops.next();
  auto window = loops.next(rank), place = loops.next(rank), offset = loops.next(rank);
  auto dim = [&](unsigned loop) { return b.getAffineDimExpr(loop); };
  SmallVector<AffineExpr> values = {dim(batch), dim(filter)}, weights = {dim(filter), dim(channel)},
                          results = {dim(batch), dim(channel)}, extents;
  SmallVector<int64_t> sizes, border, shape(result.getShape().take_front(2));
  for (size_t d = 0; d < rank; ++d) {
    border.push_back(kernel[d] - 1);
    values.push_back(dim(window[d]));
    weights.push_back(dim(place[d]) - dim(offset[d]) + border[d]);
    results.push_back(dim(window[d]) * kernel[d] + dim(place[d]));
    extents.append({dim(place[d]), dim(offset[d])});
    sizes.append({kernel[d] + windows.kernel[d] - 1, kernel[d]});
    shape.push_back(result.getDimSize(2 + d) + windows.padsLow[d] + windows.padsHigh[d]);
  }
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops.total, 0, exprs, b.getContext());
  };
  SmallVector<utils::IteratorType> iterators(loops.total, utils::IteratorType::reduction);
  std::fill_n(iterators.begin(), parallel, utils::IteratorType::parallel);
  // Extents of loops that no operand has for itself are carried by one that nobody reads.
  Value weight = padSpatial(b, loc, op.getWeight(), border, border),
        carrier = tensor::EmptyOp::create(b, loc, sizes, result.getElementType());
  auto padded = result.clone(shape);
  Value sum = linalg::GenericOp::create(
                  b, loc, padded, ValueRange{pool.getDoutput(), pool.getWinner(), weight, carrier},
                  filled(b, loc, padded, 0.0),
                  ArrayRef<AffineMap>{mapOf(values), mapOf(values), mapOf(weights), mapOf(extents),
                                      mapOf(results)},
                  iterators,
                  [&](OpBuilder &b, Location loc, ValueRange x) {
                    linalg::YieldOp::create(b, loc, multiplyShare(b, loc, x, offset, kernel));
                  })
                  .getResult(0);
  b.replaceOp(op, padded == result ? sum : withoutBorders(b, loc, sum, result, windows.padsLow));
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
