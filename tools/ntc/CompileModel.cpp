// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The whole way from a model to an artifact.

#include "tools/ntc/CompileModel.h"

#include "codegen/artifact/BuildManifest.h"
#include "codegen/artifact/WriteArtifact.h"
#include "codegen/cpu/CompileKernels.h"
#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "frontend/format/TrainingInfo.h"
#include "runtime/base/File.h"
#include "runtime/base/Sha256.h"
#include "runtime/device/CpuTopology.h"
#include "runtime/format/Safetensors.h"
#include "tools/ntc/PhaseFiles.h"
#include "tools/ntc/Remarks.h"

#include "mlir/Parser/Parser.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <chrono>
#include <unistd.h>

using namespace mlir;

namespace ntc::driver {

void registerCompiler(DialectRegistry &registry) {
  registry.insert<ir::nn::NnDialect, ir::train::TrainDialect, ir::plan::PlanDialect,
                  arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect,
                  vector::VectorDialect>();
  autodiff::registerDifferentiationRules(registry);
  codegen::cpu::registerTranslations(registry);
}

namespace {

/// Seconds since `start`, which becomes now.
double lap(std::chrono::steady_clock::time_point &start) {
  auto now = std::chrono::steady_clock::now();
  double seconds = std::chrono::duration<double>(now - start).count();
  start = now;
  return seconds;
}

/// The bytes of `model` without the values of the states of `module`, whose shapes stay.
std::string withoutStates(const onnx::ModelProto &model, ModuleOp module) {
  llvm::StringSet<> states;
  module.walk([&](ir::train::StateOp state) { states.insert(state.getSymName()); });
  onnx::ModelProto stripped = model;
  auto strip = [&](onnx::GraphProto &graph) {
    for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
      if (states.contains(tensor.name())) {
        tensor.clear_raw_data();
        tensor.clear_float_data();
        tensor.clear_double_data();
        tensor.clear_int64_data();
        tensor.clear_int32_data();
      }
    }
  };
  strip(*stripped.mutable_graph());
  for (onnx::TrainingInfoProto &training : *stripped.mutable_training_info()) {
    strip(*training.mutable_algorithm());
  }
  // The hash that says that the step was generated covers the optimizer's state, too.
  if (auto spec = format::recipeOf(model); spec && format::isGenerated(model)) {
    format::setMetadata(stripped, format::hashKey, format::trainingInfoHash(stripped, *spec));
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  stripped.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

/// Collects diagnostics as sentences for the user.
class Messages {
public:
  explicit Messages(MLIRContext &context)
      : handler(&context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error) {
            add(diagnostic);
          }
          return success();
        }) {}

  CompileError error(bool unsupported = false) {
    if (messages.empty()) {
      messages.push_back("the compiler failed without a diagnostic");
    }
    return {std::move(messages), unsupported};
  }

private:
  std::vector<std::string> messages;
  ScopedDiagnosticHandler handler;

  void add(Diagnostic &diagnostic) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (!isa<UnknownLoc>(diagnostic.getLocation())) {
      stream << diagnostic.getLocation() << ": ";
    }
    stream << diagnostic;
    for (Diagnostic &note : diagnostic.getNotes()) {
      stream << "\n  note: " << note;
    }
    messages.push_back(std::move(text));
  }
};

CompileError single(std::string message) { return {{std::move(message)}, false}; }

CompileError toError(llvm::Error error) { return single(llvm::toString(std::move(error))); }

/// Writes `text` to `output`, where "-" is stdout. Files are replaced whole or not at all; devices
/// and pipes are written to.
std::optional<CompileError> writeText(StringRef text, const std::string &output) {
  if (output == "-" || (llvm::sys::fs::exists(output) && !llvm::sys::fs::is_regular_file(output))) {
    std::error_code code;
    llvm::raw_fd_ostream stream(output, code, llvm::sys::fs::OF_None);
    if (!code) {
      stream << text;
      stream.flush();
      code = stream.error();
      stream.clear_error();
    }
    return code ? std::optional(single("cannot write " + output + ": " + code.message()))
                : std::nullopt;
  }
  rt::Status status = rt::writeFileAtomically(output, llvm::arrayRefFromStringRef<uint8_t>(text));
  return status ? std::nullopt : std::optional(single(std::string(status.message())));
}

std::string textOf(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream, OpPrintingFlags().enableDebugInfo().useLocalScope());
  stream << "\n";
  return text;
}

/// Emits as another one does and notes what became of each kernel.
class NotingEmitter : public codegen::cpu::KernelEmitter {
public:
  NotingEmitter(KernelEmitter &emitter, std::vector<CompiledKernel> *kernels)
      : emitter(emitter), kernels(kernels) {}

  FailureOr<func::FuncOp> emit(ir::plan::KernelOp kernel, OpBuilder &builder) override {
    FailureOr<func::FuncOp> function = emitter.emit(kernel, builder);
    if (succeeded(function)) {
      std::string text;
      llvm::raw_string_ostream stream(text);
      (*function)->print(stream, OpPrintingFlags().useLocalScope());
      rt::Sha256 hash;
      hash.update(text);
      kernels->push_back({schedule::kernelKey(kernel), rt::hex(hash.finish())});
    }
    return function;
  }

private:
  KernelEmitter &emitter;
  std::vector<CompiledKernel> *kernels;
};

