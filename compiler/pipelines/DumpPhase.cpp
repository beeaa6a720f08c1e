// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One file per phase, numbered so that a listing shows them in order.

#include "compiler/pipelines/DumpPhase.h"

#include "dialects/train/Train.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ntc::pipelines {
namespace {

struct DumpPhase : PassWrapper<DumpPhase, OperationPass<ir::train::ProgramOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(DumpPhase)

  DumpPhase(Phase phase, std::string folder) : phase(phase), folder(std::move(folder)) {}

  StringRef getName() const override { return "DumpPhase"; }

  void runOnOperation() override {
    std::string path = folder + "/" + std::to_string(static_cast<int>(phase)) + "-" +
                       nameOf(phase).str() + ".mlir";
    std::error_code code = llvm::sys::fs::create_directories(folder);
    if (!code) {
      llvm::raw_fd_ostream stream(path, code);
      if (!code) {
        getOperation()->print(stream, OpPrintingFlags().enableDebugInfo().useLocalScope());
        stream << "\n";
      }
    }
    if (code) {
      getOperation()->emitError("cannot write ") << path << ": " << code.message();
      signalPassFailure();
    }
  }

  Phase phase;
  std::string folder;
};

} // namespace

std::unique_ptr<Pass> createDumpPhase(Phase phase, std::string folder) {
  return std::make_unique<DumpPhase>(phase, std::move(folder));
}

} // namespace ntc::pipelines
