// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simplify and Decompose keep the values of programs, as the reference interpreter computes them in
// double precision.

#include "compiler/optimize/Passes.h"
#include "compiler/optimize/Simplify.h"
#include "test/unit/compiler/autodiff/Subject.h"
#include "test/unit/compiler/optimize/RandomProgram.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <array>
#include <cmath>
#include <random>

using namespace mlir;
using namespace ntc::autodiff::test;

namespace ntc::optimize::test {

namespace {

constexpr uint64_t kRandomSeed = 4711;

Block &entryBlock(ModuleOp module) {
  ir::train::EntryOp found;
  module.walk([&](ir::train::EntryOp entry) { found = entry; });
  return found.getBody().front();
}

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

template <typename... Passes> LogicalResult runPasses(ModuleOp module, Passes... passes) {
  PassManager manager(module.getContext());
  (manager.addPass(std::move(passes)), ...);
  return manager.run(module);
}

/// Sums of at most 200 terms, in another order: 200 * 2^-53 relative to the largest value in a
/// tensor, times the growth of an error through the operations after it, for which four digits are
/// allowed.
constexpr double kBound = 200 * 0x1p-53 * 1e4;

/// Where `actual` differs from `expected`; empty if nowhere.
std::string difference(const Tensors &actual, const Tensors &expected) {
  if (actual.size() != expected.size()) {
    return "other number of results";
  }
  for (size_t r = 0; r < expected.size(); ++r) {
    double largest = 1;
    for (int64_t i = 0; i < expected[r].getNumElements(); ++i) {
      largest = std::max(largest, std::fabs(expected[r].number(i)));
    }
    for (int64_t i = 0; i < expected[r].getNumElements(); ++i) {
      double a = actual[r].number(i), e = expected[r].number(i);
      if (!(std::fabs(a - e) <= kBound * largest || (std::isnan(a) && std::isnan(e)))) {
        return "result " + std::to_string(r) + ", element " + std::to_string(i) + ": " +
               std::to_string(a) + " instead of " + std::to_string(e);
      }
    }
  }
  return {};
}

/// Every operation of the derivative table and its first and second derivatives, before and after
/// both passes.
TEST(Optimize, KeepsValuesOfOpsAndDerivatives) {
  auto context = makeContext();
  for (const OpCase &opCase : opCases()) {
    for (int order : {1, 2}) {
      auto subject = makeSubject(*context, opCase, order);
      ASSERT_TRUE(succeeded(subject)) << opCase.name;
      Tensors inputs = makeInputs(*subject, opCase, kRandomSeed);
      Tensors expected = evaluate(subject->block(), inputs);
      ASSERT_TRUE(succeeded(
          runPasses(*subject->module, createSimplify(), createDecompose(), createSimplify())));
      EXPECT_EQ(difference(evaluate(subject->block(), inputs), expected), "")
          << opCase.name << ", order " << order << "\n"
          << print(*subject->module);
    }
  }
}

TEST(Simplify, KeepsValuesOfRandomPrograms) {
  auto context = makeContext();
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    OwningOpRef<ModuleOp> module = randomProgram(*context, seed);
    ASSERT_TRUE(succeeded(verify(*module))) << print(*module);
    Block &block = entryBlock(*module);
    std::mt19937_64 random(seed);
    Tensors inputs;
    for (Type type : block.getArgumentTypes()) {
      inputs.emplace_back(type);
      for (int64_t i = 0; i < inputs.back().getNumElements(); ++i) {
        inputs.back().real(i) = static_cast<double>(random() >> 11) * 0x1p-52 - 1;
      }
    }
    Tensors expected = evaluate(block, inputs);
    std::string before = print(*module);
    ASSERT_TRUE(succeeded(simplify(*module))) << before;
    ASSERT_TRUE(succeeded(verify(*module))) << before;
    EXPECT_EQ(difference(evaluate(block, inputs), expected), "") << "program " << seed << "\n"
                                                                 << before << "became\n"
                                                                 << print(*module);
    std::string once = print(*module);
    ASSERT_TRUE(succeeded(simplify(*module)));
    EXPECT_EQ(print(*module), once) << "a second run changes program " << seed;
  }
}

/// The first maximum wins, a NaN counts as larger than every number, and the first NaN wins.
TEST(Decompose, ArgmaxOfTiesAndNaN) {
  auto context = makeContext();
  const char *text = R"(train.program @p {
    train.entry @predict(%x: tensor<4x3xf64>) -> tensor<4xi64> attributes {kind = #train.entry_kind<predict>} {
      %y = nn.argmax %x {axis = 1 : i64} : tensor<4x3xf64> -> tensor<4xi64>
      train.return %y : tensor<4xi64>
    } })";
  auto module = parseSourceString<ModuleOp>(text, context.get());
  ASSERT_TRUE(module);
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               inf = std::numeric_limits<double>::infinity();
  Tensor x(entryBlock(*module).getArgument(0).getType());
  const std::vector<double> values = {2, 5, 5, 7, nan, nan, -inf, -inf, -inf, 0, inf, nan};
  for (size_t i = 0; i < values.size(); ++i) {
    x.real(i) = values[i];
  }
  ASSERT_TRUE(succeeded(runPasses(*module, createDecompose())));
  Tensors results = evaluate(entryBlock(*module), {x});
  ASSERT_EQ(results.size(), 1u);
  for (auto [row, expected] : llvm::enumerate(std::array{1, 1, 0, 2})) {
    EXPECT_EQ(results[0].integer(row), expected) << "row " << row;
  }
}

/// Large inputs neither overflow nor lose everything: the maximum is subtracted first.
TEST(Decompose, SoftmaxOfLargeInputs) {
  auto context = makeContext();
  const char *text = R"(train.program @p {
    train.entry @predict(%x: tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>) attributes {kind = #train.entry_kind<predict>} {
      %y = nn.softmax %x {axis = 0 : i64} : tensor<3xf64>
      %z = nn.log_softmax %x {axis = 0 : i64} : tensor<3xf64>
      train.return %y, %z : tensor<3xf64>, tensor<3xf64>
    } })";
  auto module = parseSourceString<ModuleOp>(text, context.get());
  ASSERT_TRUE(module);
  Tensor x(entryBlock(*module).getArgument(0).getType());
  x.real(0) = 1000;
  x.real(1) = 999;
  x.real(2) = -1000;
  ASSERT_TRUE(succeeded(runPasses(*module, createDecompose())));
  Tensors results = evaluate(entryBlock(*module), {x});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NEAR(results[0].real(0), 1 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_EQ(results[0].real(2), 0);
  EXPECT_NEAR(results[1].real(2), -2000 - std::log1p(std::exp(-1.0)), 1e-12);
}

} // namespace

} // namespace ntc::optimize::test
