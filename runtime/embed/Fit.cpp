// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training and the learning-rate finder as calls.
#include "ntc/train.hpp"
#include "runtime/base/CheckedMath.h"
#include "runtime/embed/Border.h"
#include "runtime/embed/Words.h"
#include "runtime/train/Initializers.h"
#include "runtime/train/LrFind.h"
#include "runtime/train/Train.h"

#include <cmath>

namespace ntc::train {
namespace {

using rt::embed::toPublic;
using rt::embed::Words;

constexpr uint64_t kMostInitialValues = uint64_t{1} << 40;

std::shared_ptr<const rt::data::Dataset> datasetOf(const Data &data) {
  return data.dataset() ? data.dataset()->impl().dataset : nullptr;
}

/// What both verbs read, and begin with.
void addCommon(const FitOptions &o, Words &words) {
  words.text("--data", o.data.text());
  words.text("--val-split", o.valSplit);
  words.number("--batch-size", o.batchSize);
  words.flag("--no-shuffle", !o.shuffle);
  words.text("--sampler", o.sampler);
  words.text("--transform", o.transform);
  words.number("--workers", o.workers);
  words.number("--prefetch-factor", o.prefetchFactor);
  words.list("--init", o.init);
  words.text("--weights", o.weights);
  words.number("--seed", o.seed);
  words.number("--threads", o.threads);
}

Words wordsOf(const FitOptions &o) {
  Words words;
  addCommon(o, words);
  words.text("--val", o.val.text());
  words.number("--epochs", o.epochs);
  words.number("--max-steps", o.maxSteps);
  words.number("--max-time", o.maxTimeSeconds);
  words.flag("--drop-last", o.dropLast);
  words.text("--val-transform", o.valTransform);
  words.number("--lr", o.lr);
  words.text("--schedule", o.schedule);
  words.text("--early-stop", o.earlyStop);
  words.text("--monitor", o.monitor);
  words.text("--metrics", rt::train::joined(o.metrics));
  for (const auto &[name, value] : o.controls) {
    words.text("--control", rt::concat(name, "=", value));
  }
  words.text("--out", o.out);
  words.flag("--resume", o.resume);
  words.number("--save-every", o.saveEvery);
  words.number("--keep", o.keep);
  words.number("--log-interval", o.logInterval);
  words.flag("--no-tensorboard", !o.tensorboard);
  words.flag("--no-report", !o.report);
  words.flag("--check-numerics", o.checkNumerics);
  words.flag("--dry-run", o.dryRun);
  return words;
}

/// Nothing is printed unless it is asked for.
rt::train::Hooks hooksOf(const FitOptions &options) {
  rt::train::Hooks hooks;
  hooks.print = [](std::string_view) {};
  hooks.stop = options.stop;
  if (!options.verbose) {
    hooks.progressDescriptor = -1;
    hooks.style = rt::train::ProgressStyle{};
  }
  if (options.learningRate) {
    hooks.schedule = [rate = options.learningRate](rt::train::ScheduleTime time) {
      return rate(time.step, time.epoch);
    };
  }
  return hooks;
}

Record toPublic(const rt::train::MetricsRecord &record) {
  return {record.epoch,      record.step,         record.train,
          record.validation, record.learningRate, record.timeSeconds};
}

} // namespace

double valueOf(const Values &values, std::string_view name) {
  for (const auto &[key, value] : values) {
    if (key == name) {
      return value;
    }
  }
  return NAN;
}

Result<FitReport> fit(const std::string &model, const FitOptions &options) {
  rt::train::TrainOptions train;
  if (rt::Status status = wordsOf(options).parse(rt::train::trainFlags(train)); !status) {
    return toPublic(status);
  }
  train.model = model;
  train.dataset = datasetOf(options.data);
  train.valDataset = datasetOf(options.val);
  rt::train::Hooks hooks = hooksOf(options);
  hooks.typed = rt::concat("ntc::train::fit(\"", model, "\")");
  std::atomic<bool> isEnded = false;
  if (options.onRecord) {
    std::atomic<bool> *stop = options.stop ? options.stop : &isEnded;
    hooks.stop = stop;
    hooks.record = [&options, stop](const rt::train::MetricsRecord &record) {
      if (!options.onRecord(toPublic(record))) {
        *stop = true;
      }
    };
  }
  auto report = rt::train::runTrain(std::move(train), hooks);
  if (!report) {
    return toPublic(report.status());
  }
  return FitReport{report->steps,     report->epochs,     report->train,       report->validation,
                   report->folder,    report->checkpoint, report->interrupted, report->stoppedEarly,
                   report->bestEpoch, report->seconds,    report->waitSeconds};
}

Result<LrFindReport> lrFind(const std::string &model, const LrFindOptions &options) {
  rt::train::LrFindOptions find;
  Words words;
  addCommon(options.fit, words);
  words.number("--min-lr", std::optional(options.minLr));
  words.number("--max-lr", std::optional(options.maxLr));
  words.number("--steps", std::optional(options.steps));
  words.number("--early-stop-threshold", std::optional(options.divergence));
  if (rt::Status status = words.parse(rt::train::lrFindFlags(find)); !status) {
    return toPublic(status);
  }
  find.train.model = model;
  find.train.dataset = datasetOf(options.fit.data);
  auto report = rt::train::findLearningRate(find, hooksOf(options.fit));
  if (!report) {
    return toPublic(report.status());
  }
  LrFindReport out{{}, report->steepest, report->least, report->diverged};
  for (const rt::train::LrPoint &point : report->points) {
    out.points.push_back({point.rate, point.loss, point.smooth});
  }
  return out;
}

Result<std::vector<double>> initialValues(const std::string &function,
                                          std::span<const int64_t> shape, uint64_t seed,
                                          uint32_t stream) {
  auto rule = rt::train::parseInitRule("*=" + function);
  if (!rule) {
    return toPublic(rule.status());
  }
  const auto elements = rt::elementCount(shape);
  if (!elements || *elements > kMostInitialValues) {
    return toPublic(
        rt::error(rt::Code::InvalidArgument, "no tensor has the shape ", rt::shapeText(shape)));
  }
  std::vector<double> values(*elements);
  rt::Status status = rt::train::drawInitial(*rule, shape, seed, stream, values);
  return status ? Result<std::vector<double>>(std::move(values)) : toPublic(status);
}

} // namespace ntc::train
