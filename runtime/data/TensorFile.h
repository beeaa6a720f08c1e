// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A safetensors file as a data set: mapped, not read, so that it may be larger than memory.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Whether an array of a file is a target: it has the name of a target of the model or, where the
/// model has no input of its name, is called y, label, labels, target or targets.
bool isTargetName(std::string_view name, std::span<const artifact::InputSpec> inputs);

/// Opens `safetensors:FILE`. Every tensor is a field, samples along its first dimension. A target
/// of whole numbers, none negative, is a label; its greatest is looked up when the file is opened,
/// by reading all of it. Samples are copied from the mapping as batches need them. Errors: as
/// Safetensors::open; Corrupt for tensors whose first dimensions differ; Unsupported for element
/// types that nothing here computes with.
Result<std::unique_ptr<Dataset>> openSafetensors(const DataSource &source,
                                                 std::span<const artifact::InputSpec> inputs);

} // namespace ntc::rt::data
