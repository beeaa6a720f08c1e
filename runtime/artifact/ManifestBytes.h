// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Little-endian bytes of the manifest: a writer, and a reader that stops at the first byte that is
// not there.
#pragma once

#include "runtime/base/Status.h"

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::artifact {

static_assert(std::endian::native == std::endian::little);

/// Appends values to a growing buffer. Counts and lengths are u64.
class ByteWriter {
public:
  template <typename T> void number(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    uint8_t raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.insert(bytes_.end(), raw, raw + sizeof(T));
  }
  void boolean(bool value) { number(static_cast<uint8_t>(value)); }
  void text(std::string_view value) {
    number(uint64_t{value.size()});
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void blob(std::span<const uint8_t> value) {
    number(uint64_t{value.size()});
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }

  std::vector<uint8_t> &bytes() { return bytes_; }

private:
  std::vector<uint8_t> bytes_;
};

/// Reads values in order. After the first failure everything reads as zero or empty and `failed`
/// stays true, so that a caller checks once per record.
class ByteReader {
public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T> void number(T &value) {
    value = T{};
    if (auto raw = take(sizeof(T)); !raw.empty()) {
      std::memcpy(&value, raw.data(), sizeof(T));
    }
  }
  void boolean(bool &value) {
    uint8_t raw = 0;
    number(raw);
    failed_ |= raw > 1;
    value = raw == 1;
  }
  /// An enumeration whose values are first, first + 1, …, last.
  template <typename E> void enumeration(E &value, E first, E last) {
    number(value);
    if (value < first || value > last) {
      failed_ = true;
      value = first;
    }
  }
  void text(std::string &value) {
    auto raw = take(length(1));
    value.assign(raw.begin(), raw.end());
  }
  void blob(std::vector<uint8_t> &value) {
    auto raw = take(length(1));
    value.assign(raw.begin(), raw.end());
  }
  /// A count of records of at least `minBytes` each: never more than the rest of the bytes can
  /// hold.
  size_t length(size_t minBytes) {
    uint64_t count = 0;
    number(count);
    if (count > bytes_.size() / minBytes) {
      failed_ = true;
      return 0;
    }
    return count;
  }

  bool failed() const { return failed_; }
  size_t remaining() const { return bytes_.size(); }

private:
  std::span<const uint8_t> take(size_t count) {
    if (failed_ || count > bytes_.size()) {
      failed_ = true;
      return {};
    }
    auto part = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return part;
  }

  std::span<const uint8_t> bytes_;
  bool failed_ = false;
};

} // namespace ntc::rt::artifact
