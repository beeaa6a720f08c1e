// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two dispatches are one kernel if their bodies print alike without names and locations.

#include "compiler/memory/KernelTable.h"

#include "compiler/schedule/KernelLayout.h"
#include "compiler/schedule/TileSizes.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ntc::memory {

static std::string textOf(ir::plan::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  return text;
}

ir::plan::KernelOp KernelTable::outline(ir::plan::DispatchOp dispatch) {
  auto type =
      builder.getFunctionType(dispatch.getInputs().getTypes(), dispatch.getOutputs().getTypes());
  fuse::IterationSpace space(schedule::bodyOps(dispatch.getBody().front()));
  schedule::Tiling tiling = schedule::chooseTiling(space, dispatch.getSplit());
  IntegerAttr outer = tiling.outer == 0 ? IntegerAttr() : builder.getI64IntegerAttr(tiling.outer);
  auto kernel = ir::plan::KernelOp::create(
      builder, dispatch.getLoc(), builder.getStringAttr("k"), TypeAttr::get(type),
      builder.getDenseI64ArrayAttr(tiling.tile), builder.getI64IntegerAttr(tiling.groups), outer,
      nullptr, nullptr, nullptr);
  IRMapping mapping;
  dispatch.getBody().cloneInto(&kernel.getBody(), mapping);
  auto [found, isNew] = kernels.try_emplace(textOf(kernel), kernel);
  if (!isNew) {
    kernel.erase();
    return found->second;
  }
  kernel.setSymName("k" + std::to_string(kernels.size() - 1));
  return kernel;
}

} // namespace ntc::memory
