// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `--import-model` for mlir-translate's driver. The input is a model's bytes, or, for tests written
// by hand, its text form (`ir_version: 8 …`).
#include "dialects/nn/Nn.h"
#include "dialects/train/Train.h"
#include "frontend/format/ModelFile.h"
#include "frontend/import/Import.h"

#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

#include <google/protobuf/text_format.h>

using namespace mlir;

namespace ntc::importer {

/// Protobuf's text form begins with a field name, the binary form with the tag of field 1.
static bool looksLikeText(StringRef bytes) {
  StringRef first = bytes.ltrim();
  return !first.empty() && (llvm::isAlpha(first.front()) || first.front() == '#');
}

static OwningOpRef<Operation *> translate(StringRef bytes, MLIRContext *context,
                                          const ImportOptions &options) {
  onnx::ModelProto model;
  if (looksLikeText(bytes)) {
    if (!google::protobuf::TextFormat::ParseFromString(bytes.str(), &model)) {
      emitError(UnknownLoc::get(context), "the text is no ONNX model in protobuf's text form");
      return {};
    }
  } else {
    auto parsed = format::parseModel({bytes.bytes_begin(), bytes.size()}, "the input");
    if (!parsed) {
      emitError(UnknownLoc::get(context), parsed.status().message());
      return {};
    }
    model = std::move(*parsed);
  }
  auto module = importModel(model, *context, options);
  return succeeded(module) ? OwningOpRef<Operation *>(module->release())
                           : OwningOpRef<Operation *>();
}

void registerImportTranslation() {
  static llvm::cl::list<int64_t> batchSizes(
      "batch-size", llvm::cl::CommaSeparated,
      llvm::cl::desc("--import-model: sizes of batches to make entries for"));
  static llvm::cl::opt<bool> f64("f64", llvm::cl::desc("--import-model: make the program double"));
  static TranslateToMLIRRegistration registration(
      "import-model", "an ONNX model with its training step to the dialects nn and train",
      [](llvm::SourceMgr &source, MLIRContext *context) -> OwningOpRef<Operation *> {
        ImportOptions options;
        options.batchSizes.assign(batchSizes.begin(), batchSizes.end());
        options.f64 = f64;
        return translate(source.getMemoryBuffer(source.getMainFileID())->getBuffer(), context,
                         options);
      },
      [](DialectRegistry &registry) {
        registry.insert<ir::nn::NnDialect, ir::train::TrainDialect>();
      });
}

} // namespace ntc::importer
