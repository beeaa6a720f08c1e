// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every call of every measured step is accounted for.
#include "runtime/train/Profile.h"

#include "TinyProgram.h"
#include "runtime/format/Json.h"

#include <gtest/gtest.h>

namespace ntc::rt::train {
namespace {

TEST(Profile, AccountsForEveryCall) {
  ProfileOptions options;
  options.threads = 1;
  options.steps = 4;
  Result<ProfileReport> report = profile(tinyProgram(), options);
  ASSERT_TRUE(report) << report.status().message();
  ASSERT_FALSE(report->calls.empty());
  EXPECT_EQ(report->spans.size(), 4 * report->calls.size());
  double sum = 0.0, end = 0.0;
  for (const CallProfile &call : report->calls) {
    EXPECT_GT(call.seconds, 0.0) << call.name;
    sum += call.seconds;
  }
  EXPECT_DOUBLE_EQ(report->stepSeconds, sum);
  for (const CallSpan &span : report->spans) {
    EXPECT_LE(end, span.begin);
    EXPECT_LE(span.begin, span.end);
    end = span.end;
  }
  EXPECT_GT(report->limits.flopsPerSecond, 1e8);
  EXPECT_GT(report->limits.bytesPerSecond, 1e8);
  ASSERT_TRUE(format::parseJson(toJson(*report)));
  Result<format::JsonValue> trace = format::parseJson(toTrace(*report));
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->find("traceEvents")->items().size(), report->spans.size());
}

TEST(Profile, RefusesABatchSizeThatIsNotThere) {
  ProfileOptions options;
  options.batchSize = 5;
  EXPECT_EQ(profile(tinyProgram(), options).status().code(), Code::InvalidArgument);
}

} // namespace
} // namespace ntc::rt::train
