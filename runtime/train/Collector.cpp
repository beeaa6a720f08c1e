// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From names to scores, and from batches to predictions.
#include "runtime/train/Collector.h"

#include "runtime/data/Dataset.h"
#include "runtime/data/Suggest.h"
#include "runtime/train/Flags.h"

#include <algorithm>
#include <cmath>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

struct ClassMetric {
  std::string_view name;
  double (*compute)(const ClassPredictions &);
};
struct ValueMetric {
  std::string_view name;
  double (*compute)(const ValuePredictions &);
};

/// One number of the report; averages without a name are macro.
template <ClassScore ClassReport::*average, double ClassScore::*member>
double ofReport(const ClassPredictions &predictions) {
  return classReport(predictions).*average.*member;
}

constexpr auto macro = &ClassReport::macro, micro = &ClassReport::micro,
               weighted = &ClassReport::weighted;
constexpr auto precision = &ClassScore::precision, recall = &ClassScore::recall,
               f1 = &ClassScore::f1;

constexpr ClassMetric kClassMetrics[] = {
    {"accuracy", [](const ClassPredictions &p) { return classReport(p).accuracy; }},
    {"precision", ofReport<macro, precision>},
    {"precision_micro", ofReport<micro, precision>},
    {"precision_weighted", ofReport<weighted, precision>},
    {"recall", ofReport<macro, recall>},
    {"recall_micro", ofReport<micro, recall>},
    {"recall_weighted", ofReport<weighted, recall>},
    {"f1", ofReport<macro, f1>},
    {"f1_micro", ofReport<micro, f1>},
    {"f1_weighted", ofReport<weighted, f1>},
    {"roc_auc", [](const ClassPredictions &p) { return rocAuc(p, Average::Macro); }},
    {"roc_auc_weighted", [](const ClassPredictions &p) { return rocAuc(p, Average::Weighted); }},
    {"average_precision",
     [](const ClassPredictions &p) { return averagePrecision(p, Average::Macro); }},
    {"average_precision_weighted",
     [](const ClassPredictions &p) { return averagePrecision(p, Average::Weighted); }},
    {"log_loss", logLoss},
    {"perplexity", perplexity},
};
constexpr ValueMetric kValueMetrics[] = {{"mae", meanAbsoluteError},
                                         {"mse", meanSquaredError},
                                         {"rmse", rootMeanSquaredError},
                                         {"r2", r2Score}};

/// The k of "topk"; nothing for other names.
std::optional<int64_t> topOf(std::string_view name) {
  std::optional<int64_t> k = name.starts_with("top") ? parseInteger(name.substr(3)) : std::nullopt;
  return k && *k >= 1 ? k : std::nullopt;
}

std::optional<double> computed(std::string_view name, const ClassPredictions &predictions) {
  if (std::optional<int64_t> k = topOf(name)) {
    return topAccuracy(predictions, *k);
  }
  auto found = std::ranges::find(kClassMetrics, name, &ClassMetric::name);
  return found == std::end(kClassMetrics) ? std::nullopt
                                          : std::optional(found->compute(predictions));
}

std::optional<double> computed(std::string_view name, const ValuePredictions &predictions) {
  auto found = std::ranges::find(kValueMetrics, name, &ValueMetric::name);
  return found == std::end(kValueMetrics) ? std::nullopt
                                          : std::optional(found->compute(predictions));
}

Status checkMetric(std::string_view name, bool isClassifier) {
  std::vector<std::string_view> classNames = {"top5"}, valueNames;
  for (const ClassMetric &metric : kClassMetrics) {
    classNames.push_back(metric.name);
  }
  for (const ValueMetric &metric : kValueMetrics) {
    valueNames.push_back(metric.name);
  }
  const auto &mine = isClassifier ? classNames : valueNames;
  const auto &others = isClassifier ? valueNames : classNames;
  if (std::ranges::find(mine, name) != mine.end() || (isClassifier && topOf(name))) {
    return Status::ok();
  }
  const bool isOther = std::ranges::find(others, name) != others.end() || topOf(name);
  if (isOther) {
    return error(Code::InvalidArgument, "metric ", quoted(name), " is for ",
                 isClassifier ? "numbers, but the model's output is classes"
                              : "classes, but the model's output is numbers");
  }
  return error(Code::InvalidArgument, "unknown metric ", quoted(name),
               data::didYouMean(name, mine));
}

std::vector<double> asDoubles(DType dtype, const void *data, int64_t count) {
  std::vector<double> out(static_cast<size_t>(count));
  data::convertValues(dtype, static_cast<const std::byte *>(data), DType::F64,
                      reinterpret_cast<std::byte *>(out.data()), count);
  return out;
}

} // namespace

std::string metricNamesText() {
  std::string out = "top5 (any number)";
  for (const ClassMetric &metric : kClassMetrics) {
    out += concat(", ", metric.name);
  }
  for (const ValueMetric &metric : kValueMetrics) {
    out += concat(", ", metric.name);
  }
  return out;
}

Status checkMetricName(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ClassMetric &metric : kClassMetrics) {
    names.push_back(metric.name);
  }
  for (const ValueMetric &metric : kValueMetrics) {
    names.push_back(metric.name);
  }
  const bool isKnown = std::ranges::find(names, name) != names.end() || topOf(name);
  return isKnown ? Status::ok()
                 : error(Code::InvalidArgument, "unknown metric ", quoted(name),
                         data::didYouMean(name, names));
}

