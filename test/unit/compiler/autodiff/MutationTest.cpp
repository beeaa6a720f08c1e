// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The positive control of the derivative checks: every small change of every derivative rule makes
// one of them fail. Mutants of one rule in different cases are one mutant if the rule built the
// same sequence of operations there. A mutant that changes no value in any case, such as a negated
// zero, is no mistake and is not counted.

#include "test/unit/compiler/autodiff/Mutation.h"
#include "test/unit/compiler/autodiff/GradientCheck.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cmath>
#include <map>

using namespace mlir;

namespace ntc::autodiff::test {

namespace {

constexpr uint64_t kRandomSeed = 77;

/// What became of a mutant over all cases that it occurs in.
struct Fate {
  bool changedSomething = false;
  bool killed = false;
};

bool sameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool sameElements(const Tensor &a, const Tensor &b) {
  for (int64_t i = 0; i < a.getNumElements(); ++i) {
    if (!sameNumber(a.number(i), b.number(i))) {
      return false;
    }
  }
  return true;
}

/// One case with its inputs and its true derivatives.
struct Trial {
  OpCase opCase;
  Tensors inputs;
  Tensors expected;
};

/// The derivatives of `sum over outputs of output * seed` by every argument, as central
/// differences.
Tensors numericGradients(const Subject &subject, const Tensors &inputs) {
  Tensors gradients;
  for (size_t argument = 0; argument < subject.arguments; ++argument) {
    gradients.emplace_back(inputs[argument].getType());
    for (int64_t i = 0; i < gradients.back().getNumElements(); ++i) {
      Tensors slopes = numericDerivative(subject, inputs, argument, i, subject.outputs);
      for (size_t output = 0; output < subject.outputs; ++output) {
        gradients.back().real(i) += dot(slopes[output], inputs[subject.arguments + output]);
      }
    }
  }
  return gradients;
}

std::vector<Trial> makeTrials(MLIRContext &context) {
  std::vector<Trial> trials;
  for (const OpCase &opCase : opCases()) {
    auto subject = makeSubject(context, opCase, 1);
    if (succeeded(subject)) {
      Tensors inputs = makeInputs(*subject, opCase, kRandomSeed);
      trials.push_back({opCase, inputs, numericGradients(*subject, inputs)});
    }
  }
  for (const KinkCase &kink : kinkCases()) {
    auto subject = makeSubject(context, kink.program, 1);
    if (succeeded(subject)) {
      Tensors expected;
      for (size_t i = 0; i < kink.expected.size(); ++i) {
        expected.emplace_back(subject->block().getArgument(i).getType());
        for (size_t element = 0; element < kink.expected[i].size(); ++element) {
          expected.back().real(element) = kink.expected[i][element];
        }
      }
      trials.push_back({kink.program, kinkInputs(*subject, kink), expected});
    }
  }
  return trials;
}

/// Evaluates the mutated program, which returns the original and the changed value behind its
/// results.
void judge(const Subject &subject, const Trial &trial, Fate &fate) {
  Tensors results = evaluate(subject.block(), trial.inputs);
  if (results.empty()) {
    fate.changedSomething = fate.killed = true;
    return;
  }
  fate.changedSomething |= !sameElements(results[results.size() - 2], results.back());
  for (auto [i, expected] : llvm::enumerate(trial.expected)) {
    const Tensor &actual = results[subject.outputs + i];
    for (int64_t element = 0; element < expected.getNumElements(); ++element) {
      double a = actual.real(element), e = expected.real(element);
      fate.killed |= !isClose(a, e) && !sameNumber(a, e);
    }
  }
}

/// Applies every mutation of every operation of the rule to a fresh copy of the case's program.
void mutate(MLIRContext &context, const Trial &trial, std::map<std::string, Fate> &fates) {
  auto original = makeSubject(context, trial.opCase, 1);
  std::string sequence;
  for (Operation *op : ruleOf(*original)) {
    sequence += " " + op->getName().stripDialect().str();
  }
  for (auto [position, op] : llvm::enumerate(ruleOf(*original))) {
    for (size_t choice = 0; choice < mutationsOf(op).size(); ++choice) {
      auto subject = makeSubject(context, trial.opCase, 1);
      Operation *mutated = ruleOf(*subject)[position];
      Mutation mutation = mutationsOf(mutated)[choice];
      Value before = mutated->getResult(0), after = mutation.apply(mutated);
      Operation *terminator = subject->block().getTerminator();
      terminator->insertOperands(terminator->getNumOperands(), {before, after});
      std::string name = trial.opCase.op + " [" + sequence + " ], operation " +
                         std::to_string(position) + " " + mutation.name;
      judge(*subject, trial, fates[name]);
    }
  }
}

TEST(DerivativeMutants, AreAllKilled) {
  auto context = makeContext();
  std::map<std::string, Fate> fates;
  for (const Trial &trial : makeTrials(*context)) {
    mutate(*context, trial, fates);
  }
  size_t killed = 0, total = 0;
  for (const auto &[name, fate] : fates) {
    total += fate.changedSomething;
    killed += fate.changedSomething && fate.killed;
    EXPECT_TRUE(!fate.changedSomething || fate.killed) << "survived: " << name;
  }
  std::cout << "derivative mutants killed: " << killed << " of " << total << "\n";
  EXPECT_GT(total, 200u);
}

} // namespace

} // namespace ntc::autodiff::test
