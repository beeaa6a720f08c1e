// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The choices of the emitters: whether one is taken, and the remark that says so.
#pragma once

#include "codegen/cpu/KernelBuilder.h"

namespace ntc::codegen::cpu {

using pipelines::KernelChoice;

/// Is `choice` taken, where it `applies` to the loops at k.loc? It is not where it was switched
/// off. Otherwise a remark of the choice's name says what is done or, where it does not apply, why
/// not: `text` of one short sentence, called only if somebody reads remarks. To be asked once per
/// nest.
bool choose(const KernelBuilder &k, KernelChoice choice, bool applies,
            llvm::function_ref<std::string()> text);

/// The same from a reason not to take it; empty: none.
bool chooseUnless(const KernelBuilder &k, KernelChoice choice, llvm::StringRef whyNot,
                  llvm::function_ref<std::string()> applied);

/// Are the reduction loops of a sum of products cut as `cuts` says? `bytes` is what its tiles read
/// over the whole reduction, `fits` what a cache has room for.
bool chooseBlocks(const KernelBuilder &k, const KernelBuilder::Cuts &cuts, int64_t bytes,
                  int64_t fits);

} // namespace ntc::codegen::cpu
