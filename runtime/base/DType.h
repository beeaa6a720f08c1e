// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types that tensors have in memory, in files and in the C ABI.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ntc::rt {

/// Values are part of the C ABI and of the artifact format.
enum class DType : uint8_t {
  F32 = 1,
  F64 = 2,
  I32 = 3,
  I64 = 4,
  U8 = 5,
  Bool = 6,
  F16 = 7,
  BF16 = 8
};

/// Bytes per element; a Bool is one byte, 0 or 1. 0 for a value that is no DType.
constexpr size_t sizeOf(DType dtype) {
  switch (dtype) {
  case DType::F64:
  case DType::I64:
    return 8;
  case DType::F32:
  case DType::I32:
    return 4;
  case DType::F16:
  case DType::BF16:
    return 2;
  case DType::U8:
  case DType::Bool:
    return 1;
  }
  return 0;
}

/// "f32", "f64", "i32", "i64", "u8", "bool", "f16", "bf16"; "?" for a value that is no DType.
constexpr std::string_view nameOf(DType dtype) {
  switch (dtype) {
  case DType::F32:
    return "f32";
  case DType::F64:
    return "f64";
  case DType::I32:
    return "i32";
  case DType::I64:
    return "i64";
  case DType::U8:
    return "u8";
  case DType::Bool:
    return "bool";
  case DType::F16:
    return "f16";
  case DType::BF16:
    return "bf16";
  }
  return "?";
}

} // namespace ntc::rt
