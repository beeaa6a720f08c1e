// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every derivative rule against central differences, to first and second order, and at kinks
// against stated values.

#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "test/unit/compiler/autodiff/GradientCheck.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <regex>
#include <set>

using namespace mlir;

namespace ntc::autodiff::test {

namespace {

constexpr uint64_t kRandomSeed = 20240229;

class Gradient : public testing::TestWithParam<OpCase> {
protected:
  /// Differentiates the case `order` times; a failure of the test and an empty subject where that
  /// fails.
  Subject subjectOf(int order) {
    auto subject = makeSubject(*context, GetParam(), order);
    EXPECT_TRUE(succeeded(subject)) << GetParam().body;
    return succeeded(subject) ? std::move(*subject) : Subject();
  }

  std::unique_ptr<MLIRContext> context = makeContext();
};

TEST_P(Gradient, EqualsCentralDifferences) {
  Subject subject = subjectOf(1);
  ASSERT_TRUE(subject.module);
  EXPECT_EQ(checkFirstOrder(subject, makeInputs(subject, GetParam(), kRandomSeed), kRandomSeed), "")
      << "random seed " << kRandomSeed << "\n"
      << GetParam().body;
}

TEST_P(Gradient, OfGradientEqualsCentralDifferences) {
  Subject subject = subjectOf(2);
  ASSERT_TRUE(subject.module);
  EXPECT_EQ(checkSecondOrder(subject, makeInputs(subject, GetParam(), kRandomSeed), kRandomSeed),
            "")
      << "random seed " << kRandomSeed << "\n"
      << GetParam().body;
}

/// Derivatives have the type of their values: second order passes through every constant and cast.
TEST_P(Gradient, IsWellTypedInEveryFloat) {
  for (std::string type : {"f32", "f16", "bf16"}) {
    OpCase narrow = GetParam();
    for (std::string *text : {&narrow.arguments, &narrow.body}) {
      *text = std::regex_replace(*text, std::regex("f64>"), type + ">");
    }
    EXPECT_TRUE(succeeded(makeSubject(*context, narrow, 2))) << narrow.body;
  }
}

INSTANTIATE_TEST_SUITE_P(Ops, Gradient, testing::ValuesIn(opCases()),
                         [](const auto &info) { return info.param.name; });

TEST(GradientAtKink, IsAsStated) {
  auto context = makeContext();
  for (const KinkCase &kink : kinkCases()) {
    auto subject = makeSubject(*context, kink.program, 1);
    ASSERT_TRUE(succeeded(subject)) << kink.program.name;
    Tensors results = evaluate(subject->block(), kinkInputs(*subject, kink));
    for (size_t argument = 0; argument < kink.expected.size(); ++argument) {
      for (size_t i = 0; i < kink.expected[argument].size(); ++i) {
        double actual = results[subject->outputs + argument].real(i),
               expected = kink.expected[argument][i];
        EXPECT_TRUE(actual == expected || (std::isnan(actual) && std::isnan(expected)))
            << kink.program.name << ": argument " << argument << ", element " << i << ": " << actual
            << ", expected " << expected;
      }
    }
  }
}

/// A new operation must be tested or excused: neither, or both, fails.
TEST(DerivativeTable, CoversEveryOperationOnce) {
  auto context = makeContext();
  std::set<std::string> tested, exempt;
  for (const OpCase &opCase : opCases()) {
    tested.insert(opCase.op);
  }
  for (const Exempt &op : exemptOps()) {
    exempt.insert(op.op);
    EXPECT_FALSE(op.reason.empty());
  }
  for (RegisteredOperationName name : context->getRegisteredOperations()) {
    if (name.getDialectNamespace() != ir::nn::NnDialect::getDialectNamespace()) {
      continue;
    }
    std::string op = name.getStringRef().str();
    EXPECT_EQ(tested.count(op) + exempt.count(op), 1u)
        << op << " needs cases in OpCases.cpp or a reason for having none";
    EXPECT_EQ(name.hasInterface<DifferentiableOpInterface>(), tested.count(op) == 1)
        << op << " has a derivative rule exactly if it has cases";
    tested.erase(op);
    exempt.erase(op);
  }
  EXPECT_TRUE(tested.empty() && exempt.empty())
      << "the table names an operation that does not exist";
}

} // namespace

} // namespace ntc::autodiff::test
