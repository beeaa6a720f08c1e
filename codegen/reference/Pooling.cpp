// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the pooling operations of `nn` and their gradients. All are loops over planes (one
// batch element, one channel) and the taps of the windows in a plane.

#include "codegen/reference/Evaluator.h"
#include "codegen/reference/Taps.h"
#include "dialects/nn/Nn.h"

#include <cmath>

using namespace mlir;

namespace ntc::reference {

/// Calls `visit(pooled, full, offset)` for each tap of each plane: positions in the pooled tensor
/// and in the full one.
template <typename Op>
static void forEachTap(Op op, ArrayRef<int64_t> full, ArrayRef<int64_t> pooled,
                       llvm::function_ref<void(int64_t, int64_t, int64_t)> visit) {
  std::vector<Tap> taps = tapsOf(ir::nn::windowsOf(op), full.drop_front(2));
  int64_t fullPlane = stridesOf(full)[1], pooledPlane = stridesOf(pooled)[1];
  for (int64_t plane = 0; plane < full[0] * full[1]; ++plane) {
    for (const Tap &tap : taps) {
      visit(plane * pooledPlane + tap.window, plane * fullPlane + tap.element, tap.offset);
    }
  }
}

static Outcome evaluateMaxPool(Call &call, ir::nn::MaxPoolOp op) {
  const Tensor &x = call.in(0);
  Tensor &y = call.out(0), &winner = call.out(1);
  winner.fill({0, -1});
  forEachTap(op, x.getShape(), y.getShape(), [&](int64_t at, int64_t element, int64_t offset) {
    double value = x.real(element), champion = y.real(at);
    bool first = winner.integer(at) < 0;
    if (first || value > champion || (std::isnan(value) && !std::isnan(champion))) {
      y.real(at) = value;
      winner.integer(at) = offset;
    }
  });
  for (int64_t i = 0; i < winner.getNumElements(); ++i) {
    if (winner.integer(i) < 0) {
      call.op->emitOpError("window ") << i << " touches no element of its input";
      return Outcome::Failed;
    }
  }
  return Outcome::Done;
}

/// `max_pool_dx` and `max_pool_pick`: calls `visit(pooled, full)` for the winner of each window. A
/// winner that is no offset inside the input is refused.
template <typename Op>
static Outcome forEachWinner(Call &call, Op op, const Tensor &winner, ArrayRef<int64_t> full,
                             llvm::function_ref<void(int64_t, int64_t)> visit) {
  int64_t found = 0;
  forEachTap(op, full, winner.getShape(), [&](int64_t at, int64_t element, int64_t offset) {
    if (winner.integer(at) == offset) {
      visit(at, element);
      ++found;
    }
  });
  if (found != winner.getNumElements()) {
    call.op->emitOpError("has ") << winner.getNumElements() - found
                                 << " winners that are no offsets of elements inside the input";
    return Outcome::Failed;
  }
  return Outcome::Done;
}

static Outcome evaluateMaxPoolDx(Call &call, ir::nn::MaxPoolDxOp op) {
  const Tensor &dy = call.in(0), &winner = call.in(1);
  Tensor &dx = call.out();
  Summation summation = call.summation();
  Outcome outcome =
      forEachWinner(call, op, winner, dx.getShape(), [&](int64_t at, int64_t element) {
        dx.real(element) = summation.add(dx.real(element), dy.real(at));
      });
  summation.finish(dx);
  return outcome;
}

static Outcome evaluateMaxPoolPick(Call &call, ir::nn::MaxPoolPickOp op) {
  const Tensor &x = call.in(0), &winner = call.in(1);
  return forEachWinner(call, op, winner, x.getShape(),
                       [&](int64_t at, int64_t element) { call.out().real(at) = x.real(element); });
}

/// For each window of a pooled shape, the number by which its sum is divided.
template <typename Op>
static std::vector<int64_t> divisors(Op op, ArrayRef<int64_t> full, const Tensor &pooled) {
  ArrayRef<int64_t> kernel = op.getKernel();
  int64_t offsets = 1;
  for (int64_t size : kernel) {
    offsets *= size;
  }
  std::vector<int64_t> counts(pooled.getNumElements(), op.getCountIncludePad() ? offsets : 0);
  if (!op.getCountIncludePad()) {
    forEachTap(op, full, pooled.getShape(), [&](int64_t at, int64_t, int64_t) { ++counts[at]; });
  }
  return counts;
}

static Outcome evaluateAvgPool(Call &call, ir::nn::AvgPoolOp op) {
  const Tensor &x = call.in(0);
  Tensor &y = call.out();
  Rounder round = call.rounder();
  Summation summation = call.summation();
  std::vector<int64_t> counts = divisors(op, x.getShape(), y);
  forEachTap(op, x.getShape(), y.getShape(), [&](int64_t at, int64_t element, int64_t) {
    y.real(at) = summation.add(y.real(at), x.real(element));
  });
  for (int64_t i = 0; i < y.getNumElements(); ++i) {
    y.real(i) = round(y.real(i) / static_cast<double>(counts[i]));
  }
  return Outcome::Done;
}

static Outcome evaluateAvgPoolDx(Call &call, ir::nn::AvgPoolDxOp op) {
  const Tensor &dy = call.in(0);
  Tensor &dx = call.out();
  Summation summation = call.summation();
  std::vector<int64_t> counts = divisors(op, dx.getShape(), dy);
  forEachTap(op, dx.getShape(), dy.getShape(), [&](int64_t at, int64_t element, int64_t) {
    double share = dy.real(at) / static_cast<double>(counts[at]);
    dx.real(element) = summation.add(dx.real(element), share);
  });
  summation.finish(dx);
  return Outcome::Done;
}

Outcome evaluatePooling(Call &call) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case([&](nn::MaxPoolOp op) { return evaluateMaxPool(call, op); })
      .Case([&](nn::MaxPoolDxOp op) { return evaluateMaxPoolDx(call, op); })
      .Case([&](nn::MaxPoolPickOp op) { return evaluateMaxPoolPick(call, op); })
      .Case([&](nn::AvgPoolOp op) { return evaluateAvgPool(call, op); })
      .Case([&](nn::AvgPoolDxOp op) { return evaluateAvgPoolDx(call, op); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
