// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases of a compilation as data. Each border is checked by a pass that is always on.
#pragma once

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

/// An optimization that may be left out: its name, the lowest level -O that has it, what it does.
struct OptimizationInfo {
  llvm::StringLiteral name;
  unsigned level;
  llvm::StringLiteral summary;
};

/// Every optimization, in the order in which they run. The names are those of `--disable-pass` and
/// of the remarks. Level 3 is level 2 plus what costs compile time out of proportion; nothing does.
inline constexpr std::array<OptimizationInfo, 11> kOptimizations = {{
    {"simplify", 1, "algebraic identities, constants, common subexpressions"},
    {"sparse-pool-gradients", 2, "gradients behind a max pool are summed over its winners only"},
    {"split-strided-gradients", 2, "gradients of strided convolutions multiply no spread zeros"},
    {"fuse-elementwise", 1, "an elementwise operation is computed where its result is read"},
    {"choose-layouts", 2, "tensors of convolutions and pools are stored channels-last"},
    {"join-dispatches", 2, "an operation joins the dispatch of its producer"},
    {"merge-small-dispatches", 2, "neighbouring dispatches with little work become one"},
    {"choose-owners", 2, "threads divide each dispatch so that they read what they wrote"},
    {"update-in-place", 1, "a state's new value is written over the old one"},
    {"reuse-slots", 1, "tensors that are never alive together share bytes"},
    {"pipeline-updates", 2, "elementwise work runs beside the products before it"},
}};
inline constexpr unsigned kDefaultLevel = 2, kHighestLevel = 3;

struct PipelineOptions {
  /// Names of optimizations to leave out, with or without "ntc-".
  std::vector<std::string> disabledPasses;
  /// Products of contractions in bf16, sums in f32.
  bool bf16 = false;
  /// As of -O.
  unsigned level = kDefaultLevel;
  /// Folder into which the program is written as NN-phase.mlir after each phase, or empty.
  std::string dumpPhasesTo;
};

/// Adds the passes that lead from phase `from` to phase `to` (at most Planned) and the verifiers of
/// the borders between. Fails with a message for a disabled pass that does not exist.
mlir::LogicalResult buildPipeline(mlir::OpPassManager &pm, Phase from, Phase to,
                                  const PipelineOptions &options, std::string &error);

} // namespace ntc::pipelines
