// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of dispatches from the locations of their operations.
#pragma once

#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"

#include <string>

namespace ntc::fuse {

/// The layers that `ops` came from, in order and once each, joined by '+': "fc1+relu". Beyond four
/// the rest is "..."; without any name, "step".
std::string dispatchName(llvm::ArrayRef<mlir::Operation *> ops);

/// The same of one location.
std::string layerName(mlir::Location loc);

} // namespace ntc::fuse
