// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types of tensors as the runtime names them.

#include "dialects/train/MemoryType.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace ntc::ir::train {

std::optional<rt::DType> memoryTypeOf(Type element) {
  if (element.isF32()) {
    return rt::DType::F32;
  }
  if (element.isF64()) {
    return rt::DType::F64;
  }
  if (element.isF16()) {
    return rt::DType::F16;
  }
  if (element.isBF16()) {
    return rt::DType::BF16;
  }
  auto integer = dyn_cast<IntegerType>(element);
  switch (integer ? integer.getWidth() : 0) {
  case 64:
    return rt::DType::I64;
  case 32:
    return rt::DType::I32;
  case 8:
    return rt::DType::U8;
  case 1:
    return rt::DType::Bool;
  default:
    return std::nullopt;
  }
}

} // namespace ntc::ir::train
