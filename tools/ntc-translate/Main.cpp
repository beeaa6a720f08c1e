// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc-translate: programs as text to other forms. `--interpret` runs `func.func @main()` in the
// reference interpreter and writes each result as a dense attribute that reads back to the same
// bits, one a line: value tests can thus stand beside the program that they test. `--import-model`
// writes a model.pb as a program of the phase captured.

#include "codegen/reference/Evaluator.h"
#include "frontend/import/Import.h"
#include "tools/ntc-opt/RegisterDialects.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;

namespace {

/// The type in which `--interpret` writes a result: in double precision, f64 for every
/// floating-point type.
Type writtenType(const ntc::reference::Tensor &tensor, const ntc::reference::Options &options) {
  bool widened = options.precision == ntc::reference::Precision::Double && tensor.isReal();
  Type type = tensor.getElementType();
  return widened ? Float64Type::get(type.getContext()) : type;
}

LogicalResult interpret(Operation *root, raw_ostream &output,
                        const ntc::reference::Options &options) {
  auto main = dyn_cast_or_null<func::FuncOp>(SymbolTable::lookupSymbolIn(root, "main"));
  if (!main || main.isExternal() || main.getNumArguments() != 0) {
    return root->emitError("--interpret needs a function @main without arguments");
  }
  auto results = ntc::reference::evaluate(main.getBody(), {}, options);
  if (failed(results)) {
    return failure();
  }
  for (const ntc::reference::Tensor &tensor : *results) {
    tensor.toAttribute(writtenType(tensor, options)).print(output);
    output << "\n";
  }
  return success();
}

} // namespace

int main(int argc, char **argv) {
  registerAsmPrinterCLOptions();
  ntc::importer::registerImportTranslation();
  llvm::cl::opt<bool> inDouble(
      "interpret-in-double",
      llvm::cl::desc("Keep every floating-point value as f64, and write f64 results"));
  llvm::cl::opt<bool> accumulateInDouble(
      "interpret-sums-in-double",
      llvm::cl::desc("Round sums of operations of nn once, at their end"));
  TranslateFromMLIRRegistration registration(
      "interpret", "run @main in the reference interpreter and write its results",
      [&](Operation *root, raw_ostream &output) {
        ntc::reference::Options options;
        options.precision =
            inDouble ? ntc::reference::Precision::Double : ntc::reference::Precision::AsWritten;
        options.accumulateInDouble = accumulateInDouble;
        return interpret(root, output, options);
      },
      [](DialectRegistry &registry) { ntc::tools::registerDialects(registry); });
  return failed(mlirTranslateMain(argc, argv, "Translations of programs of ntc\n"));
}
