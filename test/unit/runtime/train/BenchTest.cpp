// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The measurement runs and says what it should.
#include "runtime/train/Bench.h"

#include "TinyProgram.h"
#include "runtime/format/Json.h"

#include <gtest/gtest.h>

namespace ntc::rt::train {
namespace {

TEST(Bench, ReportsEveryDocumentedKey) {
  BenchOptions options;
  options.seconds = 0.05;
  options.threads = 1;
  Result<BenchReport> report = bench(tinyProgram(), options, 0.0);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_GT(report->stepsPerSecond, 1000.0);
  EXPECT_EQ(report->params, 3);
  EXPECT_EQ(report->batchSize, 8);
  EXPECT_EQ(report->peakArenaBytes, 4096u);
  Result<format::JsonValue> json = format::parseJson(toJson(*report));
  ASSERT_TRUE(json);
  for (const char *key : {"steps_per_s", "first_step_s", "peak_rss_mb", "peak_arena_bytes",
                          "params", "batch_size", "threads", "model"}) {
    EXPECT_NE(json->find(key), nullptr) << key;
  }
}

TEST(Bench, RefusesABatchSizeThatIsNotThere) {
  BenchOptions options;
  options.batchSize = 5;
  EXPECT_EQ(bench(tinyProgram(), options, 0.0).status().code(), Code::InvalidArgument);
}

} // namespace
} // namespace ntc::rt::train
