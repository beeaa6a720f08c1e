// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lowering of emitted kernels through upstream passes and LLVM, in process.

#include "codegen/cpu/CompileKernels.h"

#include "codegen/cpu/Passes.h"
#include "dialects/LocalRewrites.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir;

namespace ntc::codegen::cpu {
namespace plan = ir::plan;

void registerTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

FailureOr<OwningOpRef<ModuleOp>> emitKernels(ir::train::ProgramOp program, KernelEmitter &emitter) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(program.getLoc());
  OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
  for (auto kernel : program.getBody().getOps<plan::KernelOp>()) {
    if (failed(emitter.emit(kernel, b))) {
      return failure();
    }
  }
  return module;
}

LogicalResult lowerToLlvmDialect(ModuleOp module, const CpuTarget &target) {
  PassManager pm(module.getContext());
  pm.addNestedPass<func::FuncOp>(createCanonicalizerPass(localRewritesOnly()));
  pm.addNestedPass<func::FuncOp>(createCSEPass());
  // Addresses that do not depend on a loop leave it.
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  // Before loops are taken apart: what a function's constants do not depend on leaves the loops.
  pm.addNestedPass<func::FuncOp>(createApproximateMath(
      ApproximateMathOptions{target.hasFma, target.hasFloor, target.hasHalf}));
  pm.addNestedPass<func::FuncOp>(createDecomposeVectors());
  pm.addNestedPass<func::FuncOp>(createReduceStrength());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertToLlvm());
  // What these passes leave is verified once, by the translation to LLVM IR: a third of the time
  // otherwise.
  pm.enableVerifier(false);
  return pm.run(module);
}

std::string kernelEntryName(size_t index) { return "ntc_kernel_" + std::to_string(index); }

/// `int entry(args)`: loads the operand addresses and calls `kernel` on the range of groups.
static llvm::Function *createEntry(llvm::Module &module, llvm::Function &kernel, size_t index) {
  llvm::LLVMContext &context = module.getContext();
  llvm::IRBuilder<> b(context);
  auto *type = llvm::FunctionType::get(b.getInt32Ty(), {b.getPtrTy()}, false);
  auto *entry = llvm::Function::Create(type, llvm::GlobalValue::InternalLinkage,
                                       kernelEntryName(index), module);
  b.SetInsertPoint(llvm::BasicBlock::Create(context, "", entry));
  // The fields of ntc_kernel_args_t: operands, group_begin, group_end.
  auto *fields = llvm::StructType::get(context, {b.getPtrTy(), b.getInt64Ty(), b.getInt64Ty()});
  auto field = [&](unsigned number, llvm::Type *fieldType) {
    return b.CreateLoad(fieldType, b.CreateStructGEP(fields, entry->getArg(0), number));
  };
  llvm::Value *operands = field(0, b.getPtrTy());
  llvm::SmallVector<llvm::Value *> arguments;
  for (unsigned i = 0; i + 2 < kernel.arg_size(); ++i) {
    arguments.push_back(
        b.CreateLoad(b.getPtrTy(), b.CreateConstGEP1_64(b.getPtrTy(), operands, i)));
  }
  arguments.push_back(field(1, b.getInt64Ty()));
  arguments.push_back(field(2, b.getInt64Ty()));
  b.CreateCall(&kernel, arguments);
  b.CreateRet(b.getInt32(0));
  return entry;
}

/// Little is left to do: promote stack cells, merge equal expressions, tidy branches, move what a
/// loop repeats. Combining instructions is left to their selection, which does it again.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  llvm::cantFail(builder.parsePassPipeline(
      passes, "always-inline,globaldce,function(sroa,early-cse,simplifycfg,"
              "loop-mssa(licm))"));
  passes.run(module, modules);
}

