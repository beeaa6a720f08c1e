// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Marks the elementwise loops that are to run beside the sums of products before them.

#include "compiler/memory/Passes.h"
#include "compiler/schedule/Pipelining.h"

#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace ntc::memory {

#define GEN_PASS_DEF_PIPELINEUPDATES
#include "compiler/memory/Passes.h.inc"

namespace {

struct PipelineUpdates : impl::PipelineUpdatesBase<PipelineUpdates> {
  void runOnOperation() override {
    constexpr auto opts = remark::RemarkOpts::name("pipeline").category("pipeline-updates");
    OpBuilder b(&getContext());
    for (auto kernel : getOperation().getBody().getOps<ir::plan::KernelOp>()) {
      schedule::KernelLayout layout(kernel);
      SmallVector<int64_t> pipelined;
      for (size_t g = 0; g < layout.loopGroups().size(); ++g) {
        std::optional<StringRef> why = schedule::whyNotPipelined(layout, g);
        if (!why) {
          continue;
        }
        Operation *sum = layout.space().nests()[layout.loopGroups()[g].front()].op;
        if (why->empty()) {
          pipelined.push_back(g);
          remark::passed(sum->getLoc(), opts)
              << remark::add("the elementwise loops behind it run beside its sums");
        } else {
          remark::missed(sum->getLoc(), opts)
              << remark::add("the elementwise loops behind it run apart: {0}", *why);
        }
      }
      if (!pipelined.empty()) {
        kernel.setPipelinedAttr(b.getDenseI64ArrayAttr(pipelined));
      }
    }
  }
};

} // namespace
} // namespace ntc::memory
