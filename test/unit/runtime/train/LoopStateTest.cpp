// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop's memory survives as text bit for bit, and hostile text does not.
#include "runtime/train/LoopState.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ntc::rt::train {
namespace {

TEST(LoopState, EveryBitComesBack) {
  LoopState state;
  state.epochs = {{{"loss", 0.1}, {"val_loss", std::numeric_limits<double>::infinity()}},
                  {{"loss", -1e-310}, {"val_loss", std::nan("")}},
                  {}};
  state.sums = {{1.0 / 3.0, 7.0}, {-0.0, std::numeric_limits<double>::max()}};
  Result<LoopState> back = parseLoopState(toJson(state));
  ASSERT_TRUE(back) << back.status().message();
  ASSERT_EQ(back->epochs.size(), 3u);
  EXPECT_EQ(back->epochs[0], state.epochs[0]);
  EXPECT_EQ(back->epochs[1][0], state.epochs[1][0]);
  EXPECT_TRUE(std::isnan(back->epochs[1][1].second));
  ASSERT_EQ(back->sums.size(), 2u);
  EXPECT_EQ(back->sums[0].sum, 1.0 / 3.0);
  EXPECT_TRUE(std::signbit(back->sums[1].sum));
  EXPECT_EQ(back->sums[1].count, std::numeric_limits<double>::max());
}

TEST(LoopState, DamagedTextIsRefused) {
  for (const char *text :
       {"", "{}", "[]", R"({"epochs":[],"sums":["1"]})", R"({"epochs":[{"loss":"x"}],"sums":[]})",
        R"({"epochs":[{"loss":1}],"sums":[]})", R"({"epochs":[],"sums":["1","2z"]})"}) {
    EXPECT_FALSE(parseLoopState(text)) << text;
  }
}

} // namespace
} // namespace ntc::rt::train
