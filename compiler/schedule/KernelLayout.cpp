// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loop sharing and buffer places of one kernel.

#include "compiler/schedule/KernelLayout.h"

#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::schedule {

/// Bytes that inner tensors may take of a thread's stack.
static constexpr int64_t kStackBytes = 256 * 1024;

SmallVector<Operation *> bodyOps(Block &body) {
  SmallVector<Operation *> ops;
  for (Operation &op : body.without_terminator()) {
    ops.push_back(&op);
  }
  return ops;
}

KernelLayout::KernelLayout(ir::plan::KernelOp kernel)
    : kernel_(kernel), tile_(kernel.getTile()), space_(bodyOps(kernel.getBody().front())) {
  tile_.resize(space_.labels().size(), 0);
  // A reshape is its source; an insertion overwrites its destination.
  for (Operation &op : kernel.getBody().front()) {
    if (auto reshape = dyn_cast<ir::nn::ReshapeOp>(op)) {
      roots_[reshape.getOutput()] = rootOf(reshape.getInput());
    } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
      roots_[insert.getResult()] = rootOf(insert.getDest());
    }
  }
  groupLoops();
  placeTensors();
}

Value KernelLayout::rootOf(Value tensor) const {
  auto found = roots_.find(tensor);
  return found == roots_.end() ? tensor : found->second;
}

bool isTransposingCopy(const fuse::Nest &nest) {
  auto generic = dyn_cast<linalg::GenericOp>(nest.op);
  return generic && generic->getNumResults() == 1 && nest.reads.size() == 1 &&
         generic.getRegion().front().getOperations().size() == 1 &&
         nest.reads[0].map.isPermutation() && !nest.reads[0].map.isIdentity() &&
         nest.writes[0].map.isIdentity();
}

static bool isPointwise(const fuse::Nest &nest) {
  return isa<linalg::GenericOp>(nest.op) && !isTransposingCopy(nest) &&
         llvm::none_of(nest.isReduction, [](bool reduces) { return reduces; });
}

/// Pointwise nests share loops when they run over the same indices and pass tensors element by
/// element.
bool KernelLayout::mayShareLoops(ArrayRef<size_t> group, size_t candidate) const {
  const fuse::Nest &first = space_.nests()[group.front()], &nest = space_.nests()[candidate];
  if (!isPointwise(first) || !isPointwise(nest) || first.extents != nest.extents) {
    return false;
  }
  for (size_t d = 0; d < nest.extents.size(); ++d) {
    if (space_.labelOf(group.front(), d) != space_.labelOf(candidate, d)) {
      return false;
    }
  }
  for (size_t member : group) {
    for (const fuse::Access &write : space_.nests()[member].writes) {
      for (const fuse::Access &read : nest.reads) {
        if (rootOf(read.tensor) == rootOf(write.tensor) &&
            (read.tensor != write.tensor || read.map != write.map)) {
          return false;
        }
      }
    }
  }
  return true;
}

void KernelLayout::groupLoops() {
  for (size_t nest = 0; nest < space_.nests().size(); ++nest) {
    if (!loopGroups_.empty() && mayShareLoops(loopGroups_.back(), nest)) {
      loopGroups_.back().push_back(nest);
      continue;
    }
    loopGroups_.push_back({nest});
  }
}

/// Is `tensor`, written in loop group `group`, read nowhere else?
bool KernelLayout::staysInRegister(size_t group, Value tensor) const {
  for (Operation *user : tensor.getUsers()) {
    bool inside = llvm::any_of(loopGroups_[group],
                               [&](size_t nest) { return space_.nests()[nest].op == user; });
    if (!inside) {
      return false;
    }
  }
  return true;
}

void KernelLayout::placeTensors() {
  Block &body = kernel_.getBody().front();
  auto shapeOf = [](Value value) {
    return SmallVector<int64_t>(cast<RankedTensorType>(value.getType()).getShape());
  };
  for (BlockArgument argument : body.getArguments()) {
    places_[argument] = {BufferPlace::Kind::Operand, argument.getArgNumber(), 0, shapeOf(argument)};
  }
  for (auto [j, result] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value root = rootOf(result);
    places_[root] = {BufferPlace::Kind::Operand, static_cast<int64_t>(body.getNumArguments() + j),
                     0, shapeOf(root)};
  }
  for (Operation &op : body) {
    if (isa<arith::ConstantOp>(op) && isa<RankedTensorType>(op.getResult(0).getType())) {
      places_[op.getResult(0)] = {BufferPlace::Kind::Constant, 0, 0, shapeOf(op.getResult(0))};
    }
  }
  int64_t stackBytes = 0;
  for (size_t g = 0; g < loopGroups_.size(); ++g) {
    for (size_t n : loopGroups_[g]) {
      for (const fuse::Access &write : space_.nests()[n].writes) {
        Value root = rootOf(write.tensor);
        if (places_.count(root)) {
          continue;
        }
        auto type = cast<RankedTensorType>(root.getType());
        BufferPlace place{BufferPlace::Kind::Register, 0, 0, shapeOf(root)};
        if (root != write.tensor || !staysInRegister(g, write.tensor)) {
          SmallVector<int64_t> tileShape = place.shape;
          for (auto [d, label] : llvm::enumerate(space_.labelsOf(write.tensor))) {
            if (label >= 0 && tile_[label] != 0) {
              tileShape[d] = tile_[label];
            }
          }
          int64_t bytes = llvm::alignTo(
              ir::plan::tensorBytes(RankedTensorType::get(tileShape, type.getElementType())), 64);
          if (stackBytes + bytes <= kStackBytes) {
            stackBytes += bytes;
            place.kind = BufferPlace::Kind::Stack;
            place.shape = tileShape;
          } else {
            place.kind = BufferPlace::Kind::Workspace;
            place.offset = workspaceBytes_;
            workspaceBytes_ += llvm::alignTo(ir::plan::tensorBytes(type), 64);
          }
        }
        places_[root] = place;
      }
    }
  }
}

} // namespace ntc::schedule
