// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value or the reason why there is none: how the C++ interfaces of libntc_train answer. Nothing
// throws on purpose; std::bad_alloc passes through. Header-only.
//
//   auto data = ntc::data::Dataset::open("fashion-mnist");
//   if (!data) { return report(data.status().message()); }
//   use(*data);
#pragma once

#include "ntc/runtime.hpp"

#include <optional>
#include <utility>

namespace ntc::runtime {

template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value_(std::move(value)), status_(NTC_OK, {}) {}
  /// `status` is no success.
  Result(Status status) : status_(std::move(status)) {}

  explicit operator bool() const { return value_.has_value(); }
  const Status &status() const { return status_; }

  /// The value; only where there is one.
  T &operator*() { return *value_; }
  const T &operator*() const { return *value_; }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }
  /// Moves the value out; only where there is one.
  T take() { return std::move(*value_); }

private:
  std::optional<T> value_;
  Status status_;
};

} // namespace ntc::runtime
