// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// metrics.jsonl: schema, resume, damaged lines.
#include "runtime/train/Metrics.h"

#include "../data/Scratch.h"

#include <algorithm>
#include <cmath>

namespace ntc::rt::train {
namespace {

using data::readAll;
using data::Scratch;

MetricsRecord record(int64_t step) {
  MetricsRecord out;
  out.epoch = 2;
  out.step = step;
  out.train = {{"loss", 0.5}, {"accuracy", 0.25}};
  out.learningRate = 1e-3;
  out.timeSeconds = 12.5;
  return out;
}

TEST(Metrics, RecordsHaveTheDocumentedKeys) {
  MetricsRecord subject = record(7);
  EXPECT_EQ(toJsonLine(subject),
            "{\"epoch\":2,\"step\":7,\"loss\":0.5,\"accuracy\":0.25,\"lr\":0.001,"
            "\"time_s\":12.5}\n");
  subject.validation = {{"loss", 0.75}, {"accuracy", NAN}};
  EXPECT_EQ(toJsonLine(subject),
            "{\"epoch\":2,\"step\":7,\"loss\":0.5,\"accuracy\":0.25,\"lr\":0.001,"
            "\"time_s\":12.5,\"val_loss\":0.75,\"val_accuracy\":null}\n");
}

TEST(Metrics, MeansComeFromSumsAndCounts) {
  MeanParts parts;
  parts.add(10.0, 64.0);
  parts.add(2.0, 32.0);
  EXPECT_EQ(parts.mean(), 0.125);
  EXPECT_TRUE(std::isnan(MeanParts{}.mean()));
  EXPECT_EQ(reportedName("correct"), "accuracy");
  EXPECT_EQ(reportedName("perplexity"), "perplexity");
}

TEST(Metrics, ResumeDropsLaterRecordsAndBrokenLines) {
  Scratch folder;
  const std::string path = folder / "metrics.jsonl";
  {
    auto log = MetricsLog::create(path);
    ASSERT_TRUE(log);
    for (int64_t step : {10, 20, 30}) {
      MetricsRecord each = record(step);
      each.validation = {{"loss", 1.0 / static_cast<double>(step)}, {"accuracy", 0.9}};
      each.timeSeconds = static_cast<double>(step);
      ASSERT_TRUE(log->append(each));
    }
  }
  std::ofstream(path, std::ios::app) << "{\"epoch\":3,\"st";
  MetricsHistory history;
  auto log = MetricsLog::resume(path, 20, history);
  ASSERT_TRUE(log) << log.status().message();
  EXPECT_EQ(history.timeSeconds, 20.0);
  ASSERT_TRUE(log->append(record(21)));
  std::string text = readAll(path);
  EXPECT_EQ(std::ranges::count(text, '\n'), 3);
  EXPECT_TRUE(text.ends_with(toJsonLine(record(21))));
  EXPECT_EQ(text.find("\"step\":30"), std::string::npos);
}

TEST(Metrics, ResumeBeginsAnewWithoutAFile) {
  Scratch folder;
  MetricsHistory history;
  auto log = MetricsLog::resume(folder / "metrics.jsonl", 5, history);
  ASSERT_TRUE(log) << log.status().message();
  EXPECT_EQ(history.timeSeconds, 0.0);
}

} // namespace
} // namespace ntc::rt::train
