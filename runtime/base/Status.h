// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the runtime reports failure: values with a code and one sentence. Nothing in the runtime
// throws on purpose; only std::bad_alloc can pass through, and the C ABI turns it into
// Code::OutOfMemory. A function that adds knowledge while an error passes through it uses
// `withContext`, so that the sentence reads from the outside in: "model.so: manifest: state
// 'fc1.weight': offset 4096 is beyond the arena of 1024 bytes".
#pragma once

#include "runtime/base/Text.h"

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ntc::rt {

/// Kinds of failure. Values are part of the C ABI (`ntc_status_t`).
enum class Code : int32_t {
  Ok = 0,
  InvalidArgument = 1, ///< the caller passed something that the function's contract forbids
  NotFound = 2,        ///< a file, state, control, entry or output of that name does not exist
  Corrupt = 3,         ///< bytes are not what their format or checksum promises
  Version = 4,         ///< a sound file of a version that this library does not read
  Unsupported = 5,     ///< well formed, but this machine or library cannot do it
  Io = 6,              ///< the operating system refused; the sentence has its reason
  OutOfMemory = 7,
  Internal = 8, ///< a broken invariant of the library
  Cancelled = 9,
};

/// "ok", "invalid argument", …; "unknown" for a value that is no Code.
std::string_view nameOf(Code code);

/// Success, or a code and one sentence. Copyable; a moved-from status must not be read.
class [[nodiscard]] Status {
public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status ok() { return {}; }

  bool isOk() const { return code_ == Code::Ok; }
  explicit operator bool() const { return isOk(); }
  Code code() const { return code_; }
  /// The sentence, without a full stop; empty when ok.
  const std::string &message() const { return message_; }

private:
  Code code_ = Code::Ok;
  std::string message_;
};

/// A failure whose sentence is the concatenation of `parts` (text, characters and numbers).
template <typename... Parts> Status error(Code code, const Parts &...parts) {
  return Status(code, concat(parts...));
}

/// `status` with "parts: " put before its sentence; an ok status stays as it is.
template <typename... Parts> Status withContext(const Status &status, const Parts &...parts) {
  if (status.isOk()) {
    return status;
  }
  return Status(status.code(), concat(parts..., ": ", status.message()));
}

/// A value or the reason why there is none.
template <typename T> class [[nodiscard]] Result {
public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {
    assert(!status_.isOk() && "an ok status carries no value");
  }

  bool isOk() const { return value_.has_value(); }
  explicit operator bool() const { return isOk(); }
  const Status &status() const { return status_; }

  T &operator*() { return *value_; }
  const T &operator*() const { return *value_; }
  T *operator->() { return &*value_; }
  const T *operator->() const { return &*value_; }
  /// Moves the value out; only when ok.
  T take() { return std::move(*value_); }

private:
  std::optional<T> value_;
  Status status_;
};

/// `withContext` for results.
template <typename T, typename... Parts>
Result<T> withContext(Result<T> result, const Parts &...parts) {
  if (result.isOk()) {
    return result;
  }
  return withContext(result.status(), parts...);
}

} // namespace ntc::rt