/// One compilation: holds what its steps share.
class Compilation {
public:
  Compilation(MLIRContext &context, const CompileOptions &options, const std::string &output)
      : context(context), options(options), output(output), messages(context) {
    context.loadAllAvailableDialects();
    if (!options.remarksFilter.empty()) {
      printRemarks(context, options.remarksFilter);
    }
  }

  CompileTimes times;
  codegen::artifact::ManifestInputs inputs;
  /// Contents that the program refers to.
  PhaseFiles files;
  /// Where they are wanted.
  std::vector<CompiledKernel> *kernels = nullptr;

  Messages &diagnostics() { return messages; }

  std::optional<CompileError> run(ModuleOp module, rt::artifact::Manifest *manifest) {
    auto start = std::chrono::steady_clock::now();
    PassManager pm(&context);
    pm.enableVerifier(false); // every phase ends with its own verification
    std::string error;
    if (failed(pipelines::buildPipeline(pm, options.compileFrom, options.compileTo,
                                        pipelineOptions(), error))) {
      return single(error);
    }
    auto programs = llvm::to_vector(module.getBody()->getOps<ir::train::ProgramOp>());
    if (programs.size() != 1) {
      return single("expected one train.program, found " + std::to_string(programs.size()));
    }
    ir::train::ProgramOp program = programs.front();
    if (!options.dumpPhasesTo.empty()) {
      if (llvm::Error error = writePhaseFiles(program, files, options.dumpPhasesTo)) {
        return toError(std::move(error));
      }
    }
    if (failed(pm.run(module))) {
      return messages.error();
    }
    times.passes = lap(start);
    if (options.compileTo != pipelines::Phase::Compiled || options.emit == Emit::Mlir) {
      return writeMlir(module, program);
    }
    return emit(program, manifest);
  }

private:
  MLIRContext &context;
  const CompileOptions &options;
  std::string output;
  std::string weightsDraft;
  llvm::FileRemover removeDraft; ///< of weightsDraft, until it has its name
  Messages messages;

  pipelines::PipelineOptions pipelineOptions() const {
    std::vector<std::string> disabled = options.disabledPasses;
    disabled.insert(disabled.end(), options.tuning.leaveOut.begin(), options.tuning.leaveOut.end());
    return {std::move(disabled), options.bf16, options.level, options.dumpPhasesTo,
            options.tuning.kernels};
  }

  /// The program as text, with the weights that it names beside it where it is a file.
  std::optional<CompileError> writeMlir(ModuleOp module, ir::train::ProgramOp program) {
    NamedAttrList metadata(program.getMetadataAttr());
    metadata.erase(kMetadataModelFile);
    program.setMetadataAttr(metadata.getDictionary(&context));
    if (output != "-") {
      if (llvm::Error error = writePhaseWeights(program, files, rt::folderOf(output))) {
        return toError(std::move(error));
      }
    }
    return writeText(textOf(module), output);
  }

  std::optional<CompileError> emit(ir::train::ProgramOp program, rt::artifact::Manifest *manifest) {
    auto start = std::chrono::steady_clock::now();
    auto target = codegen::cpu::CpuTarget::create(options.mcpu);
    if (!target) {
      return toError(target.takeError());
    }
    codegen::cpu::VectorEmitter plain(*target, pipelines::kernelChoices(pipelineOptions()));
    NotingEmitter noting(plain, kernels);
    codegen::cpu::KernelEmitter &emitter =
        kernels ? static_cast<codegen::cpu::KernelEmitter &>(noting) : plain;
    if (options.emit != Emit::So) {
      return emitText(program, *target, emitter);
    }
    codegen::cpu::KernelCompiler compiler(*target, rt::device::usableThreads());
    if (failed(compiler.add(program, emitter))) {
      return messages.error();
    }
    times.emit = lap(start);
    std::vector<codegen::cpu::Object> objects = compiler.finish();
    times.llvm = lap(start);
    if (auto error = addManifest(program, *target, objects, manifest)) {
      return error;
    }
    if (llvm::Error error = codegen::artifact::linkArtifact(objects, output)) {
      return toError(std::move(error));
    }
    if (!files.weights.empty()) {
      if (std::error_code code = llvm::sys::fs::rename(weightsDraft, weightsPath())) {
        return single("cannot write " + weightsPath() + ": " + code.message());
      }
      removeDraft.releaseFile();
    }
    times.link = lap(start);
    return std::nullopt;
  }

