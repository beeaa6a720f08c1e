// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the operations of `nn` that move elements, and of constants, indices and random
// numbers.

#include "codegen/reference/Evaluator.h"
#include "dialects/nn/Nn.h"
#include "runtime/base/Philox.h"

using namespace mlir;

namespace ntc::reference {

static Outcome evaluateConstant(Call &call, ir::nn::ConstantOp op) {
  std::optional<Tensor> value = Tensor::fromAttribute(op.getValue());
  if (!value) {
    call.op->emitOpError("has a value that the reference interpreter cannot read");
    return Outcome::Failed;
  }
  call.out() = std::move(*value);
  return Outcome::Done;
}

static Outcome evaluateReshape(Call &call) {
  call.out() = call.in(0).reshaped(call.out().getShape());
  return Outcome::Done;
}

/// Result element `position` is the input's element at the offset of a strided walk over the
/// result's shape.
static Outcome gather(Call &call, int64_t base, ArrayRef<int64_t> strides) {
  Tensor &y = call.out();
  walkStrided(y.getShape(), base, strides,
              [&](int64_t to, int64_t from) { y.set(to, call.in(0).at(from)); });
  return Outcome::Done;
}

static Outcome evaluateTranspose(Call &call, ir::nn::TransposeOp op) {
  SmallVector<int64_t> inputStrides = call.in(0).getStrides(), strides;
  for (int64_t d : op.getPermutation()) {
    strides.push_back(inputStrides[d]);
  }
  return gather(call, 0, strides);
}

static Outcome evaluateBroadcast(Call &call, ir::nn::BroadcastOp op) {
  SmallVector<int64_t> strides(call.out().getRank(), 0);
  SmallVector<int64_t> inputStrides = call.in(0).getStrides();
  for (auto [i, d] : llvm::enumerate(op.getDims())) {
    strides[d] = call.in(0).getDim(i) == 1 ? 0 : inputStrides[i];
  }
  return gather(call, 0, strides);
}

static Outcome evaluateSlice(Call &call, ir::nn::SliceOp op) {
  SmallVector<int64_t> strides = call.in(0).getStrides();
  int64_t base = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    base += op.getStarts()[d] * strides[d];
    strides[d] *= op.getStrides()[d];
  }
  return gather(call, base, strides);
}

static Outcome evaluatePad(Call &call, ir::nn::PadOp op) {
  Tensor &y = call.out();
  double value = op.getValue().convertToDouble();
  y.fill(convert({value, 0}, Float64Type::get(op.getContext()), y.getElementType(), call.options));
  SmallVector<int64_t> strides = y.getStrides();
  int64_t base = 0;
  for (size_t d = 0; d < strides.size(); ++d) {
    base += op.getLow()[d] * strides[d];
    strides[d] *= op.getInterior()[d] + 1;
  }
  walkStrided(call.in(0).getShape(), base, strides,
              [&](int64_t from, int64_t to) { y.set(to, call.in(0).at(from)); });
  return Outcome::Done;
}

static Outcome evaluateConcat(Call &call, ir::nn::ConcatOp op) {
  Tensor &y = call.out();
  SmallVector<int64_t> strides = y.getStrides();
  int64_t base = 0;
  for (const Tensor *input : call.operands) {
    walkStrided(input->getShape(), base, strides,
                [&](int64_t from, int64_t to) { y.set(to, input->at(from)); });
    base += input->getDim(op.getAxis()) * strides[op.getAxis()];
  }
  return Outcome::Done;
}

static Outcome evaluateOneHot(Call &call, ir::nn::OneHotOp op) {
  const Tensor &indices = call.in(0);
  Tensor &y = call.out();
  SmallVector<int64_t> strides = y.getStrides();
  int64_t classStride = strides[op.getAxis()], classes = y.getDim(op.getAxis());
  strides.erase(strides.begin() + op.getAxis());
  walkStrided(indices.getShape(), 0, strides, [&](int64_t from, int64_t to) {
    int64_t v = indices.integer(from);
    if (v >= 0 && v < classes) {
      y.real(to + v * classStride) = 1;
    }
  });
  return Outcome::Done;
}

static Outcome evaluateRandomUniform(Call &call, ir::nn::RandomUniformOp op) {
  auto seed = static_cast<uint64_t>(call.in(0).integer(0));
  auto step = static_cast<uint64_t>(call.in(1).integer(0));
  Tensor &y = call.out();
  Rounder round = call.rounder();
  for (int64_t e = 0; e < y.getNumElements(); ++e) {
    y.real(e) = round(rt::randomUniform(seed, step, op.getOp(), static_cast<uint64_t>(e)));
  }
  return Outcome::Done;
}

Outcome evaluateShape(Call &call) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case([&](nn::ConstantOp op) { return evaluateConstant(call, op); })
      .Case([&](nn::ReshapeOp) { return evaluateReshape(call); })
      .Case([&](nn::TransposeOp op) { return evaluateTranspose(call, op); })
      .Case([&](nn::BroadcastOp op) { return evaluateBroadcast(call, op); })
      .Case([&](nn::SliceOp op) { return evaluateSlice(call, op); })
      .Case([&](nn::PadOp op) { return evaluatePad(call, op); })
      .Case([&](nn::ConcatOp op) { return evaluateConcat(call, op); })
      .Case([&](nn::OneHotOp op) { return evaluateOneHot(call, op); })
      .Case([&](nn::RandomUniformOp op) { return evaluateRandomUniform(call, op); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
