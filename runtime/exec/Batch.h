// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The batch that a caller hands to a step: borrowed views, checked against what the entry was
// compiled for before any kernel sees them. Compiled code relies on the checks: a label outside its
// classes would index outside a buffer.
#pragma once

#include "runtime/artifact/Manifest.h"

#include <span>
#include <string_view>
#include <vector>

namespace ntc::rt::exec {

/// A dense, row-major tensor that belongs to someone else. Aligned to its element.
struct TensorView {
  std::string_view name; ///< may be empty: matched by position
  const void *data = nullptr;
  DType dtype = DType::F32;
  std::span<const int64_t> shape;
};

/// Matches `batch` to the inputs of `entry` and checks element type, shape, alignment, that Bool
/// bytes are 0 or 1 and that class indices lie in [0, classes) or equal the ignored index. Writes
/// one address per input to `addresses`. Either all tensors have names or none. Errors:
/// InvalidArgument, naming the input, the element and its value.
Status checkBatch(const artifact::EntrySpec &entry, std::span<const TensorView> batch,
                  std::span<const void *> addresses);

/// The batch size that the first tensor states; nothing without tensors or with a scalar.
std::optional<int64_t> batchSizeOf(std::span<const TensorView> batch);

} // namespace ntc::rt::exec
