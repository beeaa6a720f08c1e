// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `plan`: dispatches, kernels, the arena and the order of calls. See PlanOps.td.
#pragma once

#include "dialects/train/Train.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/plan/Dialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/Attributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Ops.h.inc"

namespace ntc::ir::plan {

/// Bytes of one element in memory; a boolean takes one.
int64_t elementBytes(mlir::Type element);

/// Bytes of a tensor of static shape in memory, row-major and without gaps.
int64_t tensorBytes(mlir::RankedTensorType type);

} // namespace ntc::ir::plan
