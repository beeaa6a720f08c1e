// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of matrix products and convolutions. A convolution and its two gradients are the
// three contractions of one trilinear form sum(dy * conv(x, w)) by pairs of its arguments, so each
// is linear in both operands and the derivatives of each are the other two.

#include "compiler/autodiff/Rules.h"

using namespace mlir;
using namespace ntc::ir::nn;

namespace ntc::autodiff {

namespace {

/// The matrix product of `a` and `b`, each transposed on demand.
Expr matmul(Expr a, bool transposeA, Expr b, bool transposeB) {
  return a.make<MatmulOp>(a, b, transposeA, transposeB);
}

/// Three members of the family: y, dx and dw of the convolution whose attributes `op` has.
template <typename Op> Expr conv(Op op, Expr x, Expr w) {
  return x.make<ConvOp>(x, w, op.getStrides(), op.getPadsLow(), op.getPadsHigh(), op.getDilations(),
                        op.getGroups());
}
template <typename Op> Expr convDx(Op op, Type xType, Expr dy, Expr w) {
  return dy.make<ConvDxOp>(xType, dy, w, op.getStrides(), op.getPadsLow(), op.getPadsHigh(),
                           op.getDilations(), op.getGroups());
}
template <typename Op> Expr convDw(Op op, Type wType, Expr dy, Expr x) {
  return dy.make<ConvDwOp>(wType, dy, x, op.getStrides(), op.getPadsLow(), op.getPadsHigh(),
                           op.getDilations(), op.getGroups());
}

} // namespace

void attachContractionRules(MLIRContext &context) {
  // For C = A B, dA = dC B^T and dB = A^T dC; with A = lhs^T, dlhs = dA^T = B dC^T, likewise for B.
  rule<MatmulOp>(context, [](MatmulOp op, Expr dy, Cotangents &d) {
    Expr a = d.at(op.getLhs()), b = d.at(op.getRhs());
    bool ta = op.getTransposeLhs(), tb = op.getTransposeRhs();
    d.add(a, [&] { return ta ? matmul(b, tb, dy, true) : matmul(dy, false, b, !tb); });
    d.add(b, [&] { return tb ? matmul(dy, true, a, ta) : matmul(a, !ta, dy, false); });
  });
  rule<ConvOp>(context, [](ConvOp op, Expr dy, Cotangents &d) {
    Expr x = d.at(op.getInput()), w = d.at(op.getWeight());
    d.add(x, [&] { return convDx(op, x.type(), dy, w); });
    d.add(w, [&] { return convDw(op, w.type(), dy, x); });
  });
  rule<ConvDxOp>(context, [](ConvDxOp op, Expr gx, Cotangents &d) {
    Expr dy = d.at(op.getDoutput()), w = d.at(op.getWeight());
    d.add(dy, [&] { return conv(op, gx, w); });
    d.add(w, [&] { return convDw(op, w.type(), dy, gx); });
  });
  rule<ConvDwOp>(context, [](ConvDwOp op, Expr gw, Cotangents &d) {
    Expr dy = d.at(op.getDoutput()), x = d.at(op.getInput());
    d.add(dy, [&] { return conv(op, x, gw); });
    d.add(x, [&] { return convDx(op, x.type(), dy, gw); });
  });
}

} // namespace ntc::autodiff
