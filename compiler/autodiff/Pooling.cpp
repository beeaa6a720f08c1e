// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of pooling. For given winners a maximum pooling picks elements, which is linear;
// picking and its transpose are each other's derivative, and so are mean pooling and its transpose.

#include "compiler/autodiff/Rules.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

/// Elements of `x` at `winner`, and the transpose of that; windows are those of `op`.
template <typename Op> Expr pick(Op op, Type yType, Expr x, Value winner) {
  return x.make<MaxPoolPickOp>(yType, x, winner, op.getKernel(), op.getStrides(), op.getPadsLow(),
                               op.getPadsHigh(), op.getDilations());
}
template <typename Op> Expr unpick(Op op, Type xType, Expr dy, Value winner) {
  return dy.make<MaxPoolDxOp>(xType, dy, winner, op.getKernel(), op.getStrides(), op.getPadsLow(),
                              op.getPadsHigh(), op.getDilations());
}

} // namespace

void attachPoolingRules(MLIRContext &context) {
  // The winner is an integer: only the output has a cotangent.
  rule<MaxPoolOp>(context, [](MaxPoolOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return unpick(op, op.getInput().getType(), dy, op.getWinner()); });
  });
  rule<MaxPoolDxOp>(context, [](MaxPoolDxOp op, Expr gx, Cotangents &d) {
    d.add(op.getDoutput(), [&] { return pick(op, op.getDoutput().getType(), gx, op.getWinner()); });
  });
  rule<MaxPoolPickOp>(context, [](MaxPoolPickOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] { return unpick(op, op.getInput().getType(), dy, op.getWinner()); });
  });
  rule<AvgPoolOp>(context, [](AvgPoolOp op, Expr dy, Cotangents &d) {
    d.add(op.getInput(), [&] {
      return dy.make<AvgPoolDxOp>(op.getInput().getType(), dy, op.getKernel(), op.getStrides(),
                                  op.getPadsLow(), op.getPadsHigh(), op.getDilations(),
                                  op.getCountIncludePad());
    });
  });
  rule<AvgPoolDxOp>(context, [](AvgPoolDxOp op, Expr gx, Cotangents &d) {
    d.add(op.getDoutput(), [&] {
      return gx.make<AvgPoolOp>(gx, op.getKernel(), op.getStrides(), op.getPadsLow(),
                                op.getPadsHigh(), op.getDilations(), op.getCountIncludePad());
    });
  });
}

} // namespace ntc::autodiff
