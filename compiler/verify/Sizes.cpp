// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a program's types.

#include "compiler/verify/Sizes.h"

#include "dialects/nn/Windows.h"
#include "dialects/plan/Plan.h"

using namespace mlir;

namespace ntc::verify {

LogicalResult verifySize(Operation *op, Type type) {
  auto tensor = dyn_cast<ShapedType>(type);
  if (!tensor) {
    return success();
  }
  int64_t elements = 1;
  bool fits = tensor.hasStaticShape();
  for (int64_t size : fits ? tensor.getShape() : ArrayRef<int64_t>()) {
    fits = fits && size > 0 && size <= ir::nn::kMostElements / elements;
    elements *= fits ? size : 1;
  }
  if (!fits) {
    return op->emitError("needs tensors of fixed sizes with 1 to ")
           << ir::nn::kMostElements << " elements, found " << type;
  }
  return success();
}

LogicalResult verifySizes(ir::train::ProgramOp program) {
  auto verifyOperation = [](Operation *op) {
    SmallVector<Type> types(op->getResultTypes());
    for (Region &region : op->getRegions()) {
      for (Block &block : region) {
        types.append(block.getArgumentTypes().begin(), block.getArgumentTypes().end());
      }
    }
    if (auto state = dyn_cast<ir::train::StateOp>(op)) {
      types.push_back(state.getType());
    } else if (auto slot = dyn_cast<ir::plan::SlotOp>(op)) {
      types.push_back(slot.getType());
    }
    bool fit = llvm::all_of(types, [&](Type type) { return succeeded(verifySize(op, type)); });
    return fit ? WalkResult::advance() : WalkResult::interrupt();
  };
  return failure(program->walk(verifyOperation).wasInterrupted());
}

} // namespace ntc::verify
