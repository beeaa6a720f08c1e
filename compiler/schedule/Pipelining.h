// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which elementwise loops run beside a sum of products: while the sums of one register tile are
// computed, the elements of the tile before are finished, one vector between a few steps.
// Divisions, square roots and memory that is far away then cost next to nothing, and the sums
// themselves never reach memory. An optimizer's update behind a weight's gradient is the case that
// counts.
#pragma once

#include "compiler/schedule/KernelLayout.h"

namespace ntc::schedule {

/// Why the loop group behind `loopGroup`, a sum of products, may not or need not run beside it;
/// empty if it should. Nothing at all is said (null) where there is no such pair.
std::optional<llvm::StringRef> whyNotPipelined(const KernelLayout &layout, size_t loopGroup);

} // namespace ntc::schedule
