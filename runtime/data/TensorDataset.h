// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors in memory as a data set: PyTorch's TensorDataset.
#pragma once

#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// One tensor of all samples.
struct SampleTensor {
  Field field;         ///< its shape with the samples first; classes 0: a label's are counted
  const void *values;  ///< row-major
  bool copied = false; ///< else borrowed: aligned to the element, and outlives the set
};

/// Checks and describes them, inputs first. A target of whole numbers, none negative, is a label. A
/// tensor of bytes of shape (N, H, W) or (N, C, H, W) with 1 or 3 channels is one of pictures,
/// which transforms may be applied to; the first such field is. `name` is for messages. Errors:
/// InvalidArgument for no tensors, different numbers of samples, names that are missing or twice,
/// labels out of range; OutOfMemory.
Result<std::unique_ptr<Dataset>> openTensors(std::span<const SampleTensor> tensors,
                                             std::vector<std::string> classNames,
                                             const std::string &name);

} // namespace ntc::rt::data
