// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys of kernels hold on to what is computed, and tuning finds its kernels by them.

#include "compiler/pipelines/ApplyTuning.h"

#include "tools/ntc/CompileModel.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "gtest/gtest.h"

using namespace mlir;

namespace ntc::pipelines {
namespace {

using schedule::KernelTuning;

/// A program whose kernels differ from the first in name and place only, in the work groups, in the
/// types, in an attribute of an operation, and in the tuning that it carries.
const char *const kProgram = R"(
train.program @p {
  plan.kernel @k0(%x: tensor<4xf32>) -> tensor<4xf32> attributes {groups = 1 : i64, tile = array<i64>} {
    %y = nn.reshape %x : tensor<4xf32> -> tensor<4xf32> loc("fc1")
    plan.yield %y : tensor<4xf32>
  }
  plan.kernel @renamed(%other: tensor<4xf32>) -> tensor<4xf32> attributes {groups = 1 : i64, tile = array<i64>} {
    %z = nn.reshape %other : tensor<4xf32> -> tensor<4xf32> loc("fc2")
    plan.yield %z : tensor<4xf32>
  }
  plan.kernel @tuned(%x: tensor<4xf32>) -> tensor<4xf32> attributes {groups = 1 : i64, plan.tuning = {tile = array<i64: 2, 3>}, tile = array<i64>} {
    %y = nn.reshape %x : tensor<4xf32> -> tensor<4xf32>
    plan.yield %y : tensor<4xf32>
  }
  plan.kernel @groups(%x: tensor<4xf32>) -> tensor<4xf32> attributes {groups = 2 : i64, tile = array<i64>} {
    %y = nn.reshape %x : tensor<4xf32> -> tensor<4xf32>
    plan.yield %y : tensor<4xf32>
  }
  plan.kernel @types(%x: tensor<5xf32>) -> tensor<5xf32> attributes {groups = 1 : i64, tile = array<i64>} {
    %y = nn.reshape %x : tensor<5xf32> -> tensor<5xf32>
    plan.yield %y : tensor<5xf32>
  }
})";

class ApplyTuningTest : public testing::Test {
protected:
  void SetUp() override {
    DialectRegistry registry;
    driver::registerCompiler(registry);
    context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
    context->loadAllAvailableDialects();
    module = parseSourceString<ModuleOp>(kProgram, ParserConfig(context.get(), false));
    ASSERT_TRUE(module);
    module->walk([&](ir::plan::KernelOp kernel) { kernels.push_back(kernel); });
    ASSERT_EQ(kernels.size(), 5u);
  }

  void apply(std::vector<KernelTuning> tunings) {
    PassManager passes(context.get());
    passes.enableVerifier(false);
    passes.nest<ir::train::ProgramOp>().addPass(createApplyTuning(std::move(tunings)));
    ASSERT_TRUE(succeeded(passes.run(*module)));
  }

  std::unique_ptr<MLIRContext> context;
  OwningOpRef<ModuleOp> module;
  std::vector<ir::plan::KernelOp> kernels;
};

TEST_F(ApplyTuningTest, KeysAreOfWhatIsComputed) {
  const std::string key = schedule::kernelKey(kernels[0]);
  EXPECT_EQ(key.size(), 16u);
  EXPECT_EQ(schedule::kernelKey(kernels[1]), key) << "names and places count";
  EXPECT_EQ(schedule::kernelKey(kernels[2]), key) << "tuning counts";
  EXPECT_NE(schedule::kernelKey(kernels[3]), key) << "groups do not count";
  EXPECT_NE(schedule::kernelKey(kernels[4]), key) << "types do not count";
}

TEST_F(ApplyTuningTest, EntriesFindTheirKernelsAndNoOthers) {
  apply({{schedule::kernelKey(kernels[0]), {"merge-rows"}, 6, 4}, {"0000000000000000", {}, 1, 1}});
  for (size_t i : {0, 1, 2}) {
    auto tuning = schedule::tuningOf(kernels[i]);
    ASSERT_TRUE(succeeded(tuning));
    EXPECT_EQ(tuning->leaveOut, std::vector<std::string>{"merge-rows"}) << i;
    EXPECT_EQ(tuning->rows, 6) << i;
    EXPECT_EQ(tuning->columns, 4) << i;
  }
  for (size_t i : {3, 4}) {
    EXPECT_TRUE(schedule::tuningOf(kernels[i])->isEmpty()) << i;
  }
}

TEST_F(ApplyTuningTest, KernelsWithoutAnEntryKeepWhatTheyHave) {
  apply({{"0000000000000000", {}, 1, 1}});
  EXPECT_TRUE(schedule::tuningOf(kernels[0])->isEmpty());
  EXPECT_EQ(schedule::tuningOf(kernels[2])->rows, 2);
}

} // namespace
} // namespace ntc::pipelines
