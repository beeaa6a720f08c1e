// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the dialect `nn`.

#include "dialects/nn/Nn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "dialects/nn/Dialect.cpp.inc"
#include "dialects/nn/Enums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/nn/Attributes.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/nn/Ops.cpp.inc"

namespace ntc::ir::nn {

void NnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/nn/Attributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/nn/Ops.cpp.inc"
      >();
}

Operation *NnDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                          Location location) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type) {
    return nullptr;
  }
  return ConstantOp::create(builder, location, elements);
}

} // namespace ntc::ir::nn
