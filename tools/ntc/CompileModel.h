// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Joins importer, compiler and code generation: model.pb to an artifact, or to any phase on the
// way.
#pragma once

#include "compiler/pipelines/Phases.h"
#include "frontend/import/Import.h"
#include "runtime/artifact/Manifest.h"
#include "tools/ntc/TuningFile.h"

#include "mlir/IR/MLIRContext.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::driver {

/// What a compilation can end in.
enum class Emit { Mlir, Llvm, Asm, Obj, So };

struct CompileOptions {
  std::string mcpu = "native";
  std::vector<int64_t> batchSizes; ///< empty: those of the recipe
  bool f64 = false;
  bool bf16 = false; ///< products in bf16, all else in f32
  bool flushDenormals = true;
  Emit emit = Emit::So;
  pipelines::Phase compileFrom =
      pipelines::Phase::Captured; ///< of a .mlir input: the phase that it is in
  pipelines::Phase compileTo = pipelines::Phase::Compiled;
  std::string dumpPhasesTo;                ///< folder for one file per phase, or empty
  std::vector<std::string> disabledPasses; ///< names without "ntc-" or with it
  unsigned level = pipelines::kDefaultLevel;
  Tuning tuning;             ///< for this processor; its names join `disabledPasses`
  std::string remarksFilter; ///< regular expression over optimizations' names; empty: no remarks
  bool timing = false;

  /// As manifests and `--precision` name it.
  std::string_view precision() const { return f64 ? "f64" : bf16 ? "bf16" : "f32"; }
};

/// How long the parts took, in seconds, for `--timing`. LLVM works beside `emit`, as threads allow;
/// `llvm` is what it took after that.
struct CompileTimes {
  double import = 0, passes = 0, emit = 0, llvm = 0, link = 0;
};

/// A kernel, for those who compare compilations.
struct CompiledKernel {
  std::string key; ///< schedule::kernelKey
  std::string
      code; ///< a digest of what was emitted for it: other where the emitters chose otherwise
};

/// A failure: sentences for the user, and whether the model is unsupported (exit code 3) rather
/// than wrong (1).
struct CompileError {
  std::vector<std::string> messages;
  bool unsupported = false;
};

/// Registers the dialects, interfaces and translations that compileModel needs.
void registerCompiler(mlir::DialectRegistry &registry);

/// Compiles `model` and writes `output`: for Emit::So the artifact and, where imported weights are
/// large, `<output>.safetensors` beside it; for the others text or an object file ("-" is stdout).
/// With compileTo before Compiled, writes that phase's MLIR. Returns the manifest of an artifact
/// (for `ntc plan` and summaries), nothing for other outputs; and of an artifact its kernels, in
/// the order in which calls number them.
std::optional<CompileError> compileModel(const onnx::ModelProto &model,
                                         const CompileOptions &options, const std::string &output,
                                         rt::artifact::Manifest *manifest = nullptr,
                                         CompileTimes *times = nullptr,
                                         std::vector<CompiledKernel> *kernels = nullptr);

/// The same from MLIR text that is in the phase `options.compileFrom`, as `--dump-phases-to` writes
/// it.
std::optional<CompileError> compileMlir(const std::string &path, const CompileOptions &options,
                                        const std::string &output,
                                        rt::artifact::Manifest *manifest = nullptr);

} // namespace ntc::driver
