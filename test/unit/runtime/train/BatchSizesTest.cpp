// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Choosing among compiled batch sizes, and refusals that say what to do.
#include "runtime/train/BatchSizes.h"

#include "../data/Scratch.h"

namespace ntc::rt::train {
namespace {

using data::has;

const std::vector<int64_t> kSizes = {16, 32, 64};

TEST(BatchSizes, TrainingTakesTheFlagThenTheRecipeThenTheGreatest) {
  EXPECT_EQ(*chooseTrainSize(kSizes, 32, {}, "m.so"), 32);
  EXPECT_EQ(*chooseTrainSize(kSizes, std::nullopt, std::vector<int64_t>{128, 16}, "m.so"), 16);
  EXPECT_EQ(*chooseTrainSize(kSizes, std::nullopt, {}, "m.so"), 64);
  EXPECT_TRUE(has(chooseTrainSize(kSizes, 100, {}, "m.so").status().message(),
                  "'ntc compile MODEL --batch-size=100,64,32,16'"));
}

TEST(BatchSizes, TheLastBatchNeedsItsOwnEntry) {
  EXPECT_TRUE(checkLastBatch(kSizes, 60000, 64, "data", "m.so")); // rest 32
  Status status = checkLastBatch(kSizes, 60001, 64, "data", "m.so");
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_TRUE(has(status.message(), "the last batch of data has 33 of 60001 samples"));
  EXPECT_TRUE(has(status.message(), "16, 32, 64 only"));
  EXPECT_TRUE(has(status.message(), "--drop-last"));
  EXPECT_TRUE(has(status.message(), "--batch-size=64,33,32,16"));
}

TEST(BatchSizes, EvaluationLooksForASizeThatDivides) {
  EXPECT_EQ(*chooseEvalSize(kSizes, 10000, std::nullopt, 64, false, "d", ""), 64); // rest 16
  EXPECT_EQ(*chooseEvalSize(kSizes, 48, std::nullopt, 32, false, "d", ""), 32);
  EXPECT_EQ(*chooseEvalSize(std::vector<int64_t>{32, 10}, 70, std::nullopt, 32, false, "d", ""),
            10);
  EXPECT_FALSE(chooseEvalSize(kSizes, 1, std::nullopt, 64, false, "d", ""));
  EXPECT_EQ(*chooseEvalSize(kSizes, 33, std::nullopt, 64, true, "d", ""), 32);
  EXPECT_FALSE(chooseEvalSize(kSizes, 10, std::nullopt, 64, true, "d", ""));
  EXPECT_FALSE(chooseEvalSize({}, 10, std::nullopt, 64, true, "d", ""));
}

} // namespace
} // namespace ntc::rt::train
