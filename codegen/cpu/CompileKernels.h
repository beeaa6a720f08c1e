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

namespace ntc::codegen::cpu {

/// Registers the translations to LLVM IR that compileKernels needs.
void registerTranslations(mlir::DialectRegistry &registry);

/// Emits all kernels of `program` as functions of one module (scf, vector, memref, …).
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> emitKernels(ir::train::ProgramOp program,
                                                               KernelEmitter &emitter);

/// Lowers such a module to the LLVM dialect, in place, for the instructions of `target`; nothing in
/// it calls a library.
mlir::LogicalResult lowerToLlvmDialect(mlir::ModuleOp module, const CpuTarget &target);

/// Translates to LLVM IR for `target`, runs LLVM's scalar clean-up, and adds per kernel its entry
/// in the ABI of runtime/artifact/KernelAbi.h: `int ntc_kernel_N(const ntc_kernel_args_t *)`, in
/// the order of the program's kernels.
std::unique_ptr<llvm::Module> translateKernels(mlir::ModuleOp module, llvm::LLVMContext &context,
                                               const CpuTarget &target);

/// Name of the ABI entry of kernel number `index`.
std::string kernelEntryName(size_t index);

/// Native code of `module`: an object file or, with `assembly`, its text.
llvm::SmallVector<char, 0> emitObject(llvm::Module &module, const CpuTarget &target,
                                      bool assembly = false);

} // namespace ntc::codegen::cpu
