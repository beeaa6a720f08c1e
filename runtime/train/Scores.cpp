// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts and curves. The areas follow the curves point by point, as numpy's trapezoids and sums do.
#include "runtime/train/Scores.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

namespace ntc::rt::train {
namespace {

double ratio(double part, double whole) { return whole != 0.0 ? part / whole : 0.0; }

double asDouble(int64_t count) { return static_cast<double>(count); }

ClassScore scoreOf(int64_t hits, int64_t predicted, int64_t support) {
  return {ratio(asDouble(hits), asDouble(predicted)), ratio(asDouble(hits), asDouble(support)),
          ratio(2.0 * asDouble(hits), asDouble(predicted + support)), support};
}

/// A point of a curve: samples at or above a threshold that are positive, and that are not.
struct CurvePoint {
  double positives, negatives;
};

/// The points of class `positive` against the rest, one per distinct probability, from the
/// greatest.
std::vector<CurvePoint> curveOf(const ClassPredictions &predictions, int64_t positive) {
  std::vector<int64_t> order(predictions.truth.size());
  std::iota(order.begin(), order.end(), 0);
  auto score = [&](int64_t sample) {
    return predictions.row(sample)[static_cast<size_t>(positive)];
  };
  std::ranges::sort(order, [&](int64_t a, int64_t b) { return score(a) > score(b); });
  std::vector<CurvePoint> points;
  CurvePoint sums{0.0, 0.0};
  for (size_t i = 0; i < order.size(); ++i) {
    const bool isPositive = predictions.truth[static_cast<size_t>(order[i])] == positive;
    (isPositive ? sums.positives : sums.negatives) += 1.0;
    if (i + 1 == order.size() || score(order[i]) != score(order[i + 1])) {
      points.push_back(sums);
    }
  }
  return points;
}

double binaryRocAuc(const ClassPredictions &predictions, int64_t positive) {
  const std::vector<CurvePoint> points = curveOf(predictions, positive);
  if (points.empty() || points.back().positives == 0.0 || points.back().negatives == 0.0) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  double area = 0.0;
  CurvePoint last{0.0, 0.0};
  for (const CurvePoint &point : points) {
    area += (point.negatives - last.negatives) / points.back().negatives *
            (point.positives + last.positives) / points.back().positives / 2.0;
    last = point;
  }
  return area;
}

double binaryAveragePrecision(const ClassPredictions &predictions, int64_t positive) {
  const std::vector<CurvePoint> points = curveOf(predictions, positive);
  if (points.empty() || points.back().positives == 0.0) {
    return 0.0;
  }
  double sum = 0.0, last = 0.0;
  for (const CurvePoint &point : points) {
    const double recall = point.positives / points.back().positives;
    sum += (recall - last) * ratio(point.positives, point.positives + point.negatives);
    last = recall;
  }
  return std::max(0.0, sum);
}

std::vector<int64_t> supportOf(const ClassPredictions &predictions) {
  std::vector<int64_t> support(static_cast<size_t>(predictions.classes), 0);
  for (int64_t truth : predictions.truth) {
    ++support[static_cast<size_t>(truth)];
  }
  return support;
}

/// A binary score over the classes: class 1 of two, else all of them averaged.
double averaged(const ClassPredictions &predictions, Average average,
                double (*binary)(const ClassPredictions &, int64_t)) {
  if (predictions.classes == 2) {
    return binary(predictions, 1);
  }
  const std::vector<int64_t> support = supportOf(predictions);
  double sum = 0.0, weights = 0.0;
  for (int64_t c = 0; c < predictions.classes; ++c) {
    const double weight =
        average == Average::Macro ? 1.0 : asDouble(support[static_cast<size_t>(c)]);
    if (weight != 0.0) {
      sum += binary(predictions, c) * weight;
      weights += weight;
    }
  }
  return ratio(sum, weights);
}

/// The mean over the outputs of f(output).
template <typename F> double meanOverOutputs(const ValuePredictions &predictions, F f) {
  double sum = 0.0;
  for (int64_t output = 0; output < predictions.outputs; ++output) {
    sum += f(output);
  }
  return sum / asDouble(predictions.outputs);
}

/// The mean over the samples of f(truth, predicted) of one output.
template <typename F>
double meanOverSamples(const ValuePredictions &predictions, int64_t output, F f) {
  double sum = 0.0;
  for (int64_t sample = 0; sample < predictions.size(); ++sample) {
    const auto i = static_cast<size_t>(sample * predictions.outputs + output);
    sum += f(predictions.truth[i], predictions.predicted[i]);
  }
  return sum / asDouble(predictions.size());
}

double squareOf(double value) { return value * value; }

double squaredError(double truth, double predicted) { return squareOf(truth - predicted); }

std::string padded(std::string_view text, size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + std::string(text);
}

} // namespace

int64_t ClassPredictions::predicted(int64_t sample) const {
  auto values = row(sample);
  return std::ranges::max_element(values) - values.begin();
}

std::vector<int64_t> confusionMatrix(const ClassPredictions &predictions) {
  std::vector<int64_t> predicted(predictions.truth.size());
  for (int64_t i = 0; i < predictions.size(); ++i) {
    predicted[static_cast<size_t>(i)] = predictions.predicted(i);
  }
  return confusionMatrix(predictions.truth, predicted, predictions.classes);
}

std::vector<int64_t> confusionMatrix(std::span<const int64_t> truth,
                                     std::span<const int64_t> predicted, int64_t classes) {
  std::vector<int64_t> counts(static_cast<size_t>(classes * classes), 0);
  for (size_t i = 0; i < truth.size(); ++i) {
    ++counts[static_cast<size_t>(truth[i] * classes + predicted[i])];
  }
  return counts;
}

namespace {

/// What the scores of one class are made of.
struct Tally {
  int64_t hits = 0, predicted = 0, support = 0;
};

ClassReport reportOf(std::span<const Tally> tallies) {
  ClassReport report;
  int64_t allHits = 0, all = 0;
  for (size_t c = 0; c < tallies.size(); ++c) {
    const auto [hits, predicted, support] = tallies[c];
    all += support;
    if (predicted + support > 0) {
      allHits += hits;
      report.labels.push_back(static_cast<int64_t>(c));
      report.scores.push_back(scoreOf(hits, predicted, support));
    }
  }
  const double samples = asDouble(all);
  auto average = [&](bool isWeighted, double ClassScore::*member) {
    double sum = 0.0;
    for (const ClassScore &score : report.scores) {
      sum += score.*member * (isWeighted ? asDouble(score.support) : 1.0);
    }
    return ratio(sum, isWeighted ? samples : static_cast<double>(report.scores.size()));
  };
  for (auto member : {&ClassScore::precision, &ClassScore::recall, &ClassScore::f1}) {
    report.macro.*member = average(false, member);
    report.weighted.*member = average(true, member);
  }
  report.macro.support = report.weighted.support = all;
  report.micro = scoreOf(allHits, all, all);
  report.accuracy = ratio(asDouble(allHits), samples);
  return report;
}

} // namespace

ClassReport classReport(const ClassPredictions &predictions) {
  std::vector<Tally> tallies(static_cast<size_t>(predictions.classes));
  for (int64_t i = 0; i < predictions.size(); ++i) {
    const int64_t truth = predictions.truth[static_cast<size_t>(i)];
    const int64_t predicted = predictions.predicted(i);
    ++tallies[static_cast<size_t>(truth)].support;
    ++tallies[static_cast<size_t>(predicted)].predicted;
    tallies[static_cast<size_t>(truth)].hits += truth == predicted ? 1 : 0;
  }
  return reportOf(tallies);
}

ClassReport classReport(std::span<const int64_t> counts, int64_t classes) {
  std::vector<Tally> tallies(static_cast<size_t>(classes));
  for (int64_t truth = 0; truth < classes; ++truth) {
    for (int64_t predicted = 0; predicted < classes; ++predicted) {
      const int64_t count = counts[static_cast<size_t>(truth * classes + predicted)];
      tallies[static_cast<size_t>(truth)].support += count;
      tallies[static_cast<size_t>(predicted)].predicted += count;
      tallies[static_cast<size_t>(truth)].hits += truth == predicted ? count : 0;
    }
  }
  return reportOf(tallies);
}

std::string reportText(const ClassReport &report, std::span<const std::string> names) {
  auto nameOf = [&](int64_t label) {
    const auto i = static_cast<size_t>(label);
    return i < names.size() ? names[i] : std::to_string(label);
  };
  constexpr std::string_view weighted = "weighted avg";
  size_t width = weighted.size();
  for (int64_t label : report.labels) {
    width = std::max(width, nameOf(label).size());
  }
  std::string out = padded("", width) + "  precision    recall  f1-score   support\n\n";
  auto number = [](double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.2f", value);
    return " " + padded(text, 9);
  };
  auto row = [&](std::string_view name, const ClassScore &score) {
    out += padded(name, width) + " " + number(score.precision) + number(score.recall) +
           number(score.f1) + " " + padded(std::to_string(score.support), 9) + "\n";
  };
  for (size_t i = 0; i < report.labels.size(); ++i) {
    row(nameOf(report.labels[i]), report.scores[i]);
  }
  out += "\n" + padded("accuracy", width) + padded("", 21) + number(report.accuracy) + " " +
         padded(std::to_string(report.macro.support), 9) + "\n";
  row("macro avg", report.macro);
  row(weighted, report.weighted);
  return out;
}

double topAccuracy(const ClassPredictions &predictions, int64_t k) {
  int64_t hits = 0;
  for (int64_t i = 0; i < predictions.size(); ++i) {
    const auto truth = static_cast<size_t>(predictions.truth[static_cast<size_t>(i)]);
    auto row = predictions.row(i);
    const bool isBinary = row.size() == 2;
    int64_t rank = 0;
    for (size_t c = 0; c < row.size(); ++c) {
      const bool isBefore = isBinary ? c < truth : c > truth;
      rank += row[c] > row[truth] || (row[c] == row[truth] && isBefore) ? 1 : 0;
    }
    hits += rank < k ? 1 : 0;
  }
  return ratio(asDouble(hits), asDouble(predictions.size()));
}

double rocAuc(const ClassPredictions &predictions, Average average) {
  return averaged(predictions, average, binaryRocAuc);
}

double averagePrecision(const ClassPredictions &predictions, Average average) {
  return averaged(predictions, average, binaryAveragePrecision);
}

double logLoss(const ClassPredictions &predictions) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  double sum = 0.0;
  for (int64_t i = 0; i < predictions.size(); ++i) {
    const auto truth = static_cast<size_t>(predictions.truth[static_cast<size_t>(i)]);
    sum -= std::log(std::clamp(predictions.row(i)[truth], eps, 1.0 - eps));
  }
  return sum / asDouble(predictions.size());
}

