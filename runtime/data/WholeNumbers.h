// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole numbers that files hold as labels, offsets and indices, whatever their width.
#pragma once

#include "runtime/base/DType.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ntc::rt::data {

/// Whether values of the type can be labels, offsets or indices.
constexpr bool isWhole(DType dtype) {
  return dtype == DType::U8 || dtype == DType::I32 || dtype == DType::I64;
}

/// The values of a packed array as i64; nothing where `isWhole` is false.
std::optional<std::vector<int64_t>> wholeNumbers(DType dtype, std::span<const uint8_t> bytes);

/// Classes that a packed array of labels speaks of, one more than its greatest: 0 where `isWhole`
/// is false, a value is negative or the classes are more than INT32_MAX.
int64_t classesOf(DType dtype, std::span<const uint8_t> bytes);

} // namespace ntc::rt::data
