// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checked arguments before the runtime's scores.
#include "ntc/metrics.hpp"
#include "runtime/embed/Border.h"
#include "runtime/train/Scores.h"

#include <algorithm>
#include <cmath>

namespace ntc::metrics {
namespace {

using rt::Code;
using rt::error;
using rt::embed::toPublic;
using rt::train::ClassPredictions;
using rt::train::ClassReport;
using rt::train::ClassScore;

/// A matrix of counts has the square of them.
constexpr int64_t kMostMatrixClasses = 1 << 15;

/// Labels in [0, classes). Errors: InvalidArgument naming the sample.
rt::Status checkLabels(const char *what, Labels labels, int64_t classes) {
  const auto wrong =
      std::ranges::find_if(labels, [&](int64_t label) { return label < 0 || label >= classes; });
  return wrong == labels.end()
             ? rt::Status::ok()
             : error(Code::InvalidArgument, what, ": expected labels from 0 to ", classes - 1,
                     ", found ", *wrong, " at sample ", wrong - labels.begin());
}

rt::Status checkSizes(size_t truth, size_t predicted, size_t perSample) {
  if (truth == 0 || predicted % perSample != 0 || truth != predicted / perSample) {
    return error(Code::InvalidArgument, "expected at least one sample and ", perSample,
                 " predicted values for each, found ", truth, " samples and ", predicted,
                 " values");
  }
  return rt::Status::ok();
}

/// The counts of hard decisions; `classes` 0: as many as there are labels.
rt::Result<std::vector<int64_t>> countsOf(Labels truth, Labels predicted, int64_t &classes) {
  if (rt::Status status = checkSizes(truth.size(), predicted.size(), 1); !status) {
    return status;
  }
  if (classes == 0) {
    const int64_t greatest =
        std::max(*std::ranges::max_element(truth), *std::ranges::max_element(predicted));
    classes = greatest < kMostMatrixClasses ? std::max<int64_t>(greatest, 0) + 1 : greatest;
  }
  if (classes < 1 || classes > kMostMatrixClasses) {
    return error(Code::InvalidArgument, "expected from 1 to ", kMostMatrixClasses,
                 " classes, found ", classes);
  }
  for (const auto &[what, labels] : {std::pair("truth", truth), {"predicted", predicted}}) {
    if (rt::Status status = checkLabels(what, labels, classes); !status) {
      return status;
    }
  }
  return rt::train::confusionMatrix(truth, predicted, classes);
}

rt::Result<ClassReport> reportOf(Labels truth, Labels predicted) {
  int64_t classes = 0;
  auto counts = countsOf(truth, predicted, classes);
  return counts ? rt::Result<ClassReport>(rt::train::classReport(*counts, classes))
                : counts.status();
}

Result<double> score(Labels truth, Labels predicted, Average average, double ClassScore::*member) {
  auto report = reportOf(truth, predicted);
  if (!report) {
    return toPublic(report.status());
  }
  switch (average) {
  case Average::Micro:
    return report->micro.*member;
  case Average::Macro:
    return report->macro.*member;
  case Average::Weighted:
    return report->weighted.*member;
  case Average::Binary:
    break;
  }
  double found = 0.0;
  for (size_t i = 0; i < report->labels.size(); ++i) {
    if (report->labels[i] > 1) {
      return toPublic(error(Code::InvalidArgument, "the average Binary is for classes 0 and 1, ",
                            "found class ", report->labels[i],
                            "; choose Micro, Macro or Weighted"));
    }
    found = report->labels[i] == 1 ? report->scores[i].*member : found;
  }
  return found;
}

rt::Result<ClassPredictions> predictionsOf(Labels truth, Values scores, int64_t classes) {
  if (classes < 2 || classes > INT32_MAX) {
    return error(Code::InvalidArgument, "expected at least 2 classes, found ", classes);
  }
  rt::Status status = checkSizes(truth.size(), scores.size(), static_cast<size_t>(classes));
  status = status ? checkLabels("truth", truth, classes) : status;
  const auto wrong = std::ranges::find_if(scores, [](double score) { return std::isnan(score); });
  if (status && wrong != scores.end()) {
    status = error(Code::InvalidArgument, "the scores have a NaN at sample ",
                   (wrong - scores.begin()) / classes);
  }
  if (!status) {
    return status;
  }
  return ClassPredictions{classes, {truth.begin(), truth.end()}, {scores.begin(), scores.end()}};
}

/// f of what the scores say.
template <typename F> Result<double> ofScores(Labels truth, Values scores, int64_t classes, F f) {
  auto predictions = predictionsOf(truth, scores, classes);
  return predictions ? Result<double>(f(*predictions)) : toPublic(predictions.status());
}

/// f with a curve's average.
Result<double> ofCurves(Labels truth, Values scores, int64_t classes, Average average,
                        double (*f)(const ClassPredictions &, rt::train::Average)) {
  if (average != Average::Macro && average != Average::Weighted) {
    return toPublic(
        error(Code::InvalidArgument, "areas under curves are averaged as Macro or ", "Weighted"));
  }
  return ofScores(truth, scores, classes, [&](const ClassPredictions &predictions) {
    return f(predictions,
             average == Average::Macro ? rt::train::Average::Macro : rt::train::Average::Weighted);
  });
}

Result<double> ofValues(Values truth, Values predicted, int64_t outputs,
                        double (*f)(const rt::train::ValuePredictions &)) {
  if (outputs < 1 || truth.empty() || truth.size() != predicted.size() ||
      truth.size() % static_cast<size_t>(outputs) != 0) {
    return toPublic(error(Code::InvalidArgument,
                          "expected as many predicted numbers as true ones, ", outputs,
                          " for each sample, found ", truth.size(), " and ", predicted.size()));
  }
  return f({outputs, {truth.begin(), truth.end()}, {predicted.begin(), predicted.end()}});
}

} // namespace

Result<double> accuracyScore(Labels truth, Labels predicted) {
  if (rt::Status status = checkSizes(truth.size(), predicted.size(), 1); !status) {
    return toPublic(status);
  }
  int64_t hits = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    hits += truth[i] == predicted[i] ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(truth.size());
}

Result<double> precisionScore(Labels truth, Labels predicted, Average average) {
  return score(truth, predicted, average, &ClassScore::precision);
}

Result<double> recallScore(Labels truth, Labels predicted, Average average) {
  return score(truth, predicted, average, &ClassScore::recall);
}

Result<double> f1Score(Labels truth, Labels predicted, Average average) {
  return score(truth, predicted, average, &ClassScore::f1);
}

Result<std::vector<int64_t>> confusionMatrix(Labels truth, Labels predicted, int64_t classes) {
  auto counts = countsOf(truth, predicted, classes);
  return counts ? Result<std::vector<int64_t>>(counts.take()) : toPublic(counts.status());
}

Result<std::string> classificationReport(Labels truth, Labels predicted,
                                         std::span<const std::string> names) {
  auto report = reportOf(truth, predicted);
  return report ? Result<std::string>(rt::train::reportText(*report, names))
                : toPublic(report.status());
}

Result<double> topKAccuracyScore(Labels truth, Values scores, int64_t classes, int64_t k) {
  if (k < 1) {
    return toPublic(error(Code::InvalidArgument, "k must be at least 1, found ", k));
  }
  return ofScores(truth, scores, classes, [k](const ClassPredictions &predictions) {
    return rt::train::topAccuracy(predictions, k);
  });
}

Result<double> rocAucScore(Labels truth, Values scores, int64_t classes, Average average) {
  return ofCurves(truth, scores, classes, average, rt::train::rocAuc);
}

Result<double> averagePrecisionScore(Labels truth, Values scores, int64_t classes,
                                     Average average) {
  return ofCurves(truth, scores, classes, average, rt::train::averagePrecision);
}

Result<double> logLoss(Labels truth, Values scores, int64_t classes) {
  return ofScores(truth, scores, classes, rt::train::logLoss);
}

Result<double> perplexity(Labels truth, Values scores, int64_t classes) {
  return ofScores(truth, scores, classes, [](const ClassPredictions &predictions) {
    return std::exp(rt::train::logLoss(predictions));
  });
}

Result<double> meanAbsoluteError(Values truth, Values predicted, int64_t outputs) {
  return ofValues(truth, predicted, outputs, rt::train::meanAbsoluteError);
}

Result<double> meanSquaredError(Values truth, Values predicted, int64_t outputs) {
  return ofValues(truth, predicted, outputs, rt::train::meanSquaredError);
}

Result<double> rootMeanSquaredError(Values truth, Values predicted, int64_t outputs) {
  return ofValues(truth, predicted, outputs, rt::train::rootMeanSquaredError);
}

Result<double> r2Score(Values truth, Values predicted, int64_t outputs) {
  return ofValues(truth, predicted, outputs, rt::train::r2Score);
}

} // namespace ntc::metrics
