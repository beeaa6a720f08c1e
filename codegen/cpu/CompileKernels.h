// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the kernels of a planned program to LLVM IR, assembly or an object file.
#pragma once

#include "codegen/cpu/KernelEmitter.h"
#include "dialects/train/Train.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"

#include <deque>
#include <vector>

namespace ntc::codegen::cpu {

/// Registers the translations to LLVM IR that compileKernels needs.
void registerTranslations(mlir::DialectRegistry &registry);

/// Bytes of an object file, or of its assembly.
using Object = llvm::SmallVector<char, 0>;

/// Emits all kernels of `program` as functions of one module (scf, vector, memref, …).
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> emitKernels(ir::train::ProgramOp program,
                                                               KernelEmitter &emitter);

/// Lowers such a module to the LLVM dialect, in place, for the instructions of `target`; nothing in
/// it calls a library.
mlir::LogicalResult lowerToLlvmDialect(mlir::ModuleOp module, const CpuTarget &target);

/// Translates to LLVM IR for `target` and adds per kernel its entry in the ABI of
/// runtime/artifact/KernelAbi.h: `int ntc_kernel_N(const ntc_kernel_args_t *)`, counted from
/// `first` in the order of the module. Then LLVM's scalar clean-up.
std::unique_ptr<llvm::Module> translateKernels(mlir::ModuleOp module, llvm::LLVMContext &context,
                                               const CpuTarget &target, size_t first = 0);

/// Name of the ABI entry of kernel number `index`.
std::string kernelEntryName(size_t index);

/// Native code of `module`: an object file or, with `assembly`, its text.
Object emitObject(llvm::Module &module, const CpuTarget &target, bool assembly = false);

/// All of the above, from kernels to object files. MLIR's part runs on the calling thread, LLVM's
/// on up to `threads` others at the same time. Which kernels share an object follows from the
/// program alone: the bytes are the same for any number of threads.
class KernelCompiler {
public:
  KernelCompiler(const CpuTarget &target, unsigned threads);
  ~KernelCompiler();

  /// Emits and lowers the kernels of `program` and hands them to LLVM. Errors: those of `emitter`.
  mlir::LogicalResult add(ir::train::ProgramOp program, KernelEmitter &emitter);

  /// Waits; the objects, in the order of the kernels. Called once, and last.
  std::vector<Object> finish();

private:
  const CpuTarget &target;
  std::deque<Object> objects; ///< of stable addresses
  size_t kernels = 0;
  std::unique_ptr<llvm::ThreadPoolInterface> pool; ///< none: LLVM runs on the calling thread

  mlir::LogicalResult compilePart(mlir::ModuleOp part);
};

} // namespace ntc::codegen::cpu
