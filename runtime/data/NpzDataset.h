// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy archives: one array per field.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `npz:FILE`. Every array of the archive is a field, samples along its first dimension. An
/// array is a target if it has the name of a target of the model or, where the model has no input
/// of its name, is called y, label, labels, target or targets. A target of whole numbers, none
/// negative, is a label. Errors: NotFound, Io, Corrupt, and arrays whose first dimensions differ
/// (both named).
Result<std::unique_ptr<Dataset>> openNpz(const DataSource &source,
                                         std::span<const artifact::InputSpec> inputs);

} // namespace ntc::rt::data
