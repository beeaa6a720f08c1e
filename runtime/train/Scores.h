// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Metrics of a whole data set from its predictions, in f64, with scikit-learn's definitions: ties,
// absent classes and undefined values come out as theirs (division by zero gives 0, an undefined
// area under the curve NaN).
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::train {

/// What a classifier said about samples whose class is known. Two classes are the binary case, of
/// which class 1 is the positive one.
struct ClassPredictions {
  int64_t classes = 0;
  std::vector<int64_t> truth;        ///< in [0, classes)
  std::vector<double> probabilities; ///< (samples, classes), rows that sum to 1

  int64_t size() const { return static_cast<int64_t>(truth.size()); }
  std::span<const double> row(int64_t sample) const {
    return std::span(probabilities)
        .subspan(static_cast<size_t>(sample * classes), static_cast<size_t>(classes));
  }
  /// The most probable class; the first of equals.
  int64_t predicted(int64_t sample) const;
};

/// Numbers that a regression predicted.
struct ValuePredictions {
  int64_t outputs = 1;
  std::vector<double> truth, predicted; ///< (samples, outputs)

  int64_t size() const { return static_cast<int64_t>(truth.size()) / outputs; }
};

/// counts[truth * classes + predicted].
std::vector<int64_t> confusionMatrix(const ClassPredictions &predictions);
/// The same of a matrix's two columns, all in [0, classes).
std::vector<int64_t> confusionMatrix(std::span<const int64_t> truth,
                                     std::span<const int64_t> predicted, int64_t classes);

/// Precision, recall and F1 of one class or of an average.
struct ClassScore {
  double precision = 0.0, recall = 0.0, f1 = 0.0;
  int64_t support = 0; ///< samples of the class
};

/// One row per class that is among the truth or the predictions, and the averages over those.
struct ClassReport {
  std::vector<int64_t> labels; ///< ascending
  std::vector<ClassScore> scores;
  ClassScore micro, macro, weighted;
  double accuracy = 0.0;
};
/// In memory for the classes, not for their pairs: there may be as many as words of a language.
ClassReport classReport(const ClassPredictions &predictions);
/// The same of the counts that confusionMatrix gives.
ClassReport classReport(std::span<const int64_t> counts, int64_t classes);

/// The report as scikit-learn's classification_report prints it; `names` are class names, or empty
/// for numbers.
std::string reportText(const ClassReport &report, std::span<const std::string> names);

enum class Average : uint8_t { Macro, Weighted };

/// Share of samples whose class is among the k most probable; of equals the greater class first,
/// but of two classes the first, as class 1 needs a probability above one half.
double topAccuracy(const ClassPredictions &predictions, int64_t k);
/// Area under the ROC curve: of class 1 for two classes, else one class against the rest, averaged.
/// NaN where a class has no positive or no negative samples (weighted: of those with positives).
double rocAuc(const ClassPredictions &predictions, Average average);
/// Average precision, averaged over the classes as above; 0 for a class without positives.
double averagePrecision(const ClassPredictions &predictions, Average average);
/// Mean negative logarithm of the true class's probability, clipped to [2^-52, 1 - 2^-52].
double logLoss(const ClassPredictions &predictions);
/// exp(logLoss): how many equally probable classes would be as hard to guess.
double perplexity(const ClassPredictions &predictions);

/// Means over the outputs of the mean absolute error, of the root of the mean squared error, and of
/// the coefficient of determination (NaN for fewer than two samples; for a constant truth 1 or 0).
double meanAbsoluteError(const ValuePredictions &predictions);
double meanSquaredError(const ValuePredictions &predictions);
double rootMeanSquaredError(const ValuePredictions &predictions);
double r2Score(const ValuePredictions &predictions);

} // namespace ntc::rt::train
