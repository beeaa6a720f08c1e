// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect `nn`: tensor operations of neural networks, closed under differentiation. See
// NnOps.td.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/nn/Dialect.h.inc"
#include "dialects/nn/Enums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/Attributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/nn/Ops.h.inc"
