// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a CPU can do, as data.
#pragma once

#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
}

namespace ntc::codegen::cpu {

struct CpuTarget {
  std::string triple;
  std::string cpu;      ///< LLVM's name: "znver5", "x86-64-v3"
  std::string features; ///< LLVM's feature string, "+avx2,-avx512f,..."; empty: those of `cpu`
  int64_t vectorBytes = 16;
  int64_t registers = 16;  ///< vector registers
  bool hasFma = false;     ///< one instruction for a fused multiply-add
  bool hasFloor = false;   ///< one instruction to round down
  bool hasHalf = false;    ///< one instruction to convert between f16 and f32
  bool hasBf16Dot = false; ///< one instruction for two products of bf16 per lane, summed in f32
  int64_t l1Bytes = 32 * 1024;
  int64_t l2Bytes = 512 * 1024;
  /// Instruction sets that generated code may use and a machine must have, as /proc/cpuinfo names
  /// them; sorted.
  std::vector<std::string> requiredFeatures;

  /// The target for `--mcpu`: "native" or a name that LLVM knows. Errors: an unknown name, with
  /// near ones.
  static llvm::Expected<CpuTarget> create(llvm::StringRef mcpu);

  /// LLVM's machine for it.
  std::unique_ptr<llvm::TargetMachine> createTargetMachine() const;
};

/// Leaves out of LLVM's code generation what costs time and gains nothing here, for the process.
/// CpuTarget::create does so once; whatever resets LLVM's options has to do it again. Not
/// thread-safe.
void chooseCodeGeneration();

} // namespace ntc::codegen::cpu
