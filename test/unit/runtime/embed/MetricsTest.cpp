// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// <ntc/metrics.hpp>: values worked out by hand, and refusals. ScoresTest.cpp compares all of them
// with scikit-learn's.
#include <ntc/metrics.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace ntc::metrics;

const std::vector<int64_t> kTruth = {0, 0, 1, 1, 1}, kPredicted = {0, 1, 1, 1, 0};
const std::vector<double> kScores = {0.8, 0.2, 0.4, 0.6, 0.1, 0.9, 0.3, 0.7, 0.55, 0.45};

double value(const Result<double> &result) {
  EXPECT_TRUE(result) << result.status().message();
  return result ? *result : NAN;
}

TEST(Metrics, OfDecisions) {
  EXPECT_DOUBLE_EQ(value(accuracyScore(kTruth, kPredicted)), 0.6);
  EXPECT_DOUBLE_EQ(value(precisionScore(kTruth, kPredicted)), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(value(recallScore(kTruth, kPredicted)), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(value(f1Score(kTruth, kPredicted)), 2.0 / 3.0);
  EXPECT_DOUBLE_EQ(value(f1Score(kTruth, kPredicted, Average::Macro)), (0.5 + 2.0 / 3.0) / 2.0);
  EXPECT_DOUBLE_EQ(value(f1Score(kTruth, kPredicted, Average::Micro)), 0.6);
  EXPECT_DOUBLE_EQ(value(f1Score(kTruth, kPredicted, Average::Weighted)), 0.6);
  auto matrix = confusionMatrix(kTruth, kPredicted, 3);
  ASSERT_TRUE(matrix);
  EXPECT_EQ(*matrix, (std::vector<int64_t>{1, 1, 0, 1, 2, 0, 0, 0, 0}));
  const std::vector<std::string> names = {"cat", "dog"};
  auto report = classificationReport(kTruth, kPredicted, names);
  ASSERT_TRUE(report);
  EXPECT_NE(report->find("dog"), std::string::npos);
}

TEST(Metrics, OfScores) {
  // Positives 0.9, 0.7, 0.45 and negatives 0.6, 0.2: five of six pairs are in order.
  EXPECT_DOUBLE_EQ(value(rocAucScore(kTruth, kScores, 2)), 5.0 / 6.0);
  EXPECT_DOUBLE_EQ(value(averagePrecisionScore(kTruth, kScores, 2)), (1.0 + 1.0 + 0.75) / 3.0);
  const double loss =
      -(std::log(0.8) + std::log(0.4) + std::log(0.9) + std::log(0.7) + std::log(0.45)) / 5.0;
  EXPECT_DOUBLE_EQ(value(logLoss(kTruth, kScores, 2)), loss);
  EXPECT_DOUBLE_EQ(value(perplexity(kTruth, kScores, 2)), std::exp(loss));
  EXPECT_DOUBLE_EQ(value(topKAccuracyScore(kTruth, kScores, 2, 1)), 0.6);
  EXPECT_TRUE(std::isnan(value(rocAucScore(std::vector<int64_t>(5, 1), kScores, 2))));
}

TEST(Metrics, OfNumbers) {
  const std::vector<double> truth = {1.0, 2.0, 3.0, 6.0}, predicted = {1.0, 3.0, 3.0, 4.0};
  EXPECT_DOUBLE_EQ(value(meanAbsoluteError(truth, predicted)), 0.75);
  EXPECT_DOUBLE_EQ(value(meanSquaredError(truth, predicted)), 1.25);
  EXPECT_DOUBLE_EQ(value(rootMeanSquaredError(truth, predicted)), std::sqrt(1.25));
  EXPECT_DOUBLE_EQ(value(r2Score(truth, predicted)), 1.0 - 5.0 / 14.0);
  EXPECT_DOUBLE_EQ(value(meanAbsoluteError(truth, predicted, 2)), 0.75);
}

TEST(Metrics, RefuseWhatDoesNotFit) {
  const std::vector<int64_t> none;
  EXPECT_FALSE(accuracyScore(none, none));
  EXPECT_FALSE(accuracyScore(kTruth, std::vector<int64_t>{1}));
  EXPECT_FALSE(f1Score(std::vector<int64_t>{2}, std::vector<int64_t>{2}));
  EXPECT_FALSE(f1Score(std::vector<int64_t>{-1}, std::vector<int64_t>{0}, Average::Macro));
  EXPECT_FALSE(confusionMatrix(std::vector<int64_t>{INT64_MAX}, std::vector<int64_t>{0}));
  EXPECT_FALSE(confusionMatrix(kTruth, kPredicted, 1));
  EXPECT_FALSE(rocAucScore(kTruth, kScores, 2, Average::Micro));
  EXPECT_FALSE(rocAucScore(kTruth, kScores, 3));
  EXPECT_FALSE(logLoss(kTruth, std::vector<double>(10, NAN), 2));
  EXPECT_FALSE(topKAccuracyScore(kTruth, kScores, 2, 0));
  EXPECT_FALSE(r2Score(std::vector<double>{1.0}, std::vector<double>{}));
}

} // namespace
