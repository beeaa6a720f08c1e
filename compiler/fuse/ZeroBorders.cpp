// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The note is an attribute of the operation, [low, high] per dimension of input 0.

#include "compiler/fuse/ZeroBorders.h"

using namespace mlir;

namespace ntc::fuse {

static constexpr llvm::StringLiteral kNote = "zero_borders";

void noteZeroBorders(Value sum, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  SmallVector<int64_t> borders(4, 0);
  for (auto [before, behind] : llvm::zip_equal(low, high)) {
    borders.append({before, behind});
  }
  if (llvm::any_of(borders, [](int64_t width) { return width > 0; })) {
    sum.getDefiningOp()->setAttr(kNote, DenseI64ArrayAttr::get(sum.getContext(), borders));
  }
}

void permuteZeroBorders(Operation *op, ArrayRef<int64_t> order) {
  auto note = op->getAttrOfType<DenseI64ArrayAttr>(kNote);
  if (!note) {
    return;
  }
  SmallVector<int64_t> borders;
  for (int64_t d : order) {
    borders.append({note[2 * d], note[2 * d + 1]});
  }
  op->setAttr(kNote, DenseI64ArrayAttr::get(op->getContext(), borders));
}

std::pair<int64_t, int64_t> ClippedLoop::tapsAt(int64_t at, int64_t taps) const {
  int64_t first = tapStep > 0 ? lower - positionStep * at : positionStep * at - upper + 1;
  int64_t end = first + upper - lower;
  first = std::clamp<int64_t>(first, 0, taps);
  return {first, std::clamp(end, first, taps)};
}

/// The loops of one dimension: `expr` indexes `size` elements, of which those from `lower` up to
/// `upper` may be other than zero. Nothing where it is not a position and one tap after another.
static std::optional<ClippedLoop> clippedLoop(const Nest &nest, AffineExpr expr, int64_t lower,
                                              int64_t upper) {
  ClippedLoop loop;
  unsigned loops = nest.extents.size(), taps = 0, positions = 0;
  AffineMap map = AffineMap::get(loops, 0, expr);
  SmallVector<int64_t> at(loops, 0);
  int64_t constant = map.compose(at)[0];
  for (unsigned d = 0; d < loops; ++d) {
    if (!expr.isFunctionOfDim(d)) {
      continue;
    }
    at[d] = 1;
    int64_t step = map.compose(at)[0] - constant;
    at[d] = 0;
    (nest.isReduction[d] ? taps : positions) += 1;
    (nest.isReduction[d] ? loop.tap : loop.position) = d;
    (nest.isReduction[d] ? loop.tapStep : loop.positionStep) = step;
  }
  if (taps != 1 || positions != 1 || std::abs(loop.tapStep) != 1) {
    return std::nullopt;
  }
  loop.lower = lower - constant;
  loop.upper = upper - constant;
  return loop;
}

SmallVector<ClippedLoop> clippedLoops(const Nest &nest, const ContractionForm &form,
                                      StringRef *whyNot) {
  constexpr int64_t kFewestRows = 6;
  constexpr double kSmallestShare = 0.1;
  auto note = nest.op->getAttrOfType<DenseI64ArrayAttr>(kNote);
  if (!note) {
    return {};
  }
  auto refuse = [&](StringRef reason) {
    if (whyNot) {
      *whyNot = reason;
    }
    return SmallVector<ClippedLoop>();
  };
  if (form.kind != ContractionForm::Kind::Outer || form.lhs != 0 || sumsPairs(nest)) {
    return refuse("its register tiles have rows of another kind");
  }
  const Access &read = nest.reads[0];
  SmallVector<ClippedLoop> loops;
  double needed = 1;
  for (auto [d, expr] : llvm::enumerate(read.map.getResults())) {
    int64_t low = note[2 * d], high = note[2 * d + 1],
            size = cast<RankedTensorType>(read.tensor.getType()).getDimSize(d);
    auto loop = low + high == 0 ? std::nullopt : clippedLoop(nest, expr, low, size - high);
    if (!loop) {
      continue;
    }
    int64_t taps = nest.extents[loop->tap], positions = nest.extents[loop->position], inside = 0;
    for (int64_t at = 0; at < positions; ++at) {
      auto [first, end] = loop->tapsAt(at, taps);
      inside += end - first;
    }
    needed *= static_cast<double>(inside) / static_cast<double>(taps * positions);
    loops.push_back(*loop);
  }
  if (1 - needed < kSmallestShare) {
    return refuse("few of its products are with zeros");
  }
  int64_t batch = 1;
  for (unsigned row : form.rowLoops) {
    bool isPosition =
        llvm::any_of(loops, [&](const ClippedLoop &loop) { return loop.position == row; });
    batch *= isPosition ? 1 : nest.extents[row];
  }
  return batch < kFewestRows ? refuse("there are too few images to fill tiles with") : loops;
}

} // namespace ntc::fuse
