// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradual unfreezing: several entries of one kind and batch size, of which each trains more
// parameters than the one before it.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace ntc::ir::train {

/// Discardable attribute of `train.entry` and `plan.entry`, an i64 above 0: the number of epochs
/// before the first in which the entry takes the place of those of its kind and batch size that
/// came before. An entry without it is that of the first epoch.
inline constexpr llvm::StringLiteral kFromEpochAttr = "train.from_epoch";

/// 0 for an entry of the first epoch.
inline int64_t fromEpochOf(mlir::Operation *entry) {
  auto epoch = entry->getAttrOfType<mlir::IntegerAttr>(kFromEpochAttr);
  return epoch ? epoch.getInt() : 0;
}

} // namespace ntc::ir::train
