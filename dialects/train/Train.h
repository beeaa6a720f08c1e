// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `train`: named state, entry points, gradients and updates. See TrainOps.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/train/Dialect.h.inc"
#include "dialects/train/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/train/Attributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/train/Ops.h.inc"

namespace ntc::ir::train {

/// Names of the attributes of an entry's arguments and results.
inline constexpr llvm::StringLiteral kInputAttr = "train.input";
inline constexpr llvm::StringLiteral kTargetAttr = "train.target";
inline constexpr llvm::StringLiteral kClassesAttr = "train.classes";
inline constexpr llvm::StringLiteral kIgnoreIndexAttr = "train.ignore_index";
inline constexpr llvm::StringLiteral kControlAttr = "train.control";
/// The default of a control: an f64 attribute (i64 for seed and step) on the argument.
inline constexpr llvm::StringLiteral kDefaultAttr = "train.default";
inline constexpr llvm::StringLiteral kMetricAttr = "train.metric";
inline constexpr llvm::StringLiteral kMetricCountAttr = "train.metric_count";
inline constexpr llvm::StringLiteral kOutputAttr = "train.output";

} // namespace ntc::ir::train
