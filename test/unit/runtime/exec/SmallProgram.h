// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training program written by hand, as the compiler would make it: linear regression with
// momentum, y = x w + b over five features and a batch of 16 (or 8), mean squared error. The
// gradient is summed in four fixed partial sums, so that the plan has calls of several groups,
// barriers, calls of one group and calls without a barrier between them.
#pragma once

#include "runtime/artifact/Artifact.h"
#include "runtime/exec/Batch.h"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace ntc::rt::test {

inline constexpr int64_t kFeatures = 5;
inline constexpr int64_t kClasses = 3;

/// The manifest: states `weight` (5), `bias` (1) and their momentum buffers; controls lr, momentum,
/// seed, step; entries init, train_step.b16, train_step.b8, eval_step.b16, predict.b16. The
/// training step also has an I64 input `group` with kClasses classes (and ignored index -100), of
/// which it counts those that are not ignored.
artifact::Manifest smallManifest();

/// The kernels that the manifest's calls name.
std::span<const ntc_kernel_t> smallKernels();

/// Both as an artifact.
std::shared_ptr<const artifact::Artifact> smallProgram();

/// A batch for the program, deterministic in (size, index).
struct SmallBatch {
  SmallBatch(int64_t size, uint64_t index);

  /// Views for the training and evaluation entries; valid as long as this.
  std::span<const exec::TensorView> views() const { return views_; }
  std::vector<exec::TensorView> inputsOnly() const { return {views_[0]}; }

  std::vector<float> x;
  std::vector<float> y;
  std::vector<int64_t> group;

private:
  std::array<int64_t, 2> xShape_;
  std::array<int64_t, 1> yShape_;
  std::array<exec::TensorView, 3> views_;
};

} // namespace ntc::rt::test
