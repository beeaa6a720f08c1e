// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of reductions and of the softmax family. `nn.argmax` has no rule: its result is an
// integer.

#include "compiler/autodiff/Rules.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

/// The derivative of y = max or min of x along `axes`: dy to every element that equals y, in equal
/// shares.
Expr toExtrema(Expr x, Expr y, Expr dy, ArrayRef<int64_t> axes) {
  Expr hit = compare(Predicate::eq, x, spread(y, x.type(), axes));
  Expr share = dy / sum(cast(hit, x.type().getElementType()), axes);
  return select(hit, spread(share, x.type(), axes), x.constant(0));
}

/// The sum of `x` along `axis`, repeated along it.
Expr total(Expr x, int64_t axis) { return spread(sum(x, axis), x.type(), axis); }

} // namespace

void attachReductionRules(MLIRContext &context) {
  rule<ReduceSumOp>(context, [](ReduceSumOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return spread(dy, d.at(op.getInput()).type(), op.getAxes()); });
  });
  rule<ReduceMaxOp>(context, [](ReduceMaxOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(),
          [&] { return toExtrema(d.at(op.getInput()), d.at(op), dy, op.getAxes()); });
  });
  rule<ReduceMinOp>(context, [](ReduceMinOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(),
          [&] { return toExtrema(d.at(op.getInput()), d.at(op), dy, op.getAxes()); });
  });
  rule<SoftmaxOp>(context, [](SoftmaxOp op, Expr dy, Cotangents &d) {
    Expr y = d.at(op);
    d.add(op.getInput(), [&] { return y * (dy - total(y * dy, op.getAxis())); });
  });
  rule<LogSoftmaxOp>(context, [](LogSoftmaxOp op, Expr dy, Cotangents &d) {
    Expr y = d.at(op);
    d.add(op.getInput(), [&] { return dy - exp(y) * total(dy, op.getAxis()); });
  });
}

} // namespace ntc::autodiff
