// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels without one choice of the emitters each, against the reference interpreter, at several
// numbers of threads; and with all choices but one, where that only moves computations, the bits of
// all choices. The cases are sizes at which the choices matter.

#include "compiler/schedule/KernelTuning.h"
#include "test/unit/codegen/cpu/Judge.h"
#include "test/unit/compiler/autodiff/Subject.h"

#include "gtest/gtest.h"

using namespace mlir;
using ntc::autodiff::test::OpCase;
using ntc::pipelines::KernelChoice;
using ntc::pipelines::KernelChoices;

namespace ntc::codegen::cpu::test {
namespace {

const char *const kWindows = "strides = array<i64: 1, 1>, pads_low = array<i64: 0, 0>, "
                             "pads_high = array<i64: 0, 0>, dilations = array<i64: 1, 1>}";

/// The product of tensors a (m x k) and b (n x k or k x n).
OpCase product(const std::string &name, const std::string &a, const std::string &b,
               const std::string &flags, const std::string &y) {
  return {name, "nn.matmul", "%a: tensor<" + a + "xf32>, %b: tensor<" + b + "xf32>",
          "%y = nn.matmul %a, %b" + flags + " : tensor<" + a + "xf32>, tensor<" + b +
              "xf32> -> tensor<" + y + "xf32>"};
}

std::vector<OpCase> cases() {
  std::vector<OpCase> all = {
      product("tiles", "37x71", "71x129", "", "37x129"),
      product("lanes", "11x300", "13x300", " {transpose_rhs}", "11x13"),
      product("panels", "96x24", "24x520", "", "96x520"),
      product("blocks", "3x9000", "9000x17", "", "3x17"),
      {"updates", "nn.matmul",
       "%x: tensor<70x29xf32>, %d: tensor<70x57xf32>, %w: tensor<29x57xf32>",
       "%g = nn.matmul %x, %d {transpose_lhs} : tensor<70x29xf32>, tensor<70x57xf32> -> "
       "tensor<29x57xf32>\n%e = nn.exp %w : tensor<29x57xf32>\n"
       "%y = nn.mul %e, %g : tensor<29x57xf32>"},
      {"pairs", "nn.matmul", "%p: tensor<19x66xbf16>, %q: tensor<35x66xbf16>",
       "%a = nn.cast %p : tensor<19x66xbf16> -> tensor<19x66xf32>\n"
       "%b = nn.cast %q : tensor<35x66xbf16> -> tensor<35x66xf32>\n"
       "%y = nn.matmul %a, %b {transpose_rhs} : tensor<19x66xf32>, tensor<35x66xf32> -> "
       "tensor<19x35xf32>"},
      {"rows", "nn.conv", "%a: tensor<2x40x4x5xf32>, %b: tensor<32x40x1x1xf32>",
       std::string("%y = nn.conv %a, %b {") + kWindows +
           " : tensor<2x40x4x5xf32>, tensor<32x40x1x1xf32> -> tensor<2x32x4x5xf32>"},
      {"borders", "nn.conv", "%a: tensor<7x150x5x3xf32>, %b: tensor<40x150x3x3xf32>",
       "%y = nn.conv %a, %b {strides = array<i64: 1, 1>, pads_low = array<i64: 1, 1>, "
       "pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>} : "
       "tensor<7x150x5x3xf32>, tensor<40x150x3x3xf32> -> tensor<7x40x5x3xf32>"},
      {"winners", "nn.max_pool", "%a: tensor<2x9x14x18xf32>, %b: tensor<37x9x3x3xf32>",
       std::string("%c = nn.conv %a, %b {") + kWindows +
           " : tensor<2x9x14x18xf32>, tensor<37x9x3x3xf32> -> tensor<2x37x12x16xf32>\n"
           "%r = nn.relu %c : tensor<2x37x12x16xf32>\n"
           "%y, %i = nn.max_pool %r {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, "
           "pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: 1, "
           "1>} : tensor<2x37x12x16xf32> -> tensor<2x37x6x8xf32>, tensor<2x37x6x8xi32>"},
      {"columns", "nn.reduce_sum", "%x: tensor<40x3x64xf32>",
       "%y = nn.reduce_sum %x {axes = array<i64: 0, 1>} : tensor<40x3x64xf32> -> tensor<64xf32>"},
      {"transposed", "nn.transpose", "%x: tensor<61x203xf32>, %b: tensor<203xf32>",
       "%c = nn.broadcast %b {dims = array<i64: 1>} : tensor<203xf32> -> tensor<61x203xf32>\n"
       "%d = nn.add %x, %c : tensor<61x203xf32>\n"
       "%t = nn.transpose %d {permutation = array<i64: 1, 0>} : tensor<61x203xf32> -> "
       "tensor<203x61xf32>\n%y = nn.exp %t : tensor<203x61xf32>"}};
  return all;
}

/// What may add in another order.
bool reorders(KernelChoice choice) {
  return choice == KernelChoice::BlockReductions || choice == KernelChoice::PairProducts;
}

class Choices : public testing::TestWithParam<std::string> {
protected:
  std::unique_ptr<MLIRContext> context = makeCompilerContext();
  Suite suite{*context};

