// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognizes the form in the body of a linalg.generic.

#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace ntc::fuse {

/// A linear function of loops: factors per loop, and a constant.
struct LinearIndex {
  llvm::MapVector<unsigned, int64_t> factors;
  int64_t constant = 0;
};

static std::optional<LinearIndex> linearIndex(Value value) {
  APInt number;
  if (matchPattern(value, m_ConstantInt(&number))) {
    return LinearIndex{{}, number.getSExtValue()};
  }
  Operation *def = value.getDefiningOp();
  if (auto index = dyn_cast_or_null<linalg::IndexOp>(def)) {
    LinearIndex linear;
    linear.factors[index.getDim()] = 1;
    return linear;
  }
  if (auto cast = dyn_cast_or_null<arith::IndexCastOp>(def)) {
    return linearIndex(cast.getIn());
  }
  if (!isa_and_nonnull<arith::AddIOp, arith::MulIOp>(def)) {
    return std::nullopt;
  }
  auto lhs = linearIndex(def->getOperand(0)), rhs = linearIndex(def->getOperand(1));
  if (!lhs || !rhs) {
    return std::nullopt;
  }
  if (isa<arith::AddIOp>(def)) {
    for (auto &[loop, factor] : rhs->factors) {
      lhs->factors[loop] += factor;
    }
    lhs->constant += rhs->constant;
    return lhs;
  }
  if (!lhs->factors.empty()) {
    std::swap(lhs, rhs);
  }
  if (!lhs->factors.empty()) {
    return std::nullopt;
  }
  for (auto &entry : rhs->factors) {
    entry.second *= lhs->constant;
  }
  rhs->constant *= lhs->constant;
  return rhs;
}

/// The number of the block argument `value`, or nothing.
static std::optional<unsigned> argumentNumber(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument ? std::optional(argument.getArgNumber()) : std::nullopt;
}

/// Fills in the loops if `index` is the row-major index of some reduction loops.
static bool takeOffsets(linalg::GenericOp op, const LinearIndex &index, WinnerForm &form) {
  SmallVector<std::pair<int64_t, unsigned>> sorted; // factor, loop
  for (auto &[loop, factor] : index.factors) {
    sorted.push_back({factor, loop});
  }
  llvm::sort(sorted);
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  int64_t expected = 1;
  for (auto [factor, loop] : sorted) {
    if (factor != expected || op.getIteratorTypesArray()[loop] != utils::IteratorType::reduction) {
      return false;
    }
    expected *= extents[loop];
    form.offsetLoops.insert(form.offsetLoops.begin(), loop);
  }
  return index.constant == 0 && !sorted.empty();
}

std::optional<WinnerForm> winnerForm(Operation *op) {
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInits() != 1 || generic.getNumReductionLoops() == 0) {
    return std::nullopt;
  }
  Block &body = generic.getRegion().front();
  Value accumulator = body.getArguments().back();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add || (add.getLhs() != accumulator && add.getRhs() != accumulator)) {
    return std::nullopt;
  }
  Value product = add.getLhs() == accumulator ? add.getRhs() : add.getLhs();
  auto mul = product.getDefiningOp<arith::MulFOp>();
  if (!mul) {
    return std::nullopt;
  }
  auto share = mul.getLhs().getDefiningOp<arith::SelectOp>();
  Value other = mul.getRhs();
  if (!share) {
    share = mul.getRhs().getDefiningOp<arith::SelectOp>();
    other = mul.getLhs();
  }
  if (!share || !matchPattern(share.getFalseValue(), m_PosZeroFloat())) {
    return std::nullopt;
  }
  auto compare = share.getCondition().getDefiningOp<arith::CmpIOp>();
  if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq) {
    return std::nullopt;
  }
  bool swapped = !isa<BlockArgument>(compare.getLhs());
  auto winner = argumentNumber(swapped ? compare.getRhs() : compare.getLhs()),
       value = argumentNumber(share.getTrueValue()), rhs = argumentNumber(other);
  auto index = linearIndex(swapped ? compare.getLhs() : compare.getRhs());
  WinnerForm form;
  if (!winner || !value || !rhs || !index || !takeOffsets(generic, *index, form)) {
    return std::nullopt;
  }
  form.winner = *winner;
  form.value = *value;
  form.rhs = *rhs;
  // The winner and its value belong together, and do not depend on the offset.
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  if (maps[form.winner] != maps[form.value] || form.rhs == form.value ||
      llvm::any_of(form.offsetLoops,
                   [&](unsigned loop) { return maps[form.value].isFunctionOfDim(loop); })) {
    return std::nullopt;
  }
  return form;
}

int64_t offsetCount(const Nest &nest, const WinnerForm &form) {
  int64_t count = 1;
  for (unsigned loop : form.offsetLoops) {
    count *= nest.extents[loop];
  }
  return count;
}

SmallVector<int64_t> winnerGrains(const Nest &nest, const WinnerForm &form) {
  SmallVector<int64_t> grains(nest.extents.size(), 1);
  auto generic = cast<linalg::GenericOp>(nest.op);
  AffineMap value = generic.getIndexingMapsArray()[form.value],
            rhs = generic.getIndexingMapsArray()[form.rhs];
  auto type = cast<RankedTensorType>(generic.getInputs()[form.rhs].getType());
  constexpr int64_t kManyElements = 64 * 1024, kSharing = 16;
  for (unsigned loop = 0; loop < nest.extents.size(); ++loop) {
    if (nest.isReduction[loop]) {
      continue;
    }
    if (!value.isFunctionOfDim(loop)) {
      // Unrolled, or run along by vectors.
      grains[loop] = nest.extents[loop];
    } else if (!rhs.isFunctionOfDim(loop) && type.getNumElements() > kManyElements) {
      // Every group reads all of rhs, which many indices should share.
      grains[loop] = std::min(kSharing, nest.extents[loop]);
    }
  }
  return grains;
}

} // namespace ntc::fuse
