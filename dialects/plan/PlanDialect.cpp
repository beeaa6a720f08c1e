// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, textual form and verifiers of the dialect `plan`.

#include "dialects/plan/Plan.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/plan/Dialect.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/plan/Attributes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/plan/Ops.cpp.inc"

namespace ntc::ir::plan {

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/plan/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/plan/Ops.cpp.inc"
      >();
}

int64_t elementBytes(Type element) { return (element.getIntOrFloatBitWidth() + 7) / 8; }

int64_t tensorBytes(RankedTensorType type) {
  return type.getNumElements() * elementBytes(type.getElementType());
}

int64_t SlotOp::getSizeBytes() { return tensorBytes(cast<RankedTensorType>(getType())); }

LogicalResult DispatchOp::verify() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes()) {
    return emitOpError("block arguments must have the types of the inputs");
  }
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getOperandTypes() != getOutputs().getTypes()) {
    return emitOpError("must end in a plan.yield of its result types");
  }
  return success();
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> arguments, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(arguments, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

LogicalResult KernelOp::verify() {
  auto yield = dyn_cast<YieldOp>(getBody().front().getTerminator());
  if (!yield || yield.getOperandTypes() != TypeRange(getResultTypes())) {
    return emitOpError("must end in a plan.yield of its result types");
  }
  return success();
}

} // namespace ntc::ir::plan
