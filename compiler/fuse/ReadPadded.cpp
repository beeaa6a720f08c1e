// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A use is moved by adding the padding to the indices of its map.

#include "compiler/fuse/ReadPadded.h"

#include "compiler/fuse/DispatchNames.h"
#include "compiler/fuse/IterationSpace.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ntc::fuse {
namespace {

constexpr auto kReadPadded = remark::RemarkOpts::name("read-padded").category("read-padded");

/// Does nothing but constants lie around the elements that `insert` writes, one beside the other?
bool isPadding(tensor::InsertSliceOp insert) {
  if (insert.getSourceType().getRank() != insert.getDestType().getRank() ||
      !llvm::all_of(insert.getStaticStrides(), [](int64_t stride) { return stride == 1; })) {
    return false;
  }
  Operation *around = insert.getDest().getDefiningOp();
  auto generic = dyn_cast_or_null<linalg::GenericOp>(around);
  return around && (isMaterial(around) || (generic && generic.getInputs().empty()));
}

/// Does `index` run with one loop alone, one step at a time? Loops of one iteration do not count.
bool isOneLoop(AffineExpr index, linalg::GenericOp op) {
  SmallVector<AffineExpr> loops;
  for (auto [loop, extent] : llvm::enumerate(op.getStaticLoopRanges())) {
    loops.push_back(extent == 1 ? getAffineConstantExpr(0, op.getContext())
                                : getAffineDimExpr(loop, op.getContext()));
  }
  return isa<AffineDimExpr>(index.replaceDims(loops));
}

/// Can the reader of `use` add offsets to its indices, and lose nothing? A sum of products that
/// reads whole rows would find them apart; one that strides over them anyway would not. Where a
/// dimension is padded behind its elements only, its index stays a loop, whose extent the verifier
/// would take from the padded tensor.
bool canMove(OpOperand &use, tensor::InsertSliceOp insert) {
  auto generic = dyn_cast<linalg::GenericOp>(use.getOwner());
  if (!generic || !generic.isDpsInput(&use) || winnerForm(generic)) {
    return false;
  }
  AffineMap map = generic.getMatchingIndexingMap(&use);
  for (int64_t d = 0; d < insert.getSourceType().getRank(); ++d) {
    AffineExpr index = map.getResult(d);
    if (insert.getSourceType().getDimSize(d) == insert.getDestType().getDimSize(d)) {
      continue;
    }
    if ((isContraction(generic) && isOneLoop(index, generic)) ||
        (isa<AffineDimExpr>(index) && insert.getStaticOffset(d) == 0)) {
      return false;
    }
  }
  return true;
}

/// Makes the reader of `use` read `insert`'s result at the same elements.
void move(OpOperand &use, tensor::InsertSliceOp insert) {
  auto generic = cast<linalg::GenericOp>(use.getOwner());
  AffineMap map = generic.getMatchingIndexingMap(&use);
  SmallVector<AffineExpr> shifted;
  for (auto [index, offset] : llvm::zip_equal(map.getResults(), insert.getStaticOffsets())) {
    shifted.push_back(index + offset);
  }
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  maps[use.getOperandNumber()] =
      AffineMap::get(map.getNumDims(), map.getNumSymbols(), shifted, map.getContext());
  generic.setIndexingMapsAttr(Builder(generic).getAffineMapArrayAttr(maps));
  use.set(insert.getResult());
}

} // namespace

void readPadded(ArrayRef<Operation *> group) {
  const SetVector<Operation *> members(group.begin(), group.end());
  for (Operation *op : group) {
    auto insert = dyn_cast<tensor::InsertSliceOp>(op);
    if (!insert || !members.contains(insert.getSource().getDefiningOp()) || !isPadding(insert)) {
      continue;
    }
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : insert.getSource().getUses()) {
      if (!members.contains(use.getOwner())) {
        uses.push_back(&use);
      }
    }
    if (uses.empty()) {
      continue;
    }
    const bool isHeard = op->getContext()->getRemarkEngine() != nullptr;
    const auto *other =
        llvm::find_if_not(uses, [&](OpOperand *use) { return canMove(*use, insert); });
    if (other != uses.end()) {
      if (isHeard) {
        remark::missed(op->getLoc(), kReadPadded)
            << remark::add("stored beside its padded copy: {0} cannot read that",
                           layerName((*other)->getOwner()->getLoc()));
      }
      continue;
    }
    for (OpOperand *use : uses) {
      if (isHeard) {
        remark::passed(op->getLoc(), kReadPadded) << remark::add(
            "read from its padded copy by {0}", layerName(use->getOwner()->getLoc()));
      }
      move(*use, insert);
    }
  }
}

} // namespace ntc::fuse
