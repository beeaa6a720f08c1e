// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// model.pb (an ONNX ModelProto with training_info, docs/formats/model-pb.md) to one `train.program`
// of the dialects `nn` and `train`, phase *captured*. Everything about the file that is wrong or
// not supported is reported at once.
#pragma once

#include "runtime/base/DType.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"

#include <onnx/onnx_pb.h>

#include <map>
#include <string>
#include <vector>

namespace ntc::importer {

/// Whether a problem is this compiler's limit (exit code 3) or the file's mistake (exit code 1).
enum class DiagnosticKind { Unsupported, Invalid };

/// One problem of a model. `where` names the user's thing (`node '/fc1/Gemm' (Gemm)`), `message`
/// says what was expected and what was found, without a final full stop.
struct ImportDiagnostic {
  DiagnosticKind kind = DiagnosticKind::Invalid;
  std::string where;
  std::string message;

  /// "where: message", or the message alone.
  std::string str() const { return where.empty() ? message : where + ": " + message; }
};

/// An imported value that is too large for the module; row-major, little endian.
struct ImportedTensor {
  rt::DType dtype = rt::DType::F32;
  std::vector<int64_t> shape;
  std::string bytes;
  /// SHA-256 of `bytes`, 64 hexadecimal digits; the same as in the state's `#train.file`.
  std::string sha256;
};

/// What an import hands back besides the module.
struct ImportReport {
  std::vector<ImportDiagnostic> diagnostics;
  /// By state name: the tensors that the file named by `ImportOptions::weightsFile` must hold.
  std::map<std::string, ImportedTensor> weights;

  /// True when some problem is of kind Unsupported.
  bool hasUnsupported() const;
  /// One line per diagnostic.
  std::string str() const;
};

struct ImportOptions {
  /// Entries are made for each of these; empty: those of the recipe, else the size that the inputs
  /// fix.
  llvm::SmallVector<int64_t> batchSizes;
  /// Makes every floating-point initializer, input and operation f64.
  bool f64 = false;
  /// Symbol of the program; empty: the recipe's model name, else the graph's, else "model".
  std::string programName;
  /// Imported values of more bytes than this become `#train.file`.
  int64_t inlineBytes = 64 * 1024;
  /// The path that `#train.file` names.
  std::string weightsFile = "weights.safetensors";
};

/// Keys of the program's `metadata`: model name, name of the loss ("" without training), names of
/// the outputs, the recipe in protobuf's JSON form ("" without one), and the SHA-256 (hex) of the
/// program: states with type and role, nodes of graph, training step and functions, but neither
/// values of weights nor defaults of controls nor batch sizes.
inline constexpr llvm::StringLiteral kMetadataModel = "model";
inline constexpr llvm::StringLiteral kMetadataLoss = "loss";
inline constexpr llvm::StringLiteral kMetadataOutputs = "outputs";
inline constexpr llvm::StringLiteral kMetadataTrainSpec = "train_spec";
inline constexpr llvm::StringLiteral kMetadataHash = "program_sha256";

/// Imports `model`. For each batch size b: `train_step.bN` (graph in training form, algorithm,
/// assignments, metrics), `accumulate.bN` where the recipe accumulates gradients (the same up to
/// the gradient, which joins those of other batches), both again as `….epochE` for each epoch E in
/// which the recipe begins to train more parameters, and `eval_step.bN` (graph as written,
/// ancestors of the loss, metrics) where the model has a training step, `predict.bN` (graph only),
/// and one `init` that draws the fresh states. Fails with every problem in `report.diagnostics`.
/// Loads the dialects that it needs into `context`.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(const onnx::ModelProto &model,
                                                               mlir::MLIRContext &context,
                                                               const ImportOptions &options,
                                                               ImportReport &report);

/// As above, with the problems emitted as errors on `context`.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(const onnx::ModelProto &model,
                                                               mlir::MLIRContext &context,
                                                               const ImportOptions &options);

/// Registers `--import-model` with mlir-translate's driver; batch sizes come from
/// `--batch-size=2,4`, `--f64` makes the program double.
void registerImportTranslation();

} // namespace ntc::importer
