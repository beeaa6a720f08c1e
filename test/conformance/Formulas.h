// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Initial values and batches that both sides of the conformance tests compute instead of storing
// them; the twin of formulas.py. All values are exact in f32.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ntc::conformance {

/// f32 values, row-major, of the state `name` of `shape`; `index` is its place among all parameters
/// and buffers in the order of their names' bytes.
std::vector<float> initialValues(std::string_view name, std::span<const int64_t> shape,
                                 uint32_t index);

/// One batch: `x` is (batch, sample…) row-major; `labels` has one class per sample, or `targets`
/// one number.
struct Samples {
  std::vector<float> x;
  std::vector<int64_t> labels;
  std::vector<float> targets;
};

/// Images of `size` elements, half noise and half their class's pattern, with some arbitrary
/// labels.
Samples classification(uint64_t step, int64_t batch, int64_t size);

/// Points of five coordinates near a plane.
Samples regression(uint64_t step, int64_t batch);

/// Row-major index of the k-th of the `most` elements that a golden file stores of a tensor with
/// `count` > `most` elements.
constexpr int64_t storedIndex(int64_t k, int64_t count, int64_t most) {
  int64_t stride = count / most;
  return k * stride + k % stride;
}

} // namespace ntc::conformance
