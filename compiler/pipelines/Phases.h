// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases of a compilation as data. Each border is checked by a pass that is always on.
#pragma once

#include "compiler/pipelines/Optimizations.h"
#include "compiler/schedule/KernelTuning.h"

#include "mlir/Pass/PassManager.h"

#include <array>
#include <optional>
#include <string>

namespace ntc::pipelines {

/// Where a program is on its way; the IR of a phase can be printed, read back and continued.
enum class Phase { Captured, Differentiated, Optimized, Fused, Planned, Compiled };

struct PhaseInfo {
  Phase phase;
  llvm::StringLiteral name;
  llvm::StringLiteral summary;
};

/// Every phase in order.
inline constexpr std::array<PhaseInfo, 6> kPhases = {{
    {Phase::Captured, "captured", "what the user wrote: nn and train, static shapes"},
    {Phase::Differentiated, "differentiated", "no train.gradient left: one graph of nn operations"},
    {Phase::Optimized, "optimized", "simplified and decomposed; ready for a target"},
    {Phase::Fused, "fused", "dispatches of linalg on tensors"},
    {Phase::Planned, "planned", "kernels, one arena, calls in order"},
    {Phase::Compiled, "compiled", "machine code and manifest"},
}};

/// The phase of that name.
std::optional<Phase> phaseNamed(llvm::StringRef name);
llvm::StringRef nameOf(Phase phase);

struct PipelineOptions {
  /// Names of optimizations to leave out, with or without "ntc-".
  std::vector<std::string> disabledPasses;
  /// Products of contractions in bf16, sums in f32.
  bool bf16 = false;
  /// As of -O.
  unsigned level = kDefaultLevel;
  /// Folder into which the program is written as NN-phase.mlir after each phase, or empty.
  std::string dumpPhasesTo;
  /// What measurements say about kernels.
  std::vector<schedule::KernelTuning> kernelTunings = {};
};

/// The choices of the emitters that `options` leave.
KernelChoices kernelChoices(const PipelineOptions &options);

/// Adds the passes that lead from phase `from` to phase `to` (at most Planned) and the verifiers of
/// the borders between. Fails with a message for a name that no optimization has.
mlir::LogicalResult buildPipeline(mlir::OpPassManager &pm, Phase from, Phase to,
                                  const PipelineOptions &options, std::string &error);

} // namespace ntc::pipelines
