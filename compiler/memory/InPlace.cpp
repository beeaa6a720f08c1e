// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rule for in-place results.

#include "compiler/memory/InPlace.h"

#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ntc::memory {

StringRef whyNotInPlace(const schedule::KernelLayout &layout, ir::plan::KernelOp kernel,
                        unsigned argument, unsigned result) {
  Block &body = kernel.getBody().front();
  Value source = body.getArgument(argument), target = body.getTerminator()->getOperand(result);
  if (source.getType() != target.getType()) {
    return "the old and the new value differ in type";
  }
  const auto &nests = layout.space().nests();
  auto writer = llvm::find_if(
      nests, [&](const fuse::Nest &nest) { return nest.op == target.getDefiningOp(); });
  // An insertion writes its destination in several nests; reshaped tensors would need index
  // arithmetic to compare.
  if (writer == nests.end() || !isa<linalg::GenericOp>(writer->op)) {
    return "the new value is put together from pieces or reshaped";
  }
  size_t writerIndex = writer - nests.begin();
  AffineMap written;
  for (const fuse::Access &write : writer->writes) {
    written = write.tensor == target ? write.map : written;
  }
  auto isNestOp = [&](Operation *op) {
    return llvm::any_of(nests, [&](const fuse::Nest &nest) { return nest.op == op; });
  };
  if (!llvm::all_of(source.getUsers(), isNestOp)) {
    return "the old value is reshaped before it is read";
  }
  for (auto [n, nest] : llvm::enumerate(nests)) {
    for (const fuse::Access &read : nest.reads) {
      if (read.tensor != source) {
        continue;
      }
      if (n > writerIndex || read.map != written || nest.extents != writer->extents) {
        return "the old value is read after its element was written, or at other elements";
      }
      for (size_t d = 0; d < nest.extents.size(); ++d) {
        if (layout.space().labelOf(n, d) != layout.space().labelOf(writerIndex, d)) {
          return "another group of work reads the old value";
        }
      }
    }
  }
  // A reduction writes an element only after it has read what it reads at other elements of its
  // loops.
  return llvm::is_contained(writer->isReduction, true) ? "the new value is a sum" : "";
}

} // namespace ntc::memory
