// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of normalization layers.

#include "compiler/autodiff/Rules.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

/// Ioffe and Szegedy, "Batch Normalization", 2015, section 3, with the terms through the mean and
/// the variance solved, plus what flows in through the results `mean` and `variance` themselves. x
/// is (B, C, ...); N is its number of elements per channel.
void batchNorm(BatchNormOp op, Cotangents &d) {
  Expr x = d.at(op.getInput()), scale = d.at(op.getScale());
  RankedTensorType type = x.type();
  SmallVector<int64_t> axes = otherAxes(type.getRank(), 1);
  double count =
      static_cast<double>(type.getNumElements()) / static_cast<double>(type.getDimSize(1));
  auto perElement = [&](Expr channels) { return spread(channels, type, axes); };

  Expr centered = x - perElement(d.at(op.getMean()));
  if (Value cotangent = d.of(op.getOutput())) {
    Expr dy = d.at(cotangent);
    Expr invStd = rsqrt(d.at(op.getVariance()) + op.getEpsilon().convertToDouble());
    Expr xhat = centered * perElement(invStd);
    Expr dbias = sum(dy, axes), dscale = sum(dy * xhat, axes);
    d.add(op.getBias(), [&] { return dbias; });
    d.add(scale, [&] { return dscale; });
    d.add(x, [&] {
      Expr parallel = perElement(dbias / count) + xhat * perElement(dscale / count);
      return perElement(scale * invStd) * (dy - parallel);
    });
  }
  if (Value dmean = d.of(op.getMean())) {
    d.add(x, [&] { return perElement(d.at(dmean) / count); });
  }
  if (Value dvariance = d.of(op.getVariance())) {
    d.add(x, [&] { return perElement(d.at(dvariance) * (2 / count)) * centered; });
  }
}

} // namespace

void attachNormalizationRules(MLIRContext &context) {
  ruleFor<BatchNormOp>(context, [](BatchNormOp op, Cotangents &d) { batchNorm(op, d); });
}

} // namespace ntc::autodiff
