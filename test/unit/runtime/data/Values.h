// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening a data set by its text and reading all values of a field.
#pragma once

#include "runtime/data/OpenDataset.h"

#include <numeric>
#include <string>
#include <vector>

namespace ntc::rt::data {

/// The training part of what `text` names, as `--data` would open it.
inline Result<std::shared_ptr<const Dataset>> open(const std::string &text,
                                                   const Known &known = {}) {
  Result<DataSource> source = DataSource::parse(text);
  return source ? openDataset(*source, Split::Train, {}, known)
                : Result<std::shared_ptr<const Dataset>>(source.status());
}

/// The field's values of all samples as `dtype`, which T holds.
template <typename T> std::vector<T> valuesOf(const Dataset &dataset, size_t field, DType dtype) {
  std::vector<int64_t> rows(static_cast<size_t>(dataset.size()));
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<T> out(rows.size() * static_cast<size_t>(dataset.fields()[field].elements()));
  dataset.copyRows(field, rows, dtype, reinterpret_cast<std::byte *>(out.data()));
  return out;
}

} // namespace ntc::rt::data
