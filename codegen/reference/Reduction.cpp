// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Meaning of the reductions and of the softmax family of `nn`.

#include "codegen/reference/Evaluator.h"
#include "dialects/nn/Nn.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace ntc::reference {

/// For each dimension of `input`, the stride of the result that lacks `axes`; 0 along the axes
/// themselves.
static SmallVector<int64_t> reducedStrides(const Tensor &input, const Tensor &output,
                                           ArrayRef<int64_t> axes) {
  SmallVector<int64_t> outputStrides = output.getStrides(), strides;
  size_t next = 0;
  for (int64_t d = 0; d < input.getRank(); ++d) {
    strides.push_back(llvm::is_contained(axes, d) ? 0 : outputStrides[next++]);
  }
  return strides;
}

static Outcome evaluateReduceSum(Call &call, ir::nn::ReduceSumOp op) {
  const Tensor &x = call.in(0);
  Tensor &y = call.out();
  Summation summation = call.summation();
  walkStrided(x.getShape(), 0, reducedStrides(x, y, op.getAxes()), [&](int64_t from, int64_t to) {
    if (y.isReal()) {
      y.real(to) = summation.add(y.real(to), x.real(from));
    } else {
      auto sum = static_cast<uint64_t>(y.integer(to)) + static_cast<uint64_t>(x.integer(from));
      y.integer(to) = wrapInteger(static_cast<int64_t>(sum), y.getElementType());
    }
  });
  if (y.isReal()) {
    summation.finish(y);
  }
  return Outcome::Done;
}

/// The number that is below (`sign` = -1) or above (`sign` = 1) every other of `type`.
static Scalar extreme(Type type, int sign) {
  if (isa<FloatType>(type)) {
    return {sign * std::numeric_limits<double>::infinity(), 0};
  }
  if (integerWidth(type) == 1) {
    return {0, sign > 0};
  }
  return {0, sign > 0 ? llvm::maxIntN(integerWidth(type)) : llvm::minIntN(integerWidth(type))};
}

template <typename Op> static Outcome evaluateReduceExtreme(Call &call, Op op) {
  constexpr bool isMax = std::is_same_v<Op, ir::nn::ReduceMaxOp>;
  const Tensor &x = call.in(0);
  Tensor &y = call.out();
  y.fill(extreme(y.getElementType(), isMax ? -1 : 1));
  walkStrided(x.getShape(), 0, reducedStrides(x, y, op.getAxes()), [&](int64_t from, int64_t to) {
    if (y.isReal()) {
      y.real(to) = (isMax ? maximumOf : minimumOf)(y.real(to), x.real(from));
    } else {
      y.integer(to) = isMax ? std::max(y.integer(to), x.integer(from))
                            : std::min(y.integer(to), x.integer(from));
    }
  });
  return Outcome::Done;
}

/// Calls `visit` with the row-major positions of the elements of each line along `axis`, and the
/// line's number.
static void forEachLine(const Tensor &x, int64_t axis,
                        llvm::function_ref<void(ArrayRef<int64_t>, int64_t)> visit) {
  SmallVector<int64_t> strides = x.getStrides(), lines(x.getShape());
  int64_t stride = strides[axis];
  strides.erase(strides.begin() + axis);
  lines.erase(lines.begin() + axis);
  walkStrided(lines, 0, strides, [&](int64_t line, int64_t first) {
    SmallVector<int64_t> positions;
    for (int64_t i = 0; i < x.getDim(axis); ++i) {
      positions.push_back(first + i * stride);
    }
    visit(positions, line);
  });
}

static Outcome evaluateArgmax(Call &call, ir::nn::ArgmaxOp op) {
  const Tensor &x = call.in(0);
  forEachLine(x, op.getAxis(), [&](ArrayRef<int64_t> line, int64_t to) {
    int64_t best = 0;
    for (size_t i = 1; i < line.size(); ++i) {
      double champion = x.real(line[best]), value = x.real(line[i]);
      if (value > champion || (std::isnan(value) && !std::isnan(champion))) {
        best = static_cast<int64_t>(i);
      }
    }
    call.out().integer(to) = best;
  });
  return Outcome::Done;
}

/// `softmax` and `log_softmax`: with m the maximum, s = sum(exp(x - m)).
static Outcome evaluateSoftmax(Call &call, int64_t axis, bool logarithm) {
  const Tensor &x = call.in(0);
  Tensor &y = call.out();
  Rounder round = call.rounder();
  Summation summation = call.summation();
  forEachLine(x, axis, [&](ArrayRef<int64_t> line, int64_t) {
    double m = -std::numeric_limits<double>::infinity();
    for (int64_t i : line) {
      m = maximumOf(m, x.real(i));
    }
    double s = 0;
    for (int64_t i : line) {
      s = summation.add(s, std::exp(x.real(i) - m));
    }
    for (int64_t i : line) {
      double shifted = x.real(i) - m;
      y.real(i) = round(logarithm ? shifted - std::log(s) : std::exp(shifted) / s);
    }
  });
  return Outcome::Done;
}

Outcome evaluateReduction(Call &call) {
  namespace nn = ir::nn;
  return TypeSwitch<Operation *, Outcome>(call.op)
      .Case([&](nn::ReduceSumOp op) { return evaluateReduceSum(call, op); })
      .Case<nn::ReduceMaxOp, nn::ReduceMinOp>(
          [&](auto op) { return evaluateReduceExtreme(call, op); })
      .Case([&](nn::ArgmaxOp op) { return evaluateArgmax(call, op); })
      .Case([&](nn::SoftmaxOp op) { return evaluateSoftmax(call, op.getAxis(), false); })
      .Case([&](nn::LogSoftmaxOp op) { return evaluateSoftmax(call, op.getAxis(), true); })
      .Default([](Operation *) { return Outcome::NotMine; });
}

} // namespace ntc::reference
