// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How elements of tensors lie in memory and in files.
#pragma once

#include "runtime/base/DType.h"

#include "mlir/IR/Types.h"

#include <optional>

namespace ntc::ir::train {

/// The memory type of an element (a boolean or i8 takes one byte); nothing for types that no file
/// knows.
std::optional<rt::DType> memoryTypeOf(mlir::Type element);

} // namespace ntc::ir::train
