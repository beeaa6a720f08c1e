// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work groups and in-place results, independent of the passes that chose them.

#include "compiler/verify/KernelChecks.h"

#include "compiler/schedule/TileSizes.h"

using namespace mlir;

namespace ntc::verify {

LogicalResult verifyWorkGroups(ir::plan::KernelOp kernel) {
  fuse::IterationSpace space(schedule::bodyOps(kernel.getBody().front()));
  ArrayRef<int64_t> tile = kernel.getTile();
  if (!tile.empty() && tile.size() != space.labels().size()) {
    return kernel.emitOpError("has ") << tile.size() << " tile sizes, its iteration space "
                                      << space.labels().size() << " labels";
  }
  int64_t groups = 1;
  for (auto [size, label] : llvm::zip(tile, space.labels())) {
    if (size < 0 || size > label.extent) {
      return kernel.emitOpError("has a tile of ") << size << " in " << label.extent << " indices";
    }
    if (llvm::MulOverflow(groups, schedule::tileCount(label.extent, size), groups)) {
      return kernel.emitOpError("has too many tiles");
    }
  }
  groups = kernel.getSerial() ? 1 : groups;
  if (static_cast<int64_t>(kernel.getGroups()) != groups) {
    return kernel.emitOpError("has ") << static_cast<int64_t>(kernel.getGroups())
                                      << " groups of work, its tiles are " << groups;
  }
  if (std::optional<uint64_t> outer = kernel.getOuter(); outer && *outer >= space.labels().size()) {
    return kernel.emitOpError("has no label ")
           << static_cast<int64_t>(*outer) << " to count slowest";
  }
  return success();
}

/// The nest that computes `tensor` as a whole, one element per point; null if none does.
static const fuse::Nest *pointwiseWriter(const fuse::IterationSpace &space, Value tensor) {
  for (const fuse::Nest &nest : space.nests()) {
    if (nest.op == tensor.getDefiningOp() && isa<linalg::GenericOp>(nest.op) &&
        !llvm::is_contained(nest.isReduction, true)) {
      return &nest;
    }
  }
  return nullptr;
}

bool mayUpdateInPlace(const schedule::KernelLayout &layout, ir::plan::KernelOp kernel,
                      size_t argument, size_t result) {
  Block &body = kernel.getBody().front();
  Value before = body.getArgument(argument), after = body.getTerminator()->getOperand(result);
  const fuse::IterationSpace &space = layout.space();
  const fuse::Nest *writer = pointwiseWriter(space, after);
  if (!writer || before.getType() != after.getType()) {
    return false;
  }
  size_t last = writer - space.nests().data(), known = 0;
  const auto *write =
      llvm::find_if(writer->writes, [&](const fuse::Access &a) { return a.tensor == after; });
  for (size_t n = 0; n < space.nests().size(); ++n) {
    const fuse::Nest &nest = space.nests()[n];
    bool reads = false;
    for (const fuse::Access &read : nest.reads) {
      if (read.tensor != before) {
        continue;
      }
      reads = true;
      bool sameElement = n <= last && read.map == write->map && nest.extents == writer->extents;
      for (size_t loop = 0; sameElement && loop < nest.extents.size(); ++loop) {
        sameElement = space.labelOf(n, loop) == space.labelOf(last, loop);
      }
      if (!sameElement) {
        return false;
      }
    }
    known += reads;
  }
  // Anything else that takes the old value, as a reshape does, may read any element.
  llvm::SmallPtrSet<Operation *, 4> users(before.user_begin(), before.user_end());
  return known == users.size();
}

} // namespace ntc::verify