  /// All kernels as LLVM IR, assembly or an object file.
  std::optional<CompileError> emitText(ir::train::ProgramOp program,
                                       const codegen::cpu::CpuTarget &target,
                                       codegen::cpu::KernelEmitter &emitter) {
    auto kernels = codegen::cpu::emitKernels(program, emitter);
    if (failed(kernels) || failed(codegen::cpu::lowerToLlvmDialect(**kernels, target))) {
      return messages.error();
    }
    llvm::LLVMContext llvmContext;
    std::unique_ptr<llvm::Module> module =
        codegen::cpu::translateKernels(**kernels, llvmContext, target);
    if (!module) {
      return messages.error();
    }
    if (options.emit == Emit::Llvm) {
      std::string text;
      llvm::raw_string_ostream(text) << *module;
      return writeText(text, output);
    }
    auto object = codegen::cpu::emitObject(*module, target, options.emit == Emit::Asm);
    return writeText(StringRef(object.data(), object.size()), output);
  }

  std::optional<CompileError> addManifest(ir::train::ProgramOp program,
                                          const codegen::cpu::CpuTarget &target,
                                          std::vector<codegen::cpu::Object> &objects,
                                          rt::artifact::Manifest *manifest) {
    inputs.precision = options.precision();
    inputs.flushDenormals = options.flushDenormals;
    inputs.ntcVersion = NTC_VERSION;
    inputs.modelPb = files.modelPb;
    if (auto error = writeWeights()) {
      return error;
    }
    auto built = codegen::artifact::buildManifest(program, target, inputs);
    if (failed(built)) {
      return messages.error();
    }
    objects.push_back(codegen::artifact::emitArtifactSymbols(target, *built));
    if (manifest) {
      *manifest = std::move(*built);
    }
    return std::nullopt;
  }

  std::string weightsPath() const { return output + ".safetensors"; }

  /// Large imported values lie beside the artifact, which must not grow with the model. They wait
  /// under another name until the artifact is there: a failure leaves those of an older one alone.
  std::optional<CompileError> writeWeights() {
    if (files.weights.empty()) {
      return std::nullopt;
    }
    weightsDraft = rt::concat(weightsPath(), ".tmp.", ::getpid());
    removeDraft.setFile(weightsDraft);
    std::vector<rt::format::TensorToStore> tensors;
    for (const auto &[name, tensor] : files.weights) {
      tensors.push_back(
          {name,
           tensor.dtype,
           tensor.shape,
           {reinterpret_cast<const uint8_t *>(tensor.bytes.data()), tensor.bytes.size()}});
    }
    if (rt::Status status = rt::format::writeSafetensors(weightsDraft, std::move(tensors), {},
                                                         rt::format::Checksum::With);
        !status) {
      return single(std::string(status.message()));
    }
    auto bytes = llvm::MemoryBuffer::getFile(weightsDraft, /*IsText=*/false,
                                             /*RequiresNullTerminator=*/false);
    if (!bytes) {
      return single("cannot read " + weightsDraft + ": " + bytes.getError().message());
    }
    inputs.weightsFile = llvm::sys::path::filename(weightsPath()).str();
    inputs.weightsSha256 =
        rt::hex(rt::sha256({reinterpret_cast<const uint8_t *>((*bytes)->getBufferStart()),
                            (*bytes)->getBufferSize()}));
    return std::nullopt;
  }
};

} // namespace

std::optional<CompileError> compileModel(const onnx::ModelProto &model,
                                         const CompileOptions &options, const std::string &output,
                                         rt::artifact::Manifest *manifest, CompileTimes *times,
                                         std::vector<CompiledKernel> *kernels) {
  auto start = std::chrono::steady_clock::now();
  DialectRegistry registry;
  registerCompiler(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Compilation compilation(context, options, output);
  compilation.kernels = kernels;
  importer::ImportOptions importOptions;
  importOptions.batchSizes.assign(options.batchSizes.begin(), options.batchSizes.end());
  importOptions.f64 = options.f64;
  const bool endsInFile = options.compileTo != pipelines::Phase::Compiled && output != "-";
  importOptions.weightsFile = options.dumpPhasesTo.empty() && endsInFile
                                  ? llvm::sys::path::filename(output).str() + ".safetensors"
                                  : kPhaseWeightsFile.str();
  importer::ImportReport report;
  auto module = importer::importModel(model, context, importOptions, report);
  if (failed(module)) {
    CompileError error;
    error.unsupported = report.hasUnsupported();
    for (const auto &diagnostic : report.diagnostics) {
      error.messages.push_back(diagnostic.str());
    }
    return error;
  }
  compilation.times.import = lap(start);
  compilation.files.weights = std::move(report.weights);
  std::string stripped = withoutStates(model, **module);
  compilation.files.modelPb.assign(stripped.begin(), stripped.end());
  auto error = compilation.run(**module, manifest);
  if (times) {
    *times = compilation.times;
  }
  return error;
}

std::optional<CompileError> compileMlir(const std::string &path, const CompileOptions &options,
                                        const std::string &output,
                                        rt::artifact::Manifest *manifest) {
  DialectRegistry registry;
  registerCompiler(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  Compilation compilation(context, options, output);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, ParserConfig(&context));
  if (!module) {
    return compilation.diagnostics().error();
  }
  for (auto program : module->getBody()->getOps<ir::train::ProgramOp>()) {
    auto files = readPhaseFiles(program, rt::folderOf(path));
    if (!files) {
      return toError(files.takeError());
    }
    compilation.files = std::move(*files);
  }
  return compilation.run(*module, manifest);
}

} // namespace ntc::driver
