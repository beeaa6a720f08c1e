// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// metrics.jsonl as readers see it.
#include "runtime/report/MetricsTable.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ntc::rt::report {
namespace {

TEST(MetricsTable, ColumnsAreKeysInTheirOrder) {
  auto table = parseMetrics("{\"epoch\":1,\"step\":10,\"loss\":0.5}\n"
                            "{\"epoch\":1,\"step\":20,\"loss\":null,\"val_loss\":0.75}\n"
                            "{\"epoch\":2,\"st"); // cut by a crash
  ASSERT_TRUE(table) << table.status().message();
  EXPECT_EQ(table->columns, (std::vector<std::string>{"epoch", "step", "loss", "val_loss"}));
  ASSERT_EQ(table->rows.size(), 2U);
  EXPECT_TRUE(std::isnan(table->rows[0][3]));
  EXPECT_EQ(table->points("step", "loss"), (std::vector<std::pair<double, double>>{{10, 0.5}}));
  EXPECT_TRUE(table->points("step", "none").empty());
  EXPECT_EQ(table->last("loss"), 0.5);
  EXPECT_EQ(table->last("val_loss"), 0.75);
  EXPECT_TRUE(std::isnan(table->last("none")));
}

TEST(MetricsTable, NamesAreWithoutPrefixAndLossIsFirst) {
  auto table = parseMetrics("{\"epoch\":1,\"step\":1,\"accuracy\":1,\"lr\":1,\"time_s\":1,"
                            "\"val_f1\":1,\"val_loss\":1}\n");
  ASSERT_TRUE(table);
  EXPECT_EQ(metricNames(*table), (std::vector<std::string>{"loss", "accuracy", "f1"}));
}

TEST(MetricsTable, SaysWhichLineIsDamaged) {
  auto table = parseMetrics("{\"epoch\":1}\nnot json\n");
  EXPECT_EQ(table.status().code(), Code::Corrupt);
  EXPECT_NE(table.status().message().find("line 2"), std::string::npos);
  EXPECT_EQ(parseMetrics("[1]\n").status().code(), Code::Corrupt);
  EXPECT_TRUE(parseMetrics("")->rows.empty());
}

TEST(MetricsTable, KnowsWhichMetricsAreToBeSmall) {
  for (const char *name : {"loss", "val_loss", "val_mae", "perplexity", "aux_loss"}) {
    EXPECT_FALSE(isMaximized(name)) << name;
  }
  for (const char *name : {"accuracy", "val_accuracy", "r2", "val_f1"}) {
    EXPECT_TRUE(isMaximized(name)) << name;
  }
}

} // namespace
} // namespace ntc::rt::report
