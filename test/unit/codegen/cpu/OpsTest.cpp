// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every operation and its derivatives, compiled for the CPU, against the reference interpreter.

#include "test/unit/codegen/cpu/Judge.h"
#include "test/unit/compiler/autodiff/Subject.h"

#include "gtest/gtest.h"

#include <regex>

using namespace mlir;
using ntc::autodiff::test::KinkCase;
using ntc::autodiff::test::OpCase;

namespace ntc::codegen::cpu::test {
namespace {

constexpr uint64_t kRandomSeed = 99;

OpCase withElement(OpCase opCase, const std::string &element) {
  for (std::string *text : {&opCase.arguments, &opCase.body}) {
    *text = std::regex_replace(*text, std::regex("f64>"), element + ">");
  }
  return opCase;
}

/// Elements as the types hold them.
void roundToTypes(Tensors &tensors) {
  for (Tensor &tensor : tensors) {
    tensor = fromBytes(tensor.getType(), toBytes(tensor).data());
  }
}

std::string compileFor(Suite &suite, StringRef cpu) {
  auto target = CpuTarget::create(cpu);
  return target ? suite.compile(*target) : llvm::toString(target.takeError());
}

/// Runs and judges all of `suite`.
void expectAgreement(const Suite &suite) {
  double worst = 0;
  std::string worstName;
  for (size_t i = 0; i < suite.size(); ++i) {
    Verdict verdict = judge(suite[i]);
    ASSERT_FALSE(verdict.expected.empty()) << suite[i].name;
    std::string problem;
    Tensors actual = suite.run(i, {}, problem);
    double quotient = 0;
    problem += difference(suite[i], verdict, actual, &quotient);
    EXPECT_EQ(problem, "") << suite[i].name;
    if (!sameBits(actual, suite.run(i, {.groupsBackward = true}, problem))) {
      ADD_FAILURE() << suite[i].name << ": depends on the order of groups";
    }
    if (quotient > worst) {
      worst = quotient;
      worstName = suite[i].name;
    }
  }
  testing::Test::RecordProperty("worst", worstName + " " + std::to_string(worst));
}

/// Operation cases with their first derivatives, of one element type on one CPU.
struct Run {
  std::string element;
  std::string cpu;

  friend void PrintTo(const Run &run, std::ostream *stream) {
    *stream << run.element << " on " << run.cpu;
  }
};

class Ops : public testing::TestWithParam<Run> {};

TEST_P(Ops, AndDerivativesAgreeWithInterpreter) {
  auto context = makeCompilerContext();
  Suite suite(*context);
  for (const OpCase &wide : autodiff::test::opCases()) {
    OpCase opCase = withElement(wide, GetParam().element);
    auto subject = autodiff::test::makeSubject(*context, opCase, 1);
    ASSERT_TRUE(succeeded(subject)) << opCase.body;
    Tensors inputs = autodiff::test::makeInputs(*subject, opCase, kRandomSeed);
    roundToTypes(inputs);
    suite.add({opCase.name, std::move(subject->module), std::move(inputs)});
  }
  std::string message = compileFor(suite, GetParam().cpu);
  if (StringRef(message).starts_with("unsupported")) {
    GTEST_SKIP() << message;
  }
  ASSERT_EQ(message, "");
  expectAgreement(suite);
}

INSTANTIATE_TEST_SUITE_P(Targets, Ops,
                         testing::Values(Run{"f32", "native"}, Run{"f64", "native"},
                                         Run{"f32", "x86-64-v3"}, Run{"f32", "x86-64-v2"},
                                         Run{"f64", "x86-64-v2"}),
                         [](const auto &info) {
                           std::string name = info.param.element + "_" + info.param.cpu;
                           return std::regex_replace(name, std::regex("-"), "_");
                         });

} // namespace
} // namespace ntc::codegen::cpu::test
