// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration, textual form and verifiers of the dialect `train`.

#include "dialects/train/Train.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/train/Dialect.cpp.inc"
#include "dialects/train/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/train/Attributes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/train/Ops.cpp.inc"

namespace ntc::ir::train {

void TrainDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/train/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/train/Ops.cpp.inc"
      >();
}

LogicalResult StateOp::verify() {
  auto type = dyn_cast<RankedTensorType>(getType());
  if (!type || !type.hasStaticShape()) {
    return emitOpError("needs a tensor type of static shape, found ") << getType();
  }
  if (auto elements = dyn_cast<ElementsAttr>(getInit())) {
    if (elements.getShapedType() != type) {
      return emitOpError("initial value has type ")
             << elements.getType() << ", the state has " << type;
    }
  } else if (!isa<UniformAttr, NormalAttr, FillAttr, FileAttr>(getInit())) {
    return emitOpError("init must be #train.uniform, #train.normal, #train.fill, #train.file or a "
                       "dense value");
  }
  return success();
}

ParseResult EntryOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> arguments, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(arguments, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void EntryOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

/// The terminator's operands must have the entry's result types.
static LogicalResult verifyReturn(EntryOp entry) {
  Block &block = entry.getBody().front();
  auto terminator = block.empty() ? ReturnOp() : dyn_cast<ReturnOp>(block.back());
  if (!terminator || terminator.getOperandTypes() != TypeRange(entry.getResultTypes())) {
    return entry.emitOpError("must end in a train.return of its result types");
  }
  return success();
}

LogicalResult EntryOp::verify() {
  llvm::StringSet<> assigned;
  auto program = cast<ProgramOp>(getOperation()->getParentOp());
  auto lookup = [&](Operation *op, FlatSymbolRefAttr name, Type type) -> LogicalResult {
    auto state = dyn_cast_or_null<StateOp>(SymbolTable::lookupSymbolIn(program, name.getAttr()));
    if (!state) {
      return op->emitOpError("names no state of this program: ") << name;
    }
    if (state.getType() != type) {
      return op->emitOpError("state ")
             << name << " has type " << state.getType() << ", found " << type;
    }
    return success();
  };
  for (Operation &op : getBody().front()) {
    if (auto read = dyn_cast<ReadOp>(op)) {
      if (failed(lookup(read, read.getStateAttr(), read.getValue().getType()))) {
        return failure();
      }
    } else if (auto assign = dyn_cast<AssignOp>(op)) {
      if (failed(lookup(assign, assign.getStateAttr(), assign.getValue().getType()))) {
        return failure();
      }
      if (!assigned.insert(assign.getState()).second) {
        return assign.emitOpError("assigns ") << assign.getStateAttr() << " a second time";
      }
    }
  }
  return verifyReturn(*this);
}

LogicalResult GradientOp::verify() {
  auto loss = cast<RankedTensorType>(getLoss().getType());
  if (loss.getRank() != 0 || !isa<FloatType>(loss.getElementType())) {
    return emitOpError("differentiates a scalar of floating point, found ") << loss;
  }
  if (getWrt().getTypes() != getGradients().getTypes()) {
    return emitOpError("gradients must have the types of the values that they are taken by");
  }
  return success();
}

} // namespace ntc::ir::train