double perplexity(const ClassPredictions &predictions) { return std::exp(logLoss(predictions)); }

double meanAbsoluteError(const ValuePredictions &predictions) {
  return meanOverOutputs(predictions, [&](int64_t output) {
    return meanOverSamples(predictions, output,
                           [](double truth, double value) { return std::abs(truth - value); });
  });
}

double meanSquaredError(const ValuePredictions &predictions) {
  return meanOverOutputs(predictions, [&](int64_t output) {
    return meanOverSamples(predictions, output, squaredError);
  });
}

double rootMeanSquaredError(const ValuePredictions &predictions) {
  return meanOverOutputs(predictions, [&](int64_t output) {
    return std::sqrt(meanOverSamples(predictions, output, squaredError));
  });
}

double r2Score(const ValuePredictions &predictions) {
  if (predictions.size() < 2) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return meanOverOutputs(predictions, [&](int64_t output) {
    const double mean =
        meanOverSamples(predictions, output, [](double truth, double) { return truth; });
    const double unexplained = meanOverSamples(predictions, output, squaredError);
    const double all = meanOverSamples(
        predictions, output, [mean](double truth, double) { return squareOf(truth - mean); });
    if (all == 0.0) {
      return unexplained == 0.0 ? 1.0 : 0.0;
    }
    return 1.0 - unexplained / all;
  });
}

} // namespace ntc::rt::train
