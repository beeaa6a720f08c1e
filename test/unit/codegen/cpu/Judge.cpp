// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounds by perturbation: the program is evaluated in double again, with every inexact operation's
// results moved, in random directions, by the most that its rounding may move them. What comes out
// differs from the exact results as much as a correct program's results do, whatever the condition
// of the formulas after an operation. (Monte Carlo arithmetic: Parker, 1997.)
//
// An operation that adds L terms moves a result by at most L * epsilon * (sum of the absolute
// terms), to first order, in every order of its additions; the sum of the absolute terms is the
// operation on absolute operands.

#include "test/unit/codegen/cpu/Judge.h"

#include "dialects/nn/Nn.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

#include <bit>
#include <cmath>
#include <random>

using namespace mlir;
namespace nn = ntc::ir::nn;

namespace ntc::codegen::cpu::test {
namespace {

/// f64 is moved by 2^13 times its epsilon, and what comes out is divided by as much, since the
/// evaluation itself rounds to f64.
constexpr double kScaleOfDouble = 0x1p13;

/// Half a unit in the last place of 1.
double epsilonOf(Type element) {
  return std::ldexp(1.0, -static_cast<int>(cast<FloatType>(element).getFPMantissaWidth()));
}

int64_t elements(Value value) { return cast<RankedTensorType>(value.getType()).getNumElements(); }

/// The product of a window's extents.
int64_t product(ArrayRef<int64_t> extents) {
  int64_t result = 1;
  for (int64_t extent : extents) {
    result *= extent;
  }
  return result;
}

/// Results are one of the operands' values, or right whatever the rounding.
bool isExact(Operation *op) {
  return isa<nn::NegOp, nn::AbsOp, nn::SignOp, nn::FloorOp, nn::ReluOp, nn::MaximumOp,
             nn::MinimumOp, nn::SelectOp, nn::ReduceMaxOp, nn::ReduceMinOp, nn::MaxPoolOp,
             nn::MaxPoolPickOp, nn::ReshapeOp, nn::TransposeOp, nn::BroadcastOp, nn::SliceOp,
             nn::PadOp, nn::ConcatOp, nn::ConstantOp, nn::OneHotOp>(op);
}

/// Results are sums of terms linear in each operand.
bool isSum(Operation *op) {
  return isa<nn::MatmulOp, nn::ConvOp, nn::ConvDxOp, nn::ConvDwOp, nn::ReduceSumOp, nn::AvgPoolOp,
             nn::AvgPoolDxOp, nn::MaxPoolDxOp, nn::AddOp, nn::SubOp>(op);
}

/// How many rounding errors, relative to its magnitude, a result of `op` may have.
double roundings(Operation *op) {
  auto type = [](Value value) { return cast<RankedTensorType>(value.getType()); };
  return TypeSwitch<Operation *, double>(op)
      .Case([&](nn::MatmulOp matmul) {
        auto lhs = type(matmul.getLhs());
        return lhs.getDimSize(lhs.getRank() - (matmul.getTransposeLhs() ? 2 : 1));
      })
      .Case([&](nn::ConvOp conv) {
        return product(type(conv->getOperand(1)).getShape().drop_front());
      })
      .Case([&](nn::ConvDxOp conv) {
        auto weights = type(conv->getOperand(1)).getShape();
        return product(weights) / weights[1];
      })
      .Case([&](nn::ConvDwOp conv) {
        auto dy = type(conv->getOperand(0)).getShape();
        return product(dy) / dy[1];
      })
      .Case([&](nn::ReduceSumOp sum) {
        return elements(sum->getOperand(0)) / std::max<int64_t>(1, elements(sum));
      })
      .Case([&](nn::AvgPoolOp pool) { return product(pool.getKernel()) + 1; })
      .Case([&](nn::AvgPoolDxOp pool) { return product(pool.getKernel()) + 1; })
      .Case([&](nn::MaxPoolDxOp pool) { return product(pool.getKernel()); })
      .Case<nn::SoftmaxOp, nn::LogSoftmaxOp>([&](auto softmax) {
        return type(softmax->getOperand(0)).getDimSize(softmax.getAxis()) + 8;
      })
      .Case([&](nn::BatchNormOp norm) {
        return 2.0 * elements(norm->getOperand(0)) / elements(norm->getOperand(1)) + 8;
      })
      // Elementary functions: polynomials with errors of a few units in the last place.
      .Case<nn::ExpOp, nn::LogOp, nn::Log1pOp, nn::TanhOp, nn::SigmoidOp, nn::ErfOp, nn::SinOp,
            nn::CosOp, nn::RsqrtOp>([](auto) { return 4; })
      .Case([](nn::PowOp) { return 16; })
      .Default([](Operation *) { return 1; });
}

Tensor absolute(const Tensor &tensor) {
  Tensor result = tensor;
  for (int64_t i = 0; tensor.isReal() && i < tensor.getNumElements(); ++i) {
    result.real(i) = std::fabs(tensor.real(i));
  }
  return result;
}

double largest(const Tensor &tensor) {
  double result = 0;
  for (int64_t i = 0; tensor.isReal() && i < tensor.getNumElements(); ++i) {
    result = std::isfinite(tensor.real(i)) ? std::max(result, std::fabs(tensor.real(i))) : result;
  }
  return result;
}

class Evaluation {
public:
  explicit Evaluation(const Computation &computation)
      : computation(computation), block(computation.block()) {
    options.precision = reference::Precision::Double;
  }

