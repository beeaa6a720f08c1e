// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between the runtime's own types and those of the installed C++ headers: failures, element types,
// and the data set behind a public handle.
#pragma once

#include "ntc/data.hpp"
#include "runtime/base/DType.h"
#include "runtime/base/Status.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

#include <memory>
#include <optional>
#include <string>

namespace ntc::data {

/// What a handle shares. Immutable.
class Dataset::Impl {
public:
  std::shared_ptr<const rt::data::Dataset> dataset;
  std::string name;
  std::optional<rt::data::DataSource> source{}; ///< where it was opened from a text, as it is
};

} // namespace ntc::data

namespace ntc::rt::embed {

inline runtime::Status toPublic(const Status &status) {
  return {static_cast<ntc_status_t>(status.code()), status.message()};
}

/// The same value: NTC_F32, ….
inline ntc_dtype_t toPublic(DType dtype) { return static_cast<ntc_dtype_t>(dtype); }

/// Nothing for a number that is no element type.
inline std::optional<DType> fromPublic(ntc_dtype_t dtype) {
  const auto out = static_cast<DType>(dtype);
  return sizeOf(out) > 0 ? std::optional(out) : std::nullopt;
}

/// A handle.
ntc::data::Dataset toPublic(std::shared_ptr<const data::Dataset> dataset, std::string name);

} // namespace ntc::rt::embed
