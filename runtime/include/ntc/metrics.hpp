// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Metrics of predictions, in f64, with scikit-learn's names, definitions and values: ties, absent
// classes and undefined values come out as theirs (division by zero gives 0, an undefined area
// NaN). Library: libntc_train. Pure functions; any thread.
//
// N samples, V classes. `truth` and `predicted` are class numbers in [0, V); `scores` are
// probabilities of shape (N, V), row-major, rows that sum to 1. Errors of all of them:
// NTC_INVALID_ARGUMENT for no samples, lengths that do not fit, labels out of range.
#pragma once

#include "ntc/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntc::metrics {

using runtime::Result;

/// How a score of classes becomes one number. Binary: that of class 1 of two. Micro: of all
/// decisions together. Macro: the mean over the classes that are among truth or predictions.
/// Weighted: by their samples.
enum class Average : uint8_t { Binary, Micro, Macro, Weighted };

using Labels = std::span<const int64_t>;
using Values = std::span<const double>;

/// Share of samples with the right class.
NTC_API Result<double> accuracyScore(Labels truth, Labels predicted);
NTC_API Result<double> precisionScore(Labels truth, Labels predicted,
                                      Average average = Average::Binary);
NTC_API Result<double> recallScore(Labels truth, Labels predicted,
                                   Average average = Average::Binary);
/// 2 TP / (2 TP + FP + FN).
NTC_API Result<double> f1Score(Labels truth, Labels predicted, Average average = Average::Binary);

/// Samples by class and by prediction: element truth * V + predicted of (V, V). `classes` 0: one
/// more than the greatest label; at most 2^15.
NTC_API Result<std::vector<int64_t>> confusionMatrix(Labels truth, Labels predicted,
                                                     int64_t classes = 0);
/// The table that scikit-learn prints; `names` of classes, or none for their numbers.
NTC_API Result<std::string> classificationReport(Labels truth, Labels predicted,
                                                 std::span<const std::string> names = {});

/// Share of samples whose class is among the k most probable; of equals the greater class first.
NTC_API Result<double> topKAccuracyScore(Labels truth, Values scores, int64_t classes,
                                         int64_t k = 2);
/// Area under the ROC curve: of class 1 for two classes, else one class against the rest, averaged
/// (Macro, Weighted). NaN where a class lacks positive or negative samples.
NTC_API Result<double> rocAucScore(Labels truth, Values scores, int64_t classes,
                                   Average average = Average::Macro);
/// Average precision, averaged as above; 0 for a class without samples.
NTC_API Result<double> averagePrecisionScore(Labels truth, Values scores, int64_t classes,
                                             Average average = Average::Macro);
/// Mean of -log of the true class's probability, clipped to [2^-52, 1 - 2^-52].
NTC_API Result<double> logLoss(Labels truth, Values scores, int64_t classes);
/// exp of logLoss.
NTC_API Result<double> perplexity(Labels truth, Values scores, int64_t classes);

/// Of numbers of shape (N, outputs), row-major; means over the outputs.
NTC_API Result<double> meanAbsoluteError(Values truth, Values predicted, int64_t outputs = 1);
NTC_API Result<double> meanSquaredError(Values truth, Values predicted, int64_t outputs = 1);
NTC_API Result<double> rootMeanSquaredError(Values truth, Values predicted, int64_t outputs = 1);
/// 1 - sum of squared errors / sum of squared deviations; NaN for fewer than two samples, for a
/// constant truth 1 or 0.
NTC_API Result<double> r2Score(Values truth, Values predicted, int64_t outputs = 1);

} // namespace ntc::metrics
