// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// NumPy archives and single arrays: one array per field.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/StoredArrays.h"

namespace ntc::rt::data {

/// Opens `npz:FILE`. Every array of the archive is a field, samples along its first dimension. An
/// array is a target if it has the name of a target of the model or, where the model has no input
/// of its name, is called y, label, labels, target or targets. A target of whole numbers, none
/// negative, is a label. Errors: NotFound, Io, Corrupt, and arrays whose first dimensions differ
/// (both named). Arrays that the archive stores without compression and that have at least
/// `mappedFrom` bytes stay in the mapped file, which may be larger than memory; all of each is read
/// once, for its checksum.
Result<std::unique_ptr<Dataset>> openNpz(const DataSource &source,
                                         std::span<const artifact::InputSpec> inputs,
                                         uint64_t mappedFrom = uint64_t{64} << 20);

/// Opens `npy:X.npy?inputs=A.npy,B.npy&target=Y.npy`: a field for each file, called as the file
/// without its ending, samples along the first dimension. The files are mapped and may be larger
/// than memory; arrays in column-major order are copied. Errors: InvalidArgument for two files of
/// one name; NotFound, Io, Corrupt with the file; arrays whose first dimensions differ (both
/// named).
Result<std::unique_ptr<Dataset>> openNpy(const DataSource &source, uint64_t keptBytes = kKeptBytes);

} // namespace ntc::rt::data