/// LLVM IR of `module` with the entries of its kernels, before the clean-up.
static std::unique_ptr<llvm::Module> translate(ModuleOp module, llvm::LLVMContext &context,
                                               const CpuTarget &target, size_t first) {
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context, "ntc");
  if (!translated) {
    return nullptr;
  }
  translated->setTargetTriple(llvm::Triple(target.triple));
  translated->setDataLayout(target.createTargetMachine()->createDataLayout());
  llvm::SmallVector<llvm::Function *> kernels;
  for (llvm::Function &function : *translated) {
    if (!function.isDeclaration()) {
      kernels.push_back(&function);
    }
  }
  std::string width = std::to_string(target.vectorBytes * 8);
  for (auto [i, kernel] : llvm::enumerate(kernels)) {
    kernel->setLinkage(llvm::GlobalValue::InternalLinkage);
    kernel->addFnAttr(llvm::Attribute::AlwaysInline);
    kernel->addFnAttr(llvm::Attribute::NoUnwind);
    llvm::Function *entry = createEntry(*translated, *kernel, first + i);
    for (llvm::Function *function : {kernel, entry}) {
      function->addFnAttr("target-cpu", target.cpu);
      function->addFnAttr("target-features", target.features);
      function->addFnAttr("prefer-vector-width", width);
      function->addFnAttr("min-legal-vector-width", width);
    }
    entry->addFnAttr(llvm::Attribute::NoUnwind);
    entry->setLinkage(llvm::GlobalValue::ExternalLinkage);
    entry->setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
  return translated;
}

std::unique_ptr<llvm::Module> translateKernels(ModuleOp module, llvm::LLVMContext &context,
                                               const CpuTarget &target, size_t first) {
  std::unique_ptr<llvm::Module> translated = translate(module, context, target, first);
  if (translated) {
    optimize(*translated, *target.createTargetMachine());
  }
  return translated;
}

Object emitObject(llvm::Module &module, const CpuTarget &target, bool assembly) {
  Object bytes;
  llvm::raw_svector_ostream stream(bytes);
  auto machine = target.createTargetMachine();
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr,
                                   assembly ? llvm::CodeGenFileType::AssemblyFile
                                            : llvm::CodeGenFileType::ObjectFile)) {
    llvm::report_fatal_error("LLVM's target writes no machine code");
  }
  passes.run(module);
  return bytes;
}

/// A part is closed when it has this many operations: enough that setting up LLVM's passes does not
/// count, few enough that threads end together.
static constexpr size_t kOperationsOfPart = 1500;

KernelCompiler::KernelCompiler(const CpuTarget &target, unsigned threads) : target(target) {
  if (threads > 1) {
    pool = std::make_unique<llvm::DefaultThreadPool>(llvm::hardware_concurrency(threads));
  }
}

KernelCompiler::~KernelCompiler() = default;

LogicalResult KernelCompiler::add(ir::train::ProgramOp program, KernelEmitter &emitter) {
  OwningOpRef<ModuleOp> part;
  size_t operations = 0;
  for (auto kernel : program.getBody().getOps<plan::KernelOp>()) {
    if (!part) {
      part = ModuleOp::create(program.getLoc());
    }
    OpBuilder b = OpBuilder::atBlockEnd(part->getBody());
    FailureOr<func::FuncOp> function = emitter.emit(kernel, b);
    if (failed(function)) {
      return failure();
    }
    function->walk([&](Operation *) { ++operations; });
    if (operations >= kOperationsOfPart) {
      if (failed(compilePart(*part))) {
        return failure();
      }
      part = nullptr;
      operations = 0;
    }
  }
  return part ? compilePart(*part) : success();
}

LogicalResult KernelCompiler::compilePart(ModuleOp part) {
  const auto count = llvm::range_size(part.getOps<func::FuncOp>());
  if (failed(lowerToLlvmDialect(part, target))) {
    return failure();
  }
  auto context = std::make_shared<llvm::LLVMContext>();
  std::shared_ptr<llvm::Module> module = translate(part, *context, target, kernels);
  if (!module) {
    return failure();
  }
  kernels += count;
  // The module goes before its context.
  auto compile = [context = std::move(context), module = std::move(module), &target = target,
                  &object = objects.emplace_back()]() mutable {
    optimize(*module, *target.createTargetMachine());
    object = emitObject(*module, target);
    module.reset();
  };
  if (pool) {
    pool->async(std::move(compile));
  } else {
    compile();
  }
  return success();
}

std::vector<Object> KernelCompiler::finish() {
  if (pool) {
    pool->wait();
  }
  return {std::make_move_iterator(objects.begin()), std::make_move_iterator(objects.end())};
}

} // namespace ntc::codegen::cpu
