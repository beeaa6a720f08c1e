// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table that `ntc summary` prints, against known counts of the zoo.

#include "frontend/format/Summary.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

using namespace ntc;
using namespace ntc::format;

TEST(Summary, CountsAgreeWithTorchinfo) {
  auto summary = summarize(*zoo::make("cnn"));
  ASSERT_TRUE(summary) << summary.status().message();
  EXPECT_EQ(summary->parameters, 1199882);
  EXPECT_EQ(summary->trainable, 1199882);
  // 288*676 + 18432*576 + 9216*128 + 128*10.
  EXPECT_EQ(summary->multiplyAdds, 288 * 676 + 18432 * 576 + 9216 * 128 + 1280);
  EXPECT_EQ(summary->inputBytes, 28 * 28 * 4);
  EXPECT_EQ(summary->parameterBytes, 1199882 * 4);
}

TEST(Summary, TableNamesLayersShapesAndTotals) {
  std::string table = text(*summarize(*zoo::make("mlp")));
  for (const char *part : {"fc1 (Linear)", "(B, 128)", "100,480", "Total params: 101,770",
                           "Trainable params: 101,770"}) {
    EXPECT_NE(table.find(part), std::string::npos) << part << "\n" << table;
  }
}
