// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The gradient of a strided convolution by its input, in parts. With stride S, elements y that
// leave the same rest by S meet the same elements of the kernel, a share of 1 / S per dimension:
// each rest is a convolution of its own, of stride 1, and the parts lie between each other in the
// result. The form that spreads the gradient by the strides (LowerContraction.cpp) multiplies
// mostly zeros.

#include "compiler/fuse/LowerToLinalg.h"
#include "compiler/fuse/Passes.h"
#include "compiler/fuse/ZeroBorders.h"
#include "dialects/LocalRewrites.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;

namespace ntc::fuse {
namespace nn = ir::nn;

#define GEN_PASS_DEF_SPLITSTRIDEDGRADIENTS
#include "compiler/fuse/Passes.h.inc"

namespace {

/// One rest of a spatial dimension: element `first` + q * S, q < `count`, receives from the windows
/// q + `shift` - t * `step` the kernel's elements `tap` + t * `tapStep`, t < `taps`.
struct Rest {
  int64_t first = 0, count = 0;
  int64_t shift = 0, step = 0;
  int64_t tap = 0, tapStep = 0, taps = 0;

  /// Zeros needed before and behind `windows` windows.
  int64_t low() const { return std::max<int64_t>(0, (taps - 1) * step - shift); }
  int64_t high(int64_t windows) const { return std::max<int64_t>(0, count + shift - windows); }
};

/// The rests of dimension `d` that any element of the kernel meets.
SmallVector<Rest> restsOf(const nn::Windows &windows, size_t d, int64_t size) {
  int64_t stride = windows.strides[d], dilation = windows.dilations[d];
  int64_t common = std::gcd(stride, dilation);
  SmallVector<Rest> rests;
  for (int64_t first = 0; first < std::min(stride, size); ++first) {
    Rest rest;
    rest.first = first;
    rest.count = llvm::divideCeil(size - first, stride);
    rest.step = dilation / common;
    rest.tapStep = stride / common;
    for (int64_t tap = 0; tap < std::min(rest.tapStep, windows.kernel[d]); ++tap) {
      int64_t distance = first + windows.padsLow[d] - tap * dilation;
      if (distance % stride == 0) {
        rest.tap = tap;
        rest.taps = llvm::divideCeil(windows.kernel[d] - tap, rest.tapStep);
        rest.shift = distance / stride;
      }
    }
    if (rest.taps > 0) {
      rests.push_back(rest);
    }
  }
  return rests;
}

/// Calls `visit` with one rest per dimension, for all combinations.
void forEachCombination(ArrayRef<SmallVector<Rest>> rests, SmallVector<Rest> &chosen,
                        llvm::function_ref<void(ArrayRef<Rest>)> visit) {
  if (chosen.size() == rests.size()) {
    return visit(chosen);
  }
  for (const Rest &rest : rests[chosen.size()]) {
    chosen.push_back(rest);
    forEachCombination(rests, chosen, visit);
    chosen.pop_back();
  }
}

/// dx[b, c, first + q * S] = sum over o, t of dy[b, o, q + shift - t * step]
///                                           * w[o, c, tap + t * tapStep],
/// dy being padded by `low` and `high`.
Value partOf(OpBuilder &b, nn::ConvDxOp op, Value doutput, Value weight, ArrayRef<int64_t> low,
             ArrayRef<int64_t> high, ArrayRef<Rest> rests) {
  size_t rank = rests.size();
  unsigned loops = 3 + 2 * rank;
  auto dim = [&](unsigned loop) { return b.getAffineDimExpr(loop); };
  // Loops: batch, channel, positions; output channel, taps.
  SmallVector<AffineExpr> gradients = {dim(0), dim(2 + rank)}, weights = {dim(2 + rank), dim(1)};
  auto result = typeOf(op.getDinput());
  SmallVector<int64_t> shape(result.getShape().take_front(2)),
      reduced = {typeOf(weight).getDimSize(0)};
  for (auto [d, rest] : llvm::enumerate(rests)) {
    AffineExpr tap = dim(3 + rank + d);
    gradients.push_back(dim(2 + d) - tap * rest.step + (rest.shift + low[d]));
    weights.push_back(tap * rest.tapStep + rest.tap);
    shape.push_back(rest.count);
    reduced.push_back(rest.taps);
  }
  auto mapOf = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops, 0, exprs, b.getContext());
  };
  Value sum = reduction(b, op.getLoc(), result.clone(shape), 0.0, reduced, {doutput, weight},
                        {mapOf(gradients), mapOf(weights)}, multiplyAdd);
  noteZeroBorders(sum, low, high);
  return sum;
}

LogicalResult split(nn::ConvDxOp op, PatternRewriter &b) {
  if (llvm::all_of(op.getStrides(), [](int64_t stride) { return stride == 1; })) {
    return failure();
  }
  Location loc = op.getLoc();
  constexpr auto kSplit = remark::RemarkOpts::name("split").category("split-strided-gradients");
  if (op.getGroups() != 1) {
    remark::missed(loc, kSplit) << remark::add(
        "not split by strides: the convolution has {0} groups", op.getGroups());
    return failure();
  }
  auto result = typeOf(op.getDinput());
  nn::Windows windows = nn::convWindowsOf(op, typeOf(op.getWeight()));
  size_t rank = windows.rank();
  Value doutput = narrowOperand(op.getDoutput()), weight = narrowOperand(op.getWeight());
  SmallVector<SmallVector<Rest>> rests;
  SmallVector<int64_t> low, high, interior(rank, 0);
  int64_t parts = 1, all = 1;
  for (size_t d = 0; d < rank; ++d) {
    int64_t size = result.getDimSize(2 + d);
    rests.push_back(restsOf(windows, d, size));
    low.push_back(0);
    high.push_back(0);
    for (const Rest &rest : rests.back()) {
      low[d] = std::max(low[d], rest.low());
      high[d] = std::max(high[d], rest.high(typeOf(doutput).getDimSize(2 + d)));
    }
    parts *= rests.back().size();
    all *= std::min(windows.strides[d], size);
  }
  doutput = padSpatial(b, loc, doutput, low, high, interior);
  Value whole = tensor::EmptyOp::create(b, loc, result.getShape(), result.getElementType());
  if (parts < all) {
    // Elements that no window reads.
    whole = elementwise(b, loc, result, {}, [&](OpBuilder &body, Location loc, ValueRange) {
      return scalar(body, loc, result.getElementType(), 0.0);
    });
  }
  SmallVector<int64_t> steps = {1, 1};
  llvm::append_range(steps, windows.strides);
  SmallVector<Rest> chosen;
  forEachCombination(rests, chosen, [&](ArrayRef<Rest> combination) {
    Value part = partOf(b, op, doutput, weight, low, high, combination);
    SmallVector<int64_t> offsets = {0, 0};
    for (const Rest &rest : combination) {
      offsets.push_back(rest.first);
    }
    whole = tensor::InsertSliceOp::create(
        b, loc, part, whole, getAsIndexOpFoldResult(b.getContext(), offsets),
        getAsIndexOpFoldResult(b.getContext(), typeOf(part).getShape()),
        getAsIndexOpFoldResult(b.getContext(), steps));
  });
  remark::passed(loc, kSplit) << remark::add("split by strides into {0} convolutions", parts);
  b.replaceOp(op, whole);
  return success();
}

struct SplitStridedGradients : impl::SplitStridedGradientsBase<SplitStridedGradients> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add(split);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), localRewritesOnly()))) {
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace ntc::fuse
