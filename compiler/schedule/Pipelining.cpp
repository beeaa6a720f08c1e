// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rule for elementwise loops beside sums of products.

#include "compiler/schedule/Pipelining.h"

#include "compiler/fuse/ContractionForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ntc::schedule {

/// With 32 products per sum the update of Adam takes the units that multiply half as long again,
/// and is slower beside the sums than in a loop of its own; with 64 they are even, with 128 it
/// hides.
static constexpr int64_t kShortestSum = 64;

static bool isElementwise(const fuse::Nest &nest) {
  return isa<linalg::GenericOp>(nest.op) && !isTransposingCopy(nest) &&
         llvm::none_of(nest.isReduction, [](bool reduces) { return reduces; });
}

/// Do vectors along the last loop read neighbours, or one element for all lanes?
static bool runsAlong(const fuse::Access &access, unsigned loop) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(access.tensor.getType()).getShape();
  auto stride = fuse::addressStride(access.map, shape, loop);
  return stride && (*stride == 0 || *stride == 1);
}

/// Does the body wait: for a division, a root or another function?
static bool computesSlowly(Operation *op) {
  return op
      ->walk([](Operation *inner) {
        bool slow = isa<arith::DivFOp>(inner) || isa<math::MathDialect>(inner->getDialect());
        return slow ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

std::optional<StringRef> whyNotPipelined(const KernelLayout &layout, size_t loopGroup) {
  const auto &nests = layout.space().nests();
  const auto &groups = layout.loopGroups();
  const fuse::Nest &sum = nests[groups[loopGroup].front()];
  auto form = fuse::contractionForm(sum.op);
  if (!form || loopGroup + 1 == groups.size() ||
      !isElementwise(nests[groups[loopGroup + 1].front()])) {
    return std::nullopt;
  }
  const fuse::Access &written = sum.writes[0];
  const auto &group = groups[loopGroup + 1];
  auto isMember = [&](Operation *op) {
    return llvm::any_of(group, [&](size_t n) { return nests[n].op == op; });
  };
  if (!llvm::all_of(written.tensor.getUsers(), isMember)) {
    return "the sums are also read elsewhere";
  }
  if (form->kind != fuse::ContractionForm::Kind::Outer) {
    return "its vectors run along the sums";
  }
  if (fuse::sumsPairs(sum)) {
    return "it sums products of bf16";
  }
  if (llvm::count(sum.isReduction, true) != 1) {
    return "it sums over several loops";
  }
  for (auto [extent, reduces] : llvm::zip(sum.extents, sum.isReduction)) {
    if (reduces && extent < kShortestSum) {
      return "its sums are too short to hide anything";
    }
  }
  if (form->rowLoops.size() > 1) {
    return "its rows run over several loops";
  }
  unsigned rank = written.map.getNumResults();
  if (rank == 0 || !llvm::all_of(written.map.getResults(), llvm::IsaPred<AffineDimExpr>) ||
      written.map.getDimPosition(rank - 1) != form->vectorLoop) {
    return "the sums do not lie along its vectors";
  }
  if (!getElementTypeOrSelf(written.tensor).isF32()) {
    return "it does not sum in f32";
  }
  bool isWorthIt = false;
  for (size_t n : group) {
    const fuse::Nest &nest = nests[n];
    if (nest.extents.size() != rank) {
      return "the elementwise loops run over other elements";
    }
    isWorthIt |= computesSlowly(nest.op);
    for (const auto &access : llvm::concat<const fuse::Access>(nest.reads, nest.writes)) {
      if (access.tensor == written.tensor && !access.map.isIdentity()) {
        return "the sums are read at other elements";
      }
      if (!runsAlong(access, rank - 1)) {
        return "the elementwise loops read along other dimensions";
      }
      unsigned width = getElementTypeOrSelf(access.tensor).getIntOrFloatBitWidth();
      if (width != 32 && width != 1) {
        return "the elementwise loops compute in another type";
      }
    }
    isWorthIt |= llvm::any_of(nest.reads, [&](const fuse::Access &read) {
      return read.tensor != written.tensor && isa<BlockArgument>(read.tensor) &&
             read.map.isIdentity();
    });
  }
  return isWorthIt ? StringRef("") : StringRef("the elementwise loops wait for nothing");
}

} // namespace ntc::schedule
