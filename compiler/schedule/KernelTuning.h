// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What measurements say about one kernel: which choices of the emitters do not pay there, and how
// large its register tiles are. It stands on the kernel as the attribute `plan.tuning`, so that a
// printed program keeps it.
#pragma once

#include "dialects/plan/Plan.h"

#include <string>
#include <vector>

namespace ntc::schedule {

/// Sizes of register tiles beyond which code only grows.
inline constexpr int64_t kMostTuned = 32;

struct KernelTuning {
  std::string kernel;                ///< kernelKey of the kernel that it is for
  std::vector<std::string> leaveOut; ///< names of choices of the emitters
  /// Of tiles of sums of products, from 1 to kMostTuned; 0: as the emitters choose. Columns count
  /// as the emitters' do: vectors, or results where vectors run along the sums.
  int64_t rows = 0, columns = 0;

  bool isEmpty() const { return leaveOut.empty() && rows == 0; }
};

/// 16 hexadecimal digits that name a kernel by what it computes and in which work groups: equal for
/// equal kernels of any program, whatever they and their layers are called.
std::string kernelKey(ir::plan::KernelOp kernel);

/// Sets the attribute, or removes it where `tuning` is empty.
void setTuning(ir::plan::KernelOp kernel, const KernelTuning &tuning);

/// What the attribute says; empty where there is none. Errors: a diagnostic on `kernel` where it
/// says anything else, or a tile out of bounds. Names of choices are not checked.
mlir::FailureOr<KernelTuning> tuningOf(ir::plan::KernelOp kernel);

} // namespace ntc::schedule
