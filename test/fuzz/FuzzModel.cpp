// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile model files: parsed, verified and imported. Every input ends in a module or in
// diagnostics, and what the importer accepts verifies as MLIR, which it checks itself.
#include "frontend/format/ModelFile.h"
#include "frontend/format/Verifier.h"
#include "frontend/import/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto model = ntc::format::parseModel({data, size}, "input");
  if (!model) {
    return 0;
  }
  (void)ntc::format::verify(*model);
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &) { return mlir::success(); });
  ntc::importer::ImportOptions options;
  options.batchSizes = {2};
  ntc::importer::ImportReport report;
  auto module = ntc::importer::importModel(*model, context, options, report);
  if (mlir::failed(module) && report.diagnostics.empty()) {
    std::abort(); // refused without a reason
  }
  return 0;
}
