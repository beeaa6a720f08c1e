// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Metrics and predictions of a program whose state is known.
#include "runtime/train/Evaluate.h"

#include "../data/Scratch.h"
#include "TinyProgram.h"
#include "runtime/format/Npy.h"
#include "runtime/train/Predict.h"

#include <algorithm>
#include <cmath>
#include <fcntl.h>

namespace ntc::rt::train {
namespace {

using data::has;
using data::readAll;
using data::Scratch;

class Verbs : public testing::Test {
protected:
  Verbs() {
    hooks_.print = [this](std::string_view line) { lines_ += std::string(line) + "\n"; };
    hooks_.progressDescriptor = -1;
    // y = x0 + 2 x1 + 3 x2, off by one in the last of five rows.
    folder_.write("t.csv", "x0,x1,x2,y\n1,0,0,1\n0,1,0,2\n0,0,1,3\n1,1,1,6\n2,0,0,3\n");
    data_ = "csv:" + (folder_ / "t.csv") + "?target=y";
  }
  std::unique_ptr<exec::Session> session(TinyOptions options) {
    auto out = exec::Session::create(tinyProgram(options));
    EXPECT_TRUE(out) << out.status().message();
    std::span<uint8_t> bytes = *(*out)->state("w");
    const float w[3] = {1, 2, 3};
    std::copy_n(reinterpret_cast<const uint8_t *>(w), sizeof(w), bytes.begin());
    return out.take();
  }
  Scratch folder_;
  Hooks hooks_;
  std::string lines_, data_;
};

TEST_F(Verbs, EvalReportsMeansOverAllSamples) {
  auto program = session({.sizes = {4, 1}});
  EvalOptions options;
  options.data = data_;
  Result<EvalReport> report = evaluateData(*program, options, hooks_);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->samples, 5);
  EXPECT_EQ(report->metrics[0].first, "loss");
  EXPECT_FLOAT_EQ(static_cast<float>(report->metrics[0].second), 0.2f);
  EXPECT_EQ(report->metrics[1].first, "accuracy");
  EXPECT_FLOAT_EQ(static_cast<float>(report->metrics[1].second), 0.8f);
  EXPECT_TRUE(has(lines_, "loss 0.2000  accuracy 0.8000 (5 samples)"));
}

TEST_F(Verbs, EvalComputesMetricsFromPredictions) {
  auto program = session({.sizes = {4, 1}, .recipe = R"({"loss":{"name":"mse"}})"});
  EvalOptions options;
  options.data = data_;
  options.metrics = {"mae", "rmse", "r2"};
  Result<EvalReport> report = evaluateData(*program, options, hooks_);
  ASSERT_TRUE(report) << report.status().message();
  auto value = [&](std::string_view name) {
    auto found = std::ranges::find(report->metrics, name, &NamedValues::value_type::first);
    return found == report->metrics.end() ? NAN : found->second;
  };
  EXPECT_DOUBLE_EQ(value("mae"), 0.2);
  EXPECT_DOUBLE_EQ(value("rmse"), std::sqrt(0.2));
  EXPECT_DOUBLE_EQ(value("r2"), 1.0 - 1.0 / 14.0);
  auto refusal = [&](std::vector<std::string> metrics) {
    options.metrics = std::move(metrics);
    return evaluateData(*program, options, hooks_).status().message();
  };
  EXPECT_TRUE(
      has(refusal({"f1"}), "metric 'f1' is for classes, but the model's output is numbers"));
  EXPECT_TRUE(has(refusal({"rsme"}), "unknown metric 'rsme'; did you mean 'rmse'?"));
  options.report = true;
  EXPECT_TRUE(has(refusal({}), "--report is for classes"));
}

TEST_F(Verbs, EvalReportsEveryClassOfABinaryClassifier) {
  folder_.write("b.csv", "x0,x1,x2,y\n-9,0,0,0\n9,0,0,1\n9,0,0,0\n0,0,3,1\n0,-5,0,0\n");
  auto program = session({.sizes = {4, 1}, .recipe = R"({"loss":{"name":"bce_with_logits"}})"});
  EvalOptions options;
  options.data = "csv:" + (folder_ / "b.csv") + "?target=y";
  options.metrics = {"f1", "roc_auc", "top1"};
  options.report = true;
  Result<EvalReport> report = evaluateData(*program, options, hooks_);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_TRUE(has(lines_, "           1       0.67      1.00      0.80         2\n"));
  EXPECT_TRUE(has(lines_, "weighted avg"));
  EXPECT_EQ(confusionMatrix(*report->predictions), (std::vector<int64_t>{2, 1, 0, 2}));
  lines_.clear();
  options.json = true;
  ASSERT_TRUE(evaluateData(*program, options, hooks_));
  EXPECT_TRUE(has(lines_, R"("confusion_matrix":[[2,1],[0,2]])")) << lines_;
  folder_.write("b.csv", "x0,x1,x2,y\n-9,0,0,2\n");
  EXPECT_TRUE(has(evaluateData(*program, options, hooks_).status().message(),
                  "expected a class below 2, found 2"));
}

TEST_F(Verbs, EvalRefusesAPartialBatchUnlessDropped) {
  auto program = session({.sizes = {4}});
  EvalOptions options;
  options.data = data_;
  EXPECT_TRUE(
      has(evaluateData(*program, options, hooks_).status().message(), "has 1 of 5 samples"));
  options.dropLast = true;
  EXPECT_EQ(evaluateData(*program, options, hooks_)->samples, 4);
}

TEST_F(Verbs, PredictPadsAndDropsRows) {
  auto program = session({.sizes = {4}});
  PredictOptions options;
  options.data = data_;
  options.out = "-";
  Result<PredictReport> report = predictData(*program, options, hooks_);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(lines_, "index,y0\n0,1\n1,2\n2,3\n3,6\n4,2\n");
}

TEST_F(Verbs, PredictWritesJsonLinesAndNpy) {
  auto program = session({.sizes = {8}, .recipe = R"({"loss":{"name":"bce_with_logits"}})"});
  PredictOptions options;
  options.data = data_;
  options.out = folder_ / "p.jsonl";
  ASSERT_TRUE(predictData(*program, options, hooks_));
  EXPECT_TRUE(readAll(options.out).starts_with("{\"index\":0,\"probabilities\":[0.731058578"));
  options.out = folder_ / "p.npy";
  ASSERT_TRUE(predictData(*program, options, hooks_));
  Result<format::NpyArray> array = format::readNpy(options.out);
  ASSERT_TRUE(array) << array.status().message();
  EXPECT_EQ(array->shape, (std::vector<int64_t>{5, 1}));
  EXPECT_EQ(reinterpret_cast<const float *>(array->bytes.data())[3], 6.0f);
  options.out = folder_ / "p.txt";
  EXPECT_TRUE(
      has(predictData(*program, options, hooks_).status().message(), ".csv, .jsonl or .npy"));
}

} // namespace
} // namespace ntc::rt::train