  /// The exact results; keeps the magnitudes of all inexact ones.
  Tensors exact() {
    return walk([&](Operation &op, reference::Frame &frame) {
      if (isExact(&op)) {
        return;
      }
      for (Value result : op.getResults()) {
        if (frame.get(result).isReal()) {
          magnitudes[result] = magnitude(op, result, frame);
        }
      }
    });
  }

  /// Results after one rounding error of every inexact operation.
  Tensors perturbed(std::mt19937_64 &random) {
    return walk([&](Operation &op, reference::Frame &frame) {
      for (Value result : op.getResults()) {
        auto found = magnitudes.find(result);
        if (found == magnitudes.end()) {
          continue;
        }
        Tensor moved = frame.get(result);
        double epsilon = epsilonOf(moved.getElementType());
        epsilon *= roundings(&op) * (moved.getElementType().isF64() ? kScaleOfDouble : 1);
        for (int64_t i = 0; i < moved.getNumElements(); ++i) {
          moved.real(i) += found->second.real(i) * (random() & 1 ? epsilon : -epsilon);
        }
        frame.define(result, std::move(moved));
      }
    });
  }

private:
  const Computation &computation;
  Block &block;
  reference::Options options;
  llvm::DenseMap<Value, Tensor> magnitudes;

  Tensors walk(llvm::function_ref<void(Operation &, reference::Frame &)> after) {
    reference::Frame frame;
    for (auto [argument, input] : llvm::zip_equal(block.getArguments(), computation.inputs)) {
      frame.define(argument, input);
    }
    for (Operation &op : block.without_terminator()) {
      if (failed(reference::evaluate(&op, frame, options))) {
        return {};
      }
      after(op, frame);
    }
    return llvm::map_to_vector(block.getTerminator()->getOperands(),
                               [&](Value value) { return frame.get(value); });
  }

  Tensor magnitude(Operation &op, Value result, const reference::Frame &frame) const {
    if (isSum(&op)) {
      reference::Frame positive;
      for (Value operand : op.getOperands()) {
        positive.define(operand, absolute(frame.get(operand)));
      }
      if (isa<nn::SubOp>(op)) {
        // |a| + |b|
        Tensor total = positive.get(op.getOperand(0));
        for (int64_t i = 0; i < total.getNumElements(); ++i) {
          total.real(i) += positive.get(op.getOperand(1)).real(i);
        }
        return total;
      }
      (void)reference::evaluate(&op, positive, options);
      return absolute(positive.get(result));
    }
    Tensor own = absolute(frame.get(result));
    if (isa<nn::SoftmaxOp, nn::LogSoftmaxOp, nn::BatchNormOp>(op)) {
      double most = largest(own);
      for (Value operand : op.getOperands()) {
        most = std::max(most, largest(frame.get(operand)));
      }
      own.fill({most, 0});
    }
    return own;
  }
};

} // namespace

Verdict judge(const Computation &computation) {
  Evaluation evaluation(computation);
  Verdict verdict;
  verdict.expected = evaluation.exact();
  verdict.bounds.assign(verdict.expected.size(), 0);
  std::mt19937_64 random(computation.inputs.size() + 1);
  int64_t elementsOfResults = 0;
  for (const Tensor &tensor : verdict.expected) {
    elementsOfResults += tensor.getNumElements();
  }
  // The greatest of many elements' deviations needs fewer samples.
  for (int sample = 0; sample < (elementsOfResults > 2000 ? 1 : 4); ++sample) {
    Tensors moved = evaluation.perturbed(random);
    for (auto [r, expected] : llvm::enumerate(verdict.expected)) {
      for (int64_t i = 0; expected.isReal() && i < expected.getNumElements(); ++i) {
        double distance = std::fabs(moved[r].real(i) - expected.real(i));
        if (std::isfinite(distance)) {
          verdict.bounds[r] = std::max(verdict.bounds[r], distance);
        }
      }
    }
  }
  for (auto [r, expected] : llvm::enumerate(verdict.expected)) {
    verdict.bounds[r] *= 4 / (expected.getElementType().isF64() ? kScaleOfDouble : 1);
  }
  return verdict;
}

std::string difference(const Computation &computation, const Verdict &verdict,
                       const Tensors &actual, double *worst) {
  for (auto [r, expected] : llvm::enumerate(verdict.expected)) {
    for (int64_t i = 0; i < expected.getNumElements(); ++i) {
      double a = actual[r].number(i), e = expected.number(i);
      if (a == e || (std::isnan(a) && std::isnan(e))) {
        continue;
      }
      double distance = std::fabs(a - e);
      if (worst) {
        *worst = std::max(*worst, distance / verdict.bounds[r]);
      }
      if (!expected.isReal() || !(distance <= verdict.bounds[r])) {
        return llvm::formatv(
            "{0}: result {1} of {2}, element {3}: {4:E8} instead of {5:E8}, bound {6:E2}\n",
            computation.name, r, verdict.expected.size(), i, a, e, verdict.bounds[r]);
      }
    }
  }
  return {};
}

bool sameBits(const Tensors &a, const Tensors &b) {
  for (auto [x, y] : llvm::zip_equal(a, b)) {
    for (int64_t i = 0; i < x.getNumElements(); ++i) {
      bool same = x.isReal()
                      ? std::bit_cast<uint64_t>(x.real(i)) == std::bit_cast<uint64_t>(y.real(i))
                      : x.integer(i) == y.integer(i);
      if (!same) {
        return false;
      }
    }
  }
  return true;
}

} // namespace ntc::codegen::cpu::test
