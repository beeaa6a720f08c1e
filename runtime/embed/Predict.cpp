// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Evaluation and prediction as calls.
#include "runtime/train/Predict.h"
#include "ntc/train.hpp"
#include "runtime/embed/Border.h"
#include "runtime/embed/Words.h"
#include "runtime/train/Evaluate.h"
#include "runtime/train/OpenModel.h"

namespace ntc::train {
namespace {

using rt::embed::toPublic;
using rt::embed::Words;

rt::train::Hooks quiet() {
  rt::train::Hooks hooks;
  hooks.print = [](std::string_view) {};
  hooks.progressDescriptor = -1;
  hooks.style = rt::train::ProgressStyle{};
  return hooks;
}

Words wordsOf(const ModelOptions &o) {
  Words words;
  words.text("--data", o.data.text());
  words.text("--checkpoint", o.checkpoint);
  words.flag("--averaged", o.averaged);
  words.text("--transform", o.transform);
  words.number("--batch-size", o.batchSize);
  words.number("--workers", o.workers);
  words.number("--threads", o.threads);
  words.text("--metrics", rt::train::joined(o.metrics));
  words.flag("--drop-last", o.dropLast);
  return words;
}

std::shared_ptr<const rt::data::Dataset> datasetOf(const Data &data) {
  return data.dataset() ? data.dataset()->impl().dataset : nullptr;
}

rt::Result<rt::train::PredictOptions> predictOptions(const std::string &model,
                                                     const ModelOptions &options) {
  rt::train::PredictOptions out;
  if (rt::Status status = wordsOf(options).parse(rt::train::predictFlags(out)); !status) {
    return status;
  }
  out.model.model = model;
  out.dataset = datasetOf(options.data);
  return out;
}

/// Adds a batch's values.
void append(const rt::train::PredictOutput &from, const rt::exec::OutputView &view, int64_t samples,
            Output &out) {
  const auto rowBytes = static_cast<size_t>(from.elements) * rt::sizeOf(from.dtype);
  std::vector<double> values;
  for (int64_t i = 0; i < samples; ++i) {
    rt::train::readValues(
        from, static_cast<const std::byte *>(view.data) + static_cast<size_t>(i) * rowBytes,
        values);
    out.values.insert(out.values.end(), values.begin(), values.end());
    if (from.isClassifier()) {
      out.classes.push_back(rt::train::classOf(values));
    }
  }
}

} // namespace

Result<Evaluation> evaluate(const std::string &model, const ModelOptions &options) {
  rt::train::EvalOptions eval;
  if (rt::Status status = wordsOf(options).parse(rt::train::evalFlags(eval)); !status) {
    return toPublic(status);
  }
  eval.model.model = model;
  eval.dataset = datasetOf(options.data);
  auto report = rt::train::runEval(eval, quiet());
  if (!report) {
    return toPublic(report.status());
  }
  Evaluation out{std::move(report->metrics), report->samples, 0, {}, {}};
  if (report->predictions) {
    out.classes = report->predictions->classes;
    out.truth = std::move(report->predictions->truth);
    out.probabilities = std::move(report->predictions->probabilities);
  }
  return out;
}

Result<Predictions> predict(const std::string &model, const ModelOptions &options) {
  auto predict = predictOptions(model, options);
  if (!predict) {
    return toPublic(predict.status());
  }
  const rt::train::Hooks hooks = quiet();
  auto session = rt::train::openModel(predict->model, hooks);
  if (!session) {
    return toPublic(session.status());
  }
  auto job = rt::train::preparePredict(**session, *predict);
  if (!job) {
    return toPublic(job.status());
  }
  Predictions out{job->dataset->size(), {}, job->classNames};
  for (const rt::train::PredictOutput &output : job->outputs) {
    Output each{output.name, {out.samples}, {}, {}};
    each.shape.insert(each.shape.end(), output.shape.begin(), output.shape.end());
    out.outputs.push_back(std::move(each));
  }
  auto visit = [&](std::span<const rt::exec::OutputView> views, const rt::data::Batch &batch) {
    for (size_t i = 0; i < views.size(); ++i) {
      append(job->outputs[i], views[i], batch.size, out.outputs[i]);
    }
    return rt::Status::ok();
  };
  rt::train::Progress progress = rt::train::makeProgress(hooks, 0);
  rt::Status status = rt::train::predictBatches(**session, *job, visit, progress, hooks);
  return status ? Result<Predictions>(std::move(out)) : toPublic(status);
}

Result<int64_t> predictToFile(const std::string &model, const ModelOptions &options,
                              const std::string &file) {
  auto predict = predictOptions(model, options);
  if (!predict) {
    return toPublic(predict.status());
  }
  predict->out = file;
  auto report = rt::train::runPredict(*predict, quiet());
  return report ? Result<int64_t>(report->samples) : toPublic(report.status());
}

} // namespace ntc::train
