// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Central differences of programs that the reference interpreter evaluates in double precision.

#include "test/unit/compiler/autodiff/GradientCheck.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <random>

namespace ntc::autodiff::test {

namespace {

constexpr int64_t kFullJacobianElements = 64;

/// The largest disagreement seen.
class Worst {
public:
  void see(double actual, double expected, const std::string &where) {
    double excess = std::fabs(actual - expected) - kAbsolute - kRelative * std::fabs(expected);
    if (!(excess <= worst)) {
      worst = std::isnan(excess) ? std::numeric_limits<double>::infinity() : excess;
      text = llvm::formatv("{0}: derivative {1}, central difference {2}", where, actual, expected);
    }
  }
  std::string message() const { return worst > 0 ? text : std::string(); }

private:
  double worst = 0;
  std::string text;
};

std::string describe(const Tensor &tensor, size_t argument, int64_t element) {
  std::string type;
  llvm::raw_string_ostream(type) << tensor.getType();
  return llvm::formatv("argument {0} ({1}), element {2}", argument, type, element);
}

/// The numbers of the arguments that derivatives are taken by, in order.
llvm::SmallVector<size_t> floatArguments(const Subject &subject, const Tensors &inputs,
                                         size_t count) {
  llvm::SmallVector<size_t> numbers;
  for (size_t i = 0; i < count; ++i) {
    if (inputs[i].isReal()) {
      numbers.push_back(i);
    }
  }
  return numbers;
}

int64_t elementsOf(const Tensors &inputs, llvm::ArrayRef<size_t> arguments) {
  int64_t total = 0;
  for (size_t argument : arguments) {
    total += inputs[argument].getNumElements();
  }
  return total;
}

/// (f(inputs + step * direction) - f(inputs - step * direction)) / (2 step) for the first
/// `resultCount` results.
Tensors directional(const Subject &subject, const Tensors &inputs, llvm::ArrayRef<size_t> arguments,
                    const Tensors &direction, size_t resultCount) {
  Tensors low = inputs, high = inputs;
  for (auto [argument, along] : llvm::zip_equal(arguments, direction)) {
    for (int64_t i = 0; i < along.getNumElements(); ++i) {
      low[argument].real(i) -= kStep * along.real(i);
      high[argument].real(i) += kStep * along.real(i);
    }
  }
  Tensors before = evaluate(subject.block(), low), after = evaluate(subject.block(), high);
  after.resize(resultCount);
  for (size_t r = 0; r < resultCount; ++r) {
    for (int64_t i = 0; i < after[r].getNumElements(); ++i) {
      after[r].real(i) = (after[r].real(i) - before[r].real(i)) / (2 * kStep);
    }
  }
  return after;
}

/// Random directions, one tensor for each of `arguments`.
Tensors randomDirection(const Tensors &inputs, llvm::ArrayRef<size_t> arguments,
                        std::mt19937_64 &generator) {
  Tensors direction;
  for (size_t argument : arguments) {
    direction.emplace_back(inputs[argument].getType());
    for (int64_t i = 0; i < direction.back().getNumElements(); ++i) {
      direction.back().real(i) = static_cast<double>(generator() >> 11) * 0x1p-52 - 1;
    }
  }
  return direction;
}

/// Compares the derivatives `analytic`, one tensor for each of `arguments`, of the scalar `sum over
/// r of result r * weights[r]`.
void compareAll(const Subject &subject, const Tensors &inputs, llvm::ArrayRef<size_t> arguments,
                llvm::ArrayRef<Tensor> analytic, const Tensors &weights, Worst &worst) {
  for (auto [argument, derivative] : llvm::zip_equal(arguments, analytic)) {
    for (int64_t i = 0; i < derivative.getNumElements(); ++i) {
      Tensors numeric = numericDerivative(subject, inputs, argument, i, weights.size());
      double expected = 0;
      for (auto [slope, weight] : llvm::zip_equal(numeric, weights)) {
        expected += dot(slope, weight);
      }
      worst.see(derivative.real(i), expected, describe(derivative, argument, i));
    }
  }
}

void compareAlong(const Subject &subject, const Tensors &inputs, llvm::ArrayRef<size_t> arguments,
                  llvm::ArrayRef<Tensor> analytic, const Tensors &weights, uint64_t randomSeed,
                  Worst &worst) {
  std::mt19937_64 generator(randomSeed);
  for (int trial = 0; trial < 8; ++trial) {
    Tensors direction = randomDirection(inputs, arguments, generator);
    Tensors numeric = directional(subject, inputs, arguments, direction, weights.size());
    double expected = 0, actual = 0;
    for (auto [slope, weight] : llvm::zip_equal(numeric, weights)) {
      expected += dot(slope, weight);
    }
    for (auto [derivative, along] : llvm::zip_equal(analytic, direction)) {
      actual += dot(derivative, along);
    }
    worst.see(actual, expected, llvm::formatv("random direction {0}", trial));
  }
}

/// The seeds: the weights of the outputs in the loss.
Tensors seedsOf(const Subject &subject, const Tensors &inputs) {
  return Tensors(llvm::ArrayRef<Tensor>(inputs).slice(subject.arguments, subject.seeds()));
}

} // namespace

bool isClose(double actual, double expected) {
  return std::fabs(actual - expected) <= kAbsolute + kRelative * std::fabs(expected);
}

Tensors numericDerivative(const Subject &subject, Tensors inputs, size_t argument, int64_t element,
                          size_t resultCount) {
  Tensor direction(inputs[argument].getType());
  direction.real(element) = 1;
  return directional(subject, inputs, {argument}, {direction}, resultCount);
}

std::string checkFirstOrder(const Subject &subject, const Tensors &inputs, uint64_t randomSeed) {
  auto arguments = floatArguments(subject, inputs, subject.arguments);
  Worst worst;
  if (elementsOf(inputs, arguments) > kFullJacobianElements) {
    Tensors results = evaluate(subject.block(), inputs);
    compareAlong(subject, inputs, arguments,
                 llvm::ArrayRef<Tensor>(results).drop_front(subject.outputs),
                 seedsOf(subject, inputs), randomSeed, worst);
    return worst.message();
  }
  // Columns of the Jacobian by differences once, rows by one seed for each element of the outputs.
  llvm::SmallVector<std::tuple<size_t, int64_t, Tensors>> columns;
  for (size_t argument : arguments) {
    for (int64_t i = 0; i < inputs[argument].getNumElements(); ++i) {
      columns.emplace_back(argument, i,
                           numericDerivative(subject, inputs, argument, i, subject.outputs));
    }
  }
  for (size_t output = 0; output < subject.outputs; ++output) {
    Tensors seeded = inputs;
    for (size_t other = 0; other < subject.outputs; ++other) {
      seeded[subject.arguments + other].fill({});
    }
    Tensor &seed = seeded[subject.arguments + output];
    for (int64_t row = 0; row < seed.getNumElements(); ++row) {
      seed.fill({});
      seed.real(row) = 1;
      Tensors results = evaluate(subject.block(), seeded);
      for (const auto &[argument, i, slopes] : columns) {
        const Tensor &derivative =
            results[subject.outputs + (llvm::find(arguments, argument) - arguments.begin())];
        worst.see(derivative.real(i), slopes[output].real(row),
                  llvm::formatv("output {0}, element {1}, by {2}", output, row,
                                describe(derivative, argument, i)));
      }
    }
  }
  return worst.message();
}

std::string checkSecondOrder(const Subject &subject, const Tensors &inputs, uint64_t randomSeed) {
  auto arguments = floatArguments(subject, inputs, subject.arguments + subject.seeds());
  Tensors results = evaluate(subject.block(), inputs);
  Tensor one(results[0].getType());
  one.fill({1, 0});
  auto analytic = llvm::ArrayRef<Tensor>(results).drop_front(1);
  Worst worst;
  if (elementsOf(inputs, arguments) > kFullJacobianElements) {
    compareAlong(subject, inputs, arguments, analytic, {one}, randomSeed, worst);
  } else {
    compareAll(subject, inputs, arguments, analytic, {one}, worst);
  }
  return worst.message();
}

} // namespace ntc::autodiff::test
