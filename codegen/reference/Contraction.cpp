// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the matrix product, the convolution and its two gradients of `nn`.

#include "codegen/reference/Evaluator.h"
#include "codegen/reference/Taps.h"
#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ntc::reference {

static Outcome evaluateMatmul(Call &call, ir::nn::MatmulOp op) {
  const Tensor &a = call.in(0), &b = call.in(1);
  Tensor &c = call.out();
  size_t rank = c.getShape().size();
  int64_t m = c.getDim(rank - 2), n = c.getDim(rank - 1);
  int64_t k = a.getDim(op.getTransposeLhs() ? rank - 2 : rank - 1);
  int64_t batches = m * n == 0 ? 0 : c.getNumElements() / (m * n);
  Summation summation = call.summation();
  for (int64_t batch = 0; batch < batches; ++batch) {
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l) {
          double left = a.real(batch * m * k + (op.getTransposeLhs() ? l * m + i : i * k + l));
          double right = b.real(batch * k * n + (op.getTransposeRhs() ? j * k + l : l * n + j));
          sum = summation.add(sum, left * right);
        }
        c.real((batch * m + i) * n + j) = summation.finish(sum);
      }
    }
  }
  return Outcome::Done;
}

/// Positions of the three tensors in one product of a convolution, y += x * w.
struct Term {
  int64_t y, x, w;
};

/// Calls `visit` for every product of the convolution of `input` by `weight` to `output` (shapes),
/// by b, o, c of o's group, window and offset.
static void forEachTerm(const ir::nn::Windows &windows, int64_t groups, ArrayRef<int64_t> input,
                        ArrayRef<int64_t> weight, ArrayRef<int64_t> output,
                        llvm::function_ref<void(Term)> visit) {
  std::vector<Tap> taps = tapsOf(windows, input.drop_front(2));
  int64_t inputPlane = stridesOf(input)[1], kernelPlane = stridesOf(weight)[1];
  int64_t outputPlane = stridesOf(output)[1];
  int64_t channels = input[1], groupChannels = weight[1], outputs = weight[0];
  for (int64_t b = 0; b < input[0]; ++b) {
    for (int64_t o = 0; o < outputs; ++o) {
      int64_t firstChannel = o / (outputs / groups) * groupChannels;
      for (int64_t c = 0; c < groupChannels; ++c) {
        int64_t y = (b * outputs + o) * outputPlane;
        int64_t x = (b * channels + firstChannel + c) * inputPlane;
        int64_t w = (o * groupChannels + c) * kernelPlane;
        for (const Tap &tap : taps) {
          visit({y + tap.window, x + tap.element, w + tap.offset});
        }
      }
    }
  }
}

static Outcome evaluateConv(Call &call, ir::nn::ConvOp op) {
  const Tensor &x = call.in(0), &w = call.in(1);
  Tensor &y = call.out();
  Summation summation = call.summation();
  forEachTerm(ir::nn::convWindowsOf(op, w.getType()), op.getGroups(), x.getShape(), w.getShape(),
              y.getShape(),
              [&](Term t) { y.real(t.y) = summation.add(y.real(t.y), x.real(t.x) * w.real(t.w)); });
  summation.finish(y);
  return Outcome::Done;
}

static Outcome evaluateConvDx(Call &call, ir::nn::ConvDxOp op) {
  const Tensor &dy = call.in(0), &w = call.in(1);
  Tensor &dx = call.out();
  Summation summation = call.summation();
  forEachTerm(ir::nn::convWindowsOf(op, w.getType()), op.getGroups(), dx.getShape(), w.getShape(),
              dy.getShape(), [&](Term t) {
                dx.real(t.x) = summation.add(dx.real(t.x), dy.real(t.y) * w.real(t.w));
              });
  summation.finish(dx);
  return Outcome::Done;
}

static Outcome evaluateConvDw(Call &call, ir::nn::ConvDwOp op) {
  const Tensor &dy = call.in(0), &x = call.in(1);
  Tensor &dw = call.out();
  Summation summation = call.summation();
  forEachTerm(ir::nn::convWindowsOf(op, dw.getType()), op.getGroups(), x.getShape(), dw.getShape(),
              dy.getShape(), [&](Term t) {
                dw.real(t.w) = summation.add(dw.real(t.w), dy.real(t.y) * x.real(t.x));
              });
  summation.finish(dw);
  return Outcome::Done;
}

Outcome evaluateContraction(Call &call) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case([&](nn::MatmulOp op) { return evaluateMatmul(call, op); })
      .Case([&](nn::ConvOp op) { return evaluateConv(call, op); })
      .Case([&](nn::ConvDxOp op) { return evaluateConvDx(call, op); })
      .Case([&](nn::ConvDwOp op) { return evaluateConvDw(call, op); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
