// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Metrics against scikit-learn's on 100 random cases with ties, absent classes and one-class truth
// (test/conformance/make_scores.py, which draws the same cases).
#include "runtime/train/Scores.h"

#include "runtime/format/Safetensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace ntc::rt::train {
namespace {

constexpr int64_t kCases = 100;

/// As `Draw` in make_scores.py.
class Draw {
public:
  explicit Draw(uint64_t seed) : state_(seed * 2 + 1) {}
  int64_t below(int64_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int64_t>(state_ >> 33) % limit;
  }

private:
  uint64_t state_;
};

ClassPredictions classification(int64_t number) {
  Draw draw(static_cast<uint64_t>(number));
  ClassPredictions out;
  out.classes = 2 + draw.below(4);
  const int64_t samples = 5 + draw.below(36), kind = number % 5;
  const int64_t present = kind == 1   ? std::max<int64_t>(1, out.classes - 1)
                          : kind == 2 ? 1
                                      : out.classes;
  for (int64_t i = 0; i < samples; ++i) {
    out.truth.push_back((draw.below(present) + (kind == 2 ? number % out.classes : 0)) %
                        out.classes);
  }
  for (int64_t i = 0; i < samples; ++i) {
    std::vector<int64_t> raw;
    int64_t sum = 0;
    for (int64_t c = 0; c < out.classes; ++c) {
      raw.push_back(1 + draw.below(kind == 3 ? 3 : 1000));
      sum += raw.back();
    }
    for (int64_t value : raw) {
      out.probabilities.push_back(static_cast<double>(value) / static_cast<double>(sum));
    }
  }
  return out;
}

ValuePredictions regression(int64_t number) {
  Draw draw(1000 + static_cast<uint64_t>(number));
  ValuePredictions out;
  out.outputs = 1 + number % 3;
  const int64_t count = (2 + draw.below(30)) * out.outputs;
  auto value = [&] { return static_cast<double>(draw.below(200) - 100) / 8.0; };
  for (int64_t i = 0; i < count; ++i) {
    out.truth.push_back(number % 5 == 2 ? 2.5 : value());
  }
  for (int64_t i = 0; i < count; ++i) {
    out.predicted.push_back(number % 10 == 2 ? out.truth[static_cast<size_t>(i)] : value());
  }
  return out;
}

std::vector<double> scores(int64_t number) {
  const ValuePredictions values = regression(number);
  const ClassPredictions predictions = classification(number);
  const ClassReport report = classReport(predictions);
  std::vector<double> out = {meanAbsoluteError(values), meanSquaredError(values),
                             rootMeanSquaredError(values), r2Score(values), report.accuracy};
  for (const ClassScore *score : {&report.micro, &report.macro, &report.weighted}) {
    out.insert(out.end(), {score->precision, score->recall, score->f1});
  }
  out.push_back(topAccuracy(predictions, 2));
  for (Average average : {Average::Macro, Average::Weighted}) {
    out.push_back(rocAuc(predictions, average));
  }
  for (Average average : {Average::Macro, Average::Weighted}) {
    out.push_back(averagePrecision(predictions, average));
  }
  out.push_back(logLoss(predictions));
  out.push_back(perplexity(predictions));
  for (int64_t k = 1; k <= predictions.classes; ++k) {
    out.push_back(topAccuracy(predictions, k));
  }
  for (int64_t count : confusionMatrix(predictions)) {
    out.push_back(static_cast<double>(count));
  }
  return out;
}

/// The greatest difference from a golden row; NaN equals NaN only.
double worstOf(const std::vector<double> &found, const format::StoredTensor &golden) {
  double worst = found.size() * sizeof(double) == golden.bytes.size() ? 0.0 : INFINITY;
  for (size_t i = 0; i < found.size() && worst < INFINITY; ++i) {
    double expected = 0.0;
    std::memcpy(&expected, golden.bytes.data() + i * sizeof(double), sizeof(double));
    const bool bothNan = std::isnan(found[i]) && std::isnan(expected);
    const double difference = bothNan ? 0.0 : std::abs(found[i] - expected);
    worst = difference <= worst ? worst : std::isnan(difference) ? INFINITY : difference;
  }
  return worst;
}

/// A matrix of all pairs of classes would have 80 GB.
TEST(Scores, TakeNoMemoryForPairsOfClasses) {
  constexpr int64_t classes = 100'000;
  ClassPredictions predictions;
  predictions.classes = classes;
  predictions.truth = {7, classes - 1, 3};
  predictions.probabilities.assign(3 * classes, 0.0);
  for (const int64_t at : {int64_t{7}, 2 * classes - 1, 2 * classes + 5}) {
    predictions.probabilities[static_cast<size_t>(at)] = 1.0;
  }
  const ClassReport report = classReport(predictions);
  EXPECT_EQ(report.labels, (std::vector<int64_t>{3, 5, 7, classes - 1}));
  EXPECT_DOUBLE_EQ(report.accuracy, 2.0 / 3);
  EXPECT_DOUBLE_EQ(report.macro.f1, 0.5);
}

TEST(Scores, EqualScikitLearn) {
  auto goldens = format::Safetensors::open(std::string(NTC_GOLDENS) + "/scores.safetensors");
  ASSERT_TRUE(goldens) << goldens.status().message();
  for (int64_t number = 0; number < kCases; ++number) {
    const format::StoredTensor *golden = goldens->find(concat("case", number));
    ASSERT_NE(golden, nullptr);
    std::vector<double> found = scores(number);
    EXPECT_LE(worstOf(found, *golden), 1e-9) << "case " << number;
    found[static_cast<size_t>(number) % 5] += 1e-8;
    EXPECT_GT(worstOf(found, *golden), 1e-9) << "the harness must see a wrong value";
    if (auto report = goldens->metadataValue(concat("report", number))) {
      EXPECT_EQ(reportText(classReport(classification(number)), {}), *report) << number;
    }
  }
}

TEST(Scores, ReportsUseNamesOfClasses) {
  ClassPredictions subject{2, {0, 1}, {0.9, 0.1, 0.2, 0.8}};
  const std::vector<std::string> names = {"cat", "a quite long name"};
  EXPECT_EQ(reportText(classReport(subject), names),
            "                   precision    recall  f1-score   support\n\n"
            "              cat       1.00      1.00      1.00         1\n"
            "a quite long name       1.00      1.00      1.00         1\n\n"
            "         accuracy                           1.00         2\n"
            "        macro avg       1.00      1.00      1.00         2\n"
            "     weighted avg       1.00      1.00      1.00         2\n");
}

} // namespace
} // namespace ntc::rt::train
