// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc-opt: reads a program of any phase as text, runs passes over it, writes it again. For people
// who work on dialects and passes, and for their tests.

#include "codegen/cpu/Passes.h"
#include "compiler/pipelines/RegisterPasses.h"
#include "tools/ntc-opt/RegisterDialects.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  ntc::tools::registerDialects(registry);
  mlir::registerTransformsPasses();
  ntc::registerAllPasses();
  ntc::codegen::cpu::registerCpuPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Passes over programs of ntc\n", registry));
}