  void fill();
};

void Choices::fill() {
  for (const OpCase &opCase : cases()) {
    auto subject = autodiff::test::makeSubject(*context, opCase, 1);
    ASSERT_TRUE(succeeded(subject)) << opCase.name << "\n" << opCase.body;
    Tensors inputs = autodiff::test::makeInputs(*subject, opCase, 7);
    for (Tensor &input : inputs) {
      input = fromBytes(input.getType(), toBytes(input).data());
    }
    suite.add({opCase.name, std::move(subject->module), std::move(inputs)});
  }
}

TEST_P(Choices, EachMayBeLeftOut) {
  ASSERT_NO_FATAL_FAILURE(fill());
  auto target = CpuTarget::create(GetParam());
  ASSERT_TRUE(static_cast<bool>(target));
  std::vector<Verdict> verdicts;
  std::vector<Tensors> whole;
  std::string problem;
  if (std::string failure = suite.compile(*target); !failure.empty()) {
    ASSERT_TRUE(llvm::StringRef(failure).contains("unsupported")) << failure;
    GTEST_SKIP() << failure;
  }
  for (size_t i = 0; i < suite.size(); ++i) {
    verdicts.push_back(judge(suite[i]));
    whole.push_back(suite.run(i, {}, problem));
  }
  for (const pipelines::OptimizationInfo &info : pipelines::kOptimizations) {
    if (!info.choice) {
      continue;
    }
    KernelChoices choices;
    choices.remove(*info.choice);
    ASSERT_EQ(suite.compile(*target, {}, choices), "") << info.name.str();
    for (size_t i = 0; i < suite.size(); ++i) {
      Tensors actual = suite.run(i, {}, problem);
      problem += difference(suite[i], verdicts[i], actual);
      for (Walk walk : {Walk{2, false}, Walk{4, false}, Walk{1, true}}) {
        if (!sameBits(actual, suite.run(i, walk, problem))) {
          problem += "the bits depend on how the groups are run";
        }
      }
      if (!reorders(*info.choice) && !sameBits(actual, whole[i])) {
        problem += "the bits are others than with it";
      }
      EXPECT_EQ(problem, "") << suite[i].name << " without " << info.name.str();
      problem.clear();
    }
  }
}

TEST_P(Choices, TilesMayHaveAnySize) {
  ASSERT_NO_FATAL_FAILURE(fill());
  auto target = CpuTarget::create(GetParam());
  ASSERT_TRUE(static_cast<bool>(target));
  for (auto [rows, columns] : {std::pair(1, 1), {2, 5}, {7, 3}, {32, 1}, {3, 32}}) {
    auto tune = [rows, columns](ir::train::ProgramOp program) {
      for (auto kernel : program.getBody().getOps<ir::plan::KernelOp>()) {
        schedule::setTuning(kernel, {"", {}, rows, columns});
      }
    };
    if (std::string failure = suite.compile(*target, {}, {}, tune); !failure.empty()) {
      ASSERT_TRUE(llvm::StringRef(failure).contains("unsupported")) << failure;
      GTEST_SKIP() << failure;
    }
    for (size_t i = 0; i < suite.size(); ++i) {
      std::string problem;
      Tensors actual = suite.run(i, {}, problem);
      problem += difference(suite[i], judge(suite[i]), actual);
      for (Walk walk : {Walk{2, false}, Walk{4, false}, Walk{1, true}}) {
        if (!sameBits(actual, suite.run(i, walk, problem))) {
          problem += "the bits depend on how the groups are run";
        }
      }
      EXPECT_EQ(problem, "") << suite[i].name << " in tiles of " << rows << " x " << columns;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Processors, Choices, testing::Values("x86-64-v4", "x86-64-v3"),
                         [](const auto &info) {
                           return info.param == "x86-64-v4" ? "avx512" : "avx2";
                         });

} // namespace
} // namespace ntc::codegen::cpu::test
