// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Remarks of optimizations as lines for people.
#pragma once

#include "mlir/IR/MLIRContext.h"

#include <string>

namespace ntc::driver {

/// Prints every remark of the passes that run in `context` and whose category (the name of an
/// optimization in pipelines::kOptimizations) matches `filter`, a regular expression, to standard
/// error: "remark: join-dispatches: Relu: joins fc1: ...", and "missed: ..." for what was not done.
void printRemarks(mlir::MLIRContext &context, const std::string &filter);

} // namespace ntc::driver