Result<Collector> Collector::create(const exec::Session &session, std::string_view loss,
                                    std::span<const std::string> metrics) {
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::Predict);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "these metrics need predictions, but the program has no "
                                        "predict entry");
  }
  return create(*session.entry(EntryKind::Predict, sizes.front()), loss, metrics);
}

Result<Collector> Collector::create(const artifact::EntrySpec &predict, std::string_view loss,
                                    std::span<const std::string> metrics) {
  auto outputs = predictOutputs(predict, std::string(loss));
  if (!outputs) {
    return outputs.status();
  }
  Collector out;
  out.output_ = outputs->front();
  const bool isBinary = out.output_.meaning == OutputMeaning::Sigmoid;
  const bool wantsClasses = loss == "cross_entropy" || loss == "nll" || isBinary;
  out.isClassifier_ = out.output_.isClassifier() || (isBinary && out.output_.elements == 1);
  if (wantsClasses && !out.isClassifier_) {
    return error(Code::Unsupported, "metrics of classes need one answer per sample; the output ",
                 quoted(out.output_.name), " has the shape ", shapeText(out.output_.shape),
                 " per sample");
  }
  out.classes_.classes = isBinary ? 2 : out.output_.elements;
  out.values_.outputs = out.output_.elements;
  for (const std::string &metric : metrics) {
    if (Status status = checkMetric(metric, out.isClassifier_); !status) {
      return status;
    }
    if (auto k = topOf(metric); k && *k > out.classes_.classes) {
      return error(Code::InvalidArgument, "metric ", quoted(metric), ": the model has ",
                   out.classes_.classes, " classes");
    }
  }
  out.metrics_.assign(metrics.begin(), metrics.end());
  return out;
}

Status Collector::add(exec::Session &session, std::span<const exec::TensorView> batch,
                      int64_t samples) {
  const int64_t size = batch.front().shape[0];
  const artifact::EntrySpec *eval = session.entry(EntryKind::EvalStep, size);
  const artifact::EntrySpec *predict = session.entry(EntryKind::Predict, size);
  if (!eval || !predict) {
    return error(Code::NotFound, "the program predicts no batch of ", size);
  }
  std::vector<exec::TensorView> inputs;
  for (const artifact::InputSpec &input : predict->inputs) {
    auto same = std::ranges::find(eval->inputs, input.name, &artifact::InputSpec::name);
    inputs.push_back(batch[static_cast<size_t>(same - eval->inputs.begin())]);
  }
  auto target = std::ranges::find_if(eval->inputs, &artifact::InputSpec::isTarget);
  if (target == eval->inputs.end()) {
    return error(Code::InvalidArgument, "the evaluation step has no target to compare with");
  }
  if (Status status = session.predict(inputs); !status) {
    return status;
  }
  Result<exec::OutputView> output = session.output(output_.name);
  if (!output) {
    return output.status();
  }
  return readTruth(batch[static_cast<size_t>(target - eval->inputs.begin())], *target,
                   static_cast<const std::byte *>(output->data), samples);
}

Status Collector::readTruth(const exec::TensorView &target, const artifact::InputSpec &spec,
                            const std::byte *output, int64_t samples) {
  int64_t perSample = 1;
  for (size_t d = 1; d < target.shape.size(); ++d) {
    perSample *= target.shape[d];
  }
  // Of probabilities (MixUp, CutMix, soft labels) the class is the most probable one.
  const bool isSoft = isClassifier_ && perSample > 1 && perSample == classes_.classes;
  if (!isSoft && perSample != (isClassifier_ ? 1 : output_.elements)) {
    return error(Code::Unsupported, "metrics need a target ", quoted(spec.name), " of ",
                 isClassifier_ ? 1 : output_.elements, " values per sample, found ", perSample);
  }
  const std::vector<double> truth = asDoubles(target.dtype, target.data, samples * perSample);
  const size_t rowBytes = static_cast<size_t>(output_.elements) * sizeOf(output_.dtype);
  std::vector<double> row;
  for (int64_t i = 0; i < samples; ++i) {
    readValues(output_, output + static_cast<size_t>(i) * rowBytes, row);
    const auto at = truth.begin() + i * perSample;
    if (!isClassifier_) {
      values_.truth.insert(values_.truth.end(), at, at + perSample);
      values_.predicted.insert(values_.predicted.end(), row.begin(), row.end());
      continue;
    }
    const auto label =
        isSoft ? std::max_element(at, at + perSample) - at : static_cast<int64_t>(*at);
    if (spec.classes > 0 && label == spec.ignoreIndex) {
      continue;
    }
    if (!isSoft && (label < 0 || label >= classes_.classes || static_cast<double>(label) != *at)) {
      return error(Code::InvalidArgument, "target ", quoted(spec.name), ": expected a class below ",
                   classes_.classes, ", found ", *at);
    }
    if (output_.meaning == OutputMeaning::Sigmoid) {
      row = {1.0 - row[0], row[0]};
    }
    classes_.truth.push_back(label);
    classes_.probabilities.insert(classes_.probabilities.end(), row.begin(), row.end());
  }
  return Status::ok();
}

NamedValues Collector::values() const {
  NamedValues out;
  for (const std::string &metric : metrics_) {
    std::optional<double> value =
        isClassifier_ ? computed(metric, classes_) : computed(metric, values_);
    out.emplace_back(metric, *value);
  }
  return out;
}

} // namespace ntc::rt::train
