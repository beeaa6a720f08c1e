// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two dispatches are one kernel if their bodies are alike but for names and locations.

#include "compiler/memory/KernelTable.h"

#include "compiler/schedule/KernelLayout.h"
#include "compiler/schedule/TileSizes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ntc::memory {

constexpr auto kAlike = OperationEquivalence::IgnoreLocations;

/// Of what `kernel` computes: operations with their types and attributes, and the order in which
/// they define what they read.
static llvm::hash_code hashOf(ir::plan::KernelOp kernel) {
  llvm::hash_code hash = hash_value(kernel.getFunctionType());
  DenseMap<Value, unsigned> numbers;
  auto number = [&](Value value) {
    return llvm::hash_value(numbers.try_emplace(value, numbers.size()).first->second);
  };
  kernel.getBody().walk<WalkOrder::PreOrder>([&](Operation *op) {
    hash = llvm::hash_combine(hash, OperationEquivalence::computeHash(op, number, number, kAlike));
  });
  return hash;
}

/// Do both kernels compute the same, by the same operations in the same order, in the same tiles?
static bool areAlike(ir::plan::KernelOp a, ir::plan::KernelOp b) {
  return a.getFunctionType() == b.getFunctionType() && a.getTile() == b.getTile() &&
         a.getGroups() == b.getGroups() && a.getOuter() == b.getOuter() &&
         a.getSerial() == b.getSerial() &&
         OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(), kAlike);
}

ir::plan::KernelOp KernelTable::outline(ir::plan::DispatchOp dispatch) {
  auto type =
      builder.getFunctionType(dispatch.getInputs().getTypes(), dispatch.getOutputs().getTypes());
  fuse::IterationSpace space(schedule::bodyOps(dispatch.getBody().front()));
  const bool isSerial = dispatch.getSplit() == schedule::kNoSplit;
  schedule::Tiling tiling =
      schedule::chooseTiling(space, isSerial ? std::nullopt : dispatch.getSplit());
  IntegerAttr outer = tiling.outer == 0 ? IntegerAttr() : builder.getI64IntegerAttr(tiling.outer);
  auto kernel = ir::plan::KernelOp::create(
      builder, dispatch.getLoc(), builder.getStringAttr("k"), TypeAttr::get(type),
      builder.getDenseI64ArrayAttr(tiling.tile),
      builder.getI64IntegerAttr(isSerial ? 1 : tiling.groups), outer,
      isSerial ? builder.getUnitAttr() : UnitAttr(), nullptr, nullptr, nullptr);
  IRMapping mapping;
  dispatch.getBody().cloneInto(&kernel.getBody(), mapping);
  SmallVector<ir::plan::KernelOp, 1> &known = kernels[hashOf(kernel)];
  const auto *found =
      llvm::find_if(known, [&](ir::plan::KernelOp other) { return areAlike(kernel, other); });
  if (found != known.end()) {
    kernel.erase();
    return *found;
  }
  known.push_back(kernel);
  kernel.setSymName("k" + std::to_string(count++));
  return kernel;
}

} // namespace ntc::memory
