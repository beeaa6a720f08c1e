// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every optimization that may be left out, as data: passes over the program, and choices that a
// back end takes inside of a kernel's code. `--disable-pass`, the levels and the remarks go by
// these names.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <array>
#include <cstdint>
#include <optional>

namespace ntc::pipelines {

/// What the emitters of kernels may leave out; without it they write the plain form. What it does
/// stands in kOptimizations.
enum class KernelChoice : uint8_t {
  TileRegisters,
  MergeRows,
  SkipBorders,
  BlockReductions,
  PackPanels,
  PairProducts,
  FoldLanes,
  WidenReductions,
  UnrollWindows,
  CollapseLoops,
  HoistLoads,
  TransposeBlocks,
  PrefetchOperands,
};

/// A set of choices: all of them, less those that were removed.
class KernelChoices {
public:
  bool has(KernelChoice choice) const { return (removed & bitOf(choice)) == 0; }
  void remove(KernelChoice choice) { removed |= bitOf(choice); }

private:
  uint32_t removed = 0;

  static uint32_t bitOf(KernelChoice choice) {
    return uint32_t{1} << static_cast<unsigned>(choice);
  }
};

/// An optimization that may be left out: its name, the lowest level -O that has it, what it does.
struct OptimizationInfo {
  llvm::StringLiteral name;
  unsigned level;
  llvm::StringLiteral summary;
  std::optional<KernelChoice> choice = std::nullopt; ///< null: a pass
};

/// Passes in the order in which they run, then the choices of the emitters. Level 1 is what gains
/// wherever it applies; level 2 adds what weighs one cost against another: sizes of caches, work
/// per thread, an operation done twice against a tensor stored. Level 3 is level 2 plus what costs
/// compile time out of proportion; nothing does.
inline constexpr std::array<OptimizationInfo, 25> kOptimizations = {{
    {"simplify", 1, "algebraic identities, constants, common subexpressions"},
    {"sparse-pool-gradients", 2, "gradients behind a max pool are summed over its winners only"},
    {"split-strided-gradients", 2, "gradients of strided convolutions multiply no spread zeros"},
    {"fuse-elementwise", 1, "an elementwise operation is computed where its result is read"},
    {"choose-layouts", 2, "tensors of convolutions and pools are stored channels-last"},
    {"join-dispatches", 2, "an operation joins the dispatch of its producer"},
    {"merge-small-dispatches", 2, "neighbouring dispatches with little work become one"},
    {"read-padded", 2, "a tensor is read from its padded copy, and has no memory of its own"},
    {"choose-owners", 2, "threads divide each dispatch so that they read what they wrote"},
    {"update-in-place", 1, "a state's new value is written over the old one"},
    {"reuse-slots", 1, "tensors that are never alive together share bytes"},
    {"pipeline-updates", 2, "elementwise work runs beside the products before it"},
    {"tile-registers", 1, "sums of products share what they read by tiles of sums in registers",
     KernelChoice::TileRegisters},
    {"merge-rows", 2, "rows of a register tile come from several short loops",
     KernelChoice::MergeRows},
    {"skip-borders", 2, "products with the zeros around small images are left out",
     KernelChoice::SkipBorders},
    {"block-reductions", 2, "long sums of products run in blocks whose operands stay in a cache",
     KernelChoice::BlockReductions},
    {"pack-panels", 2, "operands that lie far apart are copied side by side first",
     KernelChoice::PackPanels},
    {"pair-products", 2, "products of bf16 are summed two at a time", KernelChoice::PairProducts},
    {"fold-lanes", 1, "the lanes of several sums are added together", KernelChoice::FoldLanes},
    {"widen-reductions", 2, "a reduction runs along several vectors at once",
     KernelChoice::WidenReductions},
    {"unroll-windows", 1, "reductions over a few elements have no loop",
     KernelChoice::UnrollWindows},
    {"collapse-loops", 1, "loops whose memory runs on become one", KernelChoice::CollapseLoops},
    {"hoist-loads", 1, "what a loop of vectors repeats is read before it",
     KernelChoice::HoistLoads},
    {"transpose-blocks", 2, "copies to another order of dimensions pass through registers",
     KernelChoice::TransposeBlocks},
    {"prefetch-operands", 2, "memory that the processor does not foresee is asked for early",
     KernelChoice::PrefetchOperands},
}};

/// The choice of that name, or nothing.
inline std::optional<KernelChoice> kernelChoiceNamed(llvm::StringRef name) {
  for (const OptimizationInfo &info : kOptimizations) {
    if (info.name == name) {
      return info.choice;
    }
  }
  return std::nullopt;
}

inline constexpr unsigned kDefaultLevel = 2, kHighestLevel = 3;

} // namespace ntc::pipelines
