// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of operations of `tensor` with static sizes, and of constant tensors of `arith`.

#include "codegen/reference/Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;

namespace ntc::reference {

/// A program must not depend on the elements of an empty tensor: NaN, or a number that no index is,
/// shows if it does.
static Outcome evaluateEmpty(Call &call) {
  call.out().fill({std::numeric_limits<double>::quiet_NaN(),
                   wrapInteger(-0x5a5a5a5a5a5a5a5a, call.out().getElementType())});
  return Outcome::Done;
}

static Outcome evaluateConstant(Call &call, arith::ConstantOp op) {
  auto elements = dyn_cast<ElementsAttr>(op.getValue());
  if (!elements) {
    return Outcome::NotMine;
  }
  std::optional<Tensor> value = Tensor::fromAttribute(elements);
  if (!value) {
    call.op->emitOpError("has a value that the reference interpreter cannot read");
    return Outcome::Failed;
  }
  call.out() = std::move(*value);
  return Outcome::Done;
}

/// Calls `visit(small, large)` for each element of the slice of a tensor of shape `large`. Dropped
/// dimensions of size 1 change no row-major position. Fails on sizes that are known only at run
/// time.
template <typename Op>
static Outcome walkSlice(Call &call, Op op, const Tensor &large,
                         llvm::function_ref<void(int64_t, int64_t)> visit) {
  for (ArrayRef<int64_t> values :
       {op.getStaticOffsets(), op.getStaticSizes(), op.getStaticStrides()}) {
    if (llvm::any_of(values, ShapedType::isDynamic)) {
      call.op->emitOpError(
          "must have static offsets, sizes and strides for the reference interpreter");
      return Outcome::Failed;
    }
  }
  SmallVector<int64_t> strides = large.getStrides();
  int64_t base = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    base += op.getStaticOffsets()[d] * strides[d];
    strides[d] *= op.getStaticStrides()[d];
  }
  walkStrided(op.getStaticSizes(), base, strides, visit);
  return Outcome::Done;
}

static Outcome evaluateExtractSlice(Call &call, tensor::ExtractSliceOp op) {
  return walkSlice(call, op, call.in(0), [&](int64_t small, int64_t large) {
    call.out().set(small, call.in(0).at(large));
  });
}

static Outcome evaluateInsertSlice(Call &call, tensor::InsertSliceOp op) {
  call.out() = call.in(1);
  return walkSlice(call, op, call.in(1), [&](int64_t small, int64_t large) {
    call.out().set(large, call.in(0).at(small));
  });
}

static Outcome evaluateExtract(Call &call) {
  const Tensor &tensor = call.in(0);
  SmallVector<int64_t> strides = tensor.getStrides();
  int64_t offset = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    int64_t index = call.in(d + 1).integer(0);
    if (index < 0 || index >= tensor.getDim(d)) {
      call.op->emitOpError("index ")
          << index << " is outside of dimension " << d << " of " << tensor.getType();
      return Outcome::Failed;
    }
    offset += index * strides[d];
  }
  call.out().set(0, tensor.at(offset));
  return Outcome::Done;
}

static Outcome evaluateFromElements(Call &call) {
  for (auto [i, operand] : llvm::enumerate(call.operands)) {
    call.out().set(static_cast<int64_t>(i), operand->at(0));
  }
  return Outcome::Done;
}

static Outcome evaluateReshape(Call &call) {
  call.out() = call.in(0).reshaped(call.out().getShape());
  return Outcome::Done;
}

Outcome evaluateTensorOps(Call &call) {
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case([&](tensor::EmptyOp) { return evaluateEmpty(call); })
      .Case([&](arith::ConstantOp op) { return evaluateConstant(call, op); })
      .Case([&](tensor::ExtractSliceOp op) { return evaluateExtractSlice(call, op); })
      .Case([&](tensor::InsertSliceOp op) { return evaluateInsertSlice(call, op); })
      .Case([&](tensor::ExtractOp) { return evaluateExtract(call); })
      .Case([&](tensor::FromElementsOp) { return evaluateFromElements(call); })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp>(
          [&](auto) { return evaluateReshape(call); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
