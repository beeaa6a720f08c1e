// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The progress line and the log line.
#include "runtime/train/Progress.h"

#include "runtime/train/Hooks.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

ProgressState halfWay() {
  ProgressState state;
  state.epoch = 3;
  state.epochs = 14;
  state.batches = 581;
  state.batchesTotal = 938;
  state.samples = 581 * 64;
  state.samplesTotal = 60000;
  state.elapsedSeconds = 7.0;
  state.metrics = {{"loss", 0.10213}, {"accuracy", 0.9691}};
  state.learningRate = 0.49;
  return state;
}

TEST(Progress, LineHasBarCountsTimesRateAndMetrics) {
  EXPECT_EQ(progressLine(halfWay(), {.animate = true, .columns = 120}),
            "Epoch 3/14  61%|######    | 581/938 [00:07<00:04, 83.0 it/s] loss 0.1021 acc 0.969 lr "
            "4.9e-01");
}

TEST(Progress, UsesBlocksUnderUtf8Only) {
  std::string line = progressLine(halfWay(), {.animate = true, .unicode = true, .columns = 120});
  EXPECT_NE(line.find("|██████▏   |"), std::string::npos) << line;
}

TEST(Progress, NeverExceedsTheWidth) {
  for (int columns = 1; columns < 130; ++columns) {
    std::string line = progressLine(halfWay(), {.animate = true, .columns = columns});
    EXPECT_LE(static_cast<int>(line.size()), columns - 1) << columns;
  }
}

TEST(Progress, LeavesResumedBatchesOutOfTheRate) {
  ProgressState state = halfWay();
  state.firstBatch = 511;
  EXPECT_NE(progressLine(state, {.columns = 120}).find("[00:07<00:35, 10.0 it/s]"),
            std::string::npos);
}

TEST(Progress, SaysWhatItCannotKnow) {
  ProgressState state = halfWay();
  state.epochs = 0;
  state.elapsedSeconds = 0.0;
  EXPECT_NE(progressLine(state, {.columns = 120}).find("Epoch 3  61%|"), std::string::npos);
  EXPECT_NE(progressLine(state, {.columns = 120}).find("[00:00<?, ? it/s]"), std::string::npos);
}

TEST(Progress, LogLineReadsAsPyTorchsExamples) {
  ProgressState state = halfWay();
  state.epoch = 1;
  state.samples = 640;
  state.metrics = {{"loss", 2.3}};
  EXPECT_EQ(logLine(state), "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300000");
  state.metrics.emplace_back("accuracy", 0.25);
  EXPECT_EQ(logLine(state), "Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300000\tAccuracy: 0.2500");
}

TEST(Progress, DurationsHaveHoursOnlyWhenNeeded) {
  EXPECT_EQ(durationText(7.9), "00:07");
  EXPECT_EQ(durationText(3723), "1:02:03");
  EXPECT_EQ(durationText(-1), "?");
}

TEST(Progress, WithoutATerminalOneLinePerInterval) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_FALSE(detectStyle(ends[1]).animate);
  {
    Progress progress(ends[1], {}, 10);
    EXPECT_TRUE(progress.isDue(20, 100));
    EXPECT_FALSE(progress.isDue(21, 100));
    progress.update(halfWay());
    progress.message("done");
  }
  ::close(ends[1]);
  char buffer[512];
  ssize_t length = ::read(ends[0], buffer, sizeof(buffer));
  ::close(ends[0]);
  EXPECT_EQ(std::string(buffer, static_cast<size_t>(length)), logLine(halfWay()) + "\ndone\n");
}

TEST(Progress, WithoutAnIntervalTenLinesPerEpoch) {
  for (const auto &[batches, lines] : {std::pair(782, 9), {100, 10}, {40, 4}, {7, 0}}) {
    const Progress progress(-1, {}, 0);
    int due = 0;
    for (int64_t batch = 1; batch <= batches; ++batch) {
      due += progress.isDue(batch, batches);
    }
    EXPECT_EQ(due, lines) << batches;
  }
}

TEST(Progress, OnATerminalAtMostTenTimesASecond) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  Progress progress(ends[1], {.animate = true, .columns = 100}, 10);
  EXPECT_TRUE(progress.isDue(1, 100));
  progress.update(halfWay());
  EXPECT_FALSE(progress.isDue(2, 100));
  ::close(ends[0]);
  ::close(ends[1]);
}

} // namespace
} // namespace ntc::rt::train
