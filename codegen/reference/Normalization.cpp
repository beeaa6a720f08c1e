// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the normalization layers of `nn`.

#include "codegen/reference/Evaluator.h"
#include "dialects/nn/Nn.h"

#include <cmath>

using namespace mlir;

namespace ntc::reference {

/// Calls `visit(position, channel)` for each element of x (B, C, ...).
static void forEachOfChannel(const Tensor &x, llvm::function_ref<void(int64_t, int64_t)> visit) {
  SmallVector<int64_t> strides(x.getRank(), 0);
  strides[1] = 1;
  walkStrided(x.getShape(), 0, strides, visit);
}

static Outcome evaluateBatchNorm(Call &call, ir::nn::BatchNormOp op) {
  const Tensor &x = call.in(0), &scale = call.in(1), &bias = call.in(2);
  Tensor &y = call.out(0), &mean = call.out(1), &variance = call.out(2);
  Rounder round = call.rounder();
  Summation summation = call.summation();
  double n = static_cast<double>(x.getNumElements()) / static_cast<double>(x.getDim(1));
  auto divideByN = [&](Tensor &sums) {
    for (int64_t c = 0; c < sums.getNumElements(); ++c) {
      sums.real(c) = round(sums.real(c) / n);
    }
  };
  forEachOfChannel(
      x, [&](int64_t i, int64_t c) { mean.real(c) = summation.add(mean.real(c), x.real(i)); });
  divideByN(mean);
  forEachOfChannel(x, [&](int64_t i, int64_t c) {
    double centered = x.real(i) - mean.real(c);
    variance.real(c) = summation.add(variance.real(c), centered * centered);
  });
  divideByN(variance);
  double epsilon = op.getEpsilon().convertToDouble();
  forEachOfChannel(x, [&](int64_t i, int64_t c) {
    double xhat = (x.real(i) - mean.real(c)) / std::sqrt(variance.real(c) + epsilon);
    y.real(i) = round(xhat * scale.real(c) + bias.real(c));
  });
  return Outcome::Done;
}

Outcome evaluateNormalization(Call &call) {
  if (auto op = dyn_cast<ir::nn::BatchNormOp>(call.op)) {
    return evaluateBatchNorm(call, op);
  }
  return Outcome::NotMine;
}

} // namespace ntc::reference
