// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole numbers of every width, read one by one: files promise no alignment.
#include "runtime/data/WholeNumbers.h"

#include <algorithm>
#include <cstring>

namespace ntc::rt::data {

namespace {

/// Calls `visit(int64_t)` for the values while it returns true. False: it stopped, or the type is
/// none of whole numbers.
template <typename Visit> bool forEach(DType dtype, std::span<const uint8_t> bytes, Visit visit) {
  auto each = [&]<typename T>(T value) {
    for (size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
      std::memcpy(&value, bytes.data() + at, sizeof(T));
      if (!visit(static_cast<int64_t>(value))) {
        return false;
      }
    }
    return true;
  };
  switch (dtype) {
  case DType::U8:
    return each(uint8_t());
  case DType::I32:
    return each(int32_t());
  case DType::I64:
    return each(int64_t());
  default:
    return false;
  }
}

} // namespace

std::optional<std::vector<int64_t>> wholeNumbers(DType dtype, std::span<const uint8_t> bytes) {
  std::vector<int64_t> out;
  out.reserve(bytes.size() / sizeOf(dtype));
  const bool isWhole = forEach(dtype, bytes, [&](int64_t value) {
    out.push_back(value);
    return true;
  });
  return isWhole ? std::optional(std::move(out)) : std::nullopt;
}

int64_t classesOf(DType dtype, std::span<const uint8_t> bytes) {
  int64_t greatest = -1;
  const bool areClasses = forEach(dtype, bytes, [&](int64_t value) {
    greatest = std::max(greatest, value);
    return value >= 0 && value < INT32_MAX;
  });
  return areClasses ? greatest + 1 : 0;
}

} // namespace ntc::rt::data
