// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arithmetic on sizes from untrusted files: every operation says whether it overflowed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace ntc::rt {

/// a + b, or nothing when it does not fit.
inline std::optional<uint64_t> checkedAdd(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::nullopt : std::optional(sum);
}

/// a * b, or nothing when it does not fit.
inline std::optional<uint64_t> checkedMul(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::nullopt : std::optional(product);
}

/// a / b rounded up, for a >= 0 and b > 0; never overflows.
template <typename T> constexpr T ceilDiv(T a, T b) { return a / b + (a % b != 0 ? 1 : 0); }

/// Number of elements of `shape`; nothing when a dimension is negative or the product exceeds 2^63
/// - 1. A scalar has one element. A zero dimension gives zero even where the other dimensions alone
///   would overflow.
inline std::optional<uint64_t> elementCount(std::span<const int64_t> shape) {
  bool empty = false;
  for (int64_t dimension : shape) {
    if (dimension < 0) {
      return std::nullopt;
    }
    empty |= dimension == 0;
  }
  if (empty) {
    return 0;
  }
  int64_t count = 1;
  for (int64_t dimension : shape) {
    if (__builtin_mul_overflow(count, dimension, &count)) {
      return std::nullopt;
    }
  }
  return static_cast<uint64_t>(count);
}

/// Bytes of a dense tensor, or nothing as for elementCount.
inline std::optional<uint64_t> byteSize(std::span<const int64_t> shape, uint64_t elementBytes) {
  auto count = elementCount(shape);
  return count ? checkedMul(*count, elementBytes) : std::nullopt;
}

/// True when [offset, offset + size) lies in [0, limit).
constexpr bool fitsIn(uint64_t offset, uint64_t size, uint64_t limit) {
  return offset <= limit && size <= limit - offset;
}

} // namespace ntc::rt
