// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A user's own data set in a shared library; see runtime/include/ntc/dataset.h for its side.
#pragma once

#include "ntc/dataset.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

namespace ntc::rt::data {

/// Opens `library:FILE.so` with the option `argument`. The library's code runs in this process, and
/// its `get` on the loader's threads. Labels are checked as they are read. Errors: NotFound, Io for
/// a library that cannot be loaded; Corrupt for one that describes no data set, or one that opens
/// or reads with a sentence of its own.
Result<std::unique_ptr<Dataset>> openLibrary(const DataSource &source);

/// The same for a data set that this process describes itself, by `name` in messages. Takes it:
/// `destroy` is called in any case.
Result<std::unique_ptr<Dataset>> adoptDataset(const ntc_dataset_t &described, std::string name);

} // namespace ntc::rt::data
