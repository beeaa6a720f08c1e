// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever options, program and data may disagree about is refused here, before the first step.
#include "runtime/train/TrainJob.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/Collector.h"
#include "runtime/train/Outputs.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

constexpr int64_t kDefaultEpochs = 10;
constexpr int64_t kDefaultKeep = 2;

/// The steps that the epochs make; those of --max-steps where it alone ends the run.
RunLength plannedLength(const TrainJob &job) {
  const int64_t batches = stepsPerEpoch(job);
  if (job.epochs == INT64_MAX) {
    return job.maxSteps == INT64_MAX ? RunLength{}
                                     : RunLength{job.maxSteps, ceilDiv(job.maxSteps, batches)};
  }
  int64_t steps = 0;
  const bool fits = !__builtin_mul_overflow(job.epochs, batches, &steps);
  return {fits ? steps : 0, job.epochs};
}

/// What the run's epochs report.
std::vector<std::string> reportedNames(const TrainJob &job) {
  std::vector<std::string> names;
  auto add = [&](EntryKind kind, std::string_view prefix) {
    const std::vector<int64_t> sizes = job.session->batchSizes(kind);
    if (sizes.empty()) {
      return;
    }
    for (const artifact::OutputSpec &output : job.session->entry(kind, sizes.front())->outputs) {
      if (output.isMetric) {
        names.push_back(concat(prefix, reportedName(output.name)));
      }
    }
  };
  add(EntryKind::TrainStep, "");
  if (job.validation) {
    add(EntryKind::EvalStep, "val_");
    for (const std::string &metric : job.metrics) {
      names.push_back("val_" + metric);
    }
  }
  return names;
}

Status checkMonitor(std::string_view who, const std::string &monitor, const TrainJob &job) {
  return train::checkMonitor(who, monitor, reportedNames(job), bool(job.validation));
}

/// Learning rates and schedule for the length that the feed gives the run.
Status chooseRates(const TrainOptions &options, const Recipe &recipe, const Hooks &hooks,
                   TrainJob &job, RunRecord &record) {
  std::optional<ScheduleSpec> spec;
  if (!options.schedule.empty()) {
    Result<ScheduleSpec> parsed = parseSchedule(options.schedule);
    if (!parsed) {
      return withContext(parsed.status(), "--schedule");
    }
    spec = parsed.take();
  }
  Result<LearningRates> rates = LearningRates::create(*job.session, recipe, options.learningRate,
                                                      spec, hooks.schedule, plannedLength(job));
  if (!rates) {
    return rates.status();
  }
  job.rates = rates.take();
  record.learningRate = job.rates.base();
  record.schedule = job.rates.scheduleText();
  return checkMonitor("schedule plateau", job.rates.monitor(), job);
}

/// The metrics that validation computes from predictions.
Status chooseMetrics(const TrainOptions &options, const Recipe &recipe, TrainJob &job,
                     RunRecord &record) {
  job.metrics = options.metrics;
  job.lossName = recipe.lossName;
  record.metrics = joined(options.metrics);
  if (job.metrics.empty()) {
    return Status::ok();
  }
  if (!job.validation) {
    return error(Code::InvalidArgument, "--metrics are computed by the validation; add --val or "
                                        "--val-split");
  }
  return withContext(Collector::create(*job.session, job.lossName, job.metrics).status(),
                     "--metrics");
}

/// Early stopping and the metric of the best epoch.
Status chooseMonitors(const TrainOptions &options, TrainJob &job, RunRecord &record) {
  if (!options.earlyStop.empty()) {
    Result<EarlyStopSpec> spec = parseEarlyStop(options.earlyStop);
    if (!spec) {
      return withContext(spec.status(), "--early-stop");
    }
    job.earlyStop = spec.take();
    if (Status status = checkMonitor("--early-stop", job.earlyStop->monitor, job); !status) {
      return status;
    }
  }
  job.monitor = !options.monitor.empty() ? options.monitor
                : job.earlyStop          ? job.earlyStop->monitor
                                         : "";
  for (const char *usual : {"val_accuracy", "val_loss"}) {
    const bool reports = job.validation && checkMonitor("", usual, job);
    job.monitor = job.monitor.empty() && reports ? usual : job.monitor;
  }
  const bool stopsByIt = job.earlyStop && job.earlyStop->monitor == job.monitor;
  job.monitorMode = stopsByIt ? job.earlyStop->mode : defaultMode(job.monitor);
  record.earlyStop = options.earlyStop;
  record.monitor = options.monitor;
  return checkMonitor("--monitor", job.monitor, job);
}

void chooseLength(const TrainOptions &options, const Recipe &recipe, TrainJob &job) {
  job.accumulate = recipe.accumulate;
  job.maxSteps = options.maxSteps.value_or(INT64_MAX);
  job.progressTable = options.progressTable;
  job.maxSeconds = options.maxTime.value_or(INFINITY);
  if (options.epochs) {
    job.epochs = *options.epochs;
  } else if (!options.maxSteps) {
    job.epochs = recipe.epochs > 0 ? recipe.epochs : kDefaultEpochs;
  }
}

/// Whether any epoch of the job gets to its last batch.
bool reachesLastBatch(const TrainJob &job, int64_t samples, int64_t batchSize) {
  const int64_t loaded = ceilDiv(samples, batchSize);
  const int64_t batches = loaded / job.accumulate + (loaded % job.accumulate != 0 ? 1 : 0);
  return job.dryRun ? samples < batchSize : job.maxSteps >= batches;
}

/// The feed of the validation, in batches of `trainSize` where the program has them.
Status makeValidation(const TrainOptions &options, const RunData &data, int64_t trainSize,
                      TrainJob &job, Progress &progress) {
  exec::Session &session = *job.session;
  const std::vector<int64_t> evalSizes = session.batchSizes(EntryKind::EvalStep);
  const int64_t samples = data.validation->size();
  Result<int64_t> evalSize = chooseEvalSize(evalSizes, samples, std::nullopt, trainSize, false,
                                            data.validationName, options.model);
  const bool drop = !evalSize && options.dropLast;
  if (drop) {
    evalSize = chooseEvalSize(evalSizes, samples, std::nullopt, trainSize, true,
                              data.validationName, options.model);
  }
  if (!evalSize) {
    return evalSize.status();
  }
  if (drop) {
    progress.message(concat("note: validation leaves out the last ", samples % *evalSize, " of ",
                            samples, " samples"));
  }
  auto validation = Feed::create(
      session, EntryKind::EvalStep, data.validation, data.validationName,
      {.batchSize = *evalSize, .shuffle = false, .dropLast = drop, .workers = options.workers});
  if (!validation) {
    return validation.status();
  }
  job.validation = validation.take();
  return Status::ok();
}

Status makeFeeds(const TrainOptions &options, const Recipe &recipe, const RunData &data,
                 TrainJob &job, RunRecord &record, Progress &progress) {
  exec::Session &session = *job.session;
  const auto seed = static_cast<uint64_t>(session.position().seed);
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::TrainStep);
  Result<int64_t> size =
      chooseTrainSize(sizes, options.batchSize, recipe.batchSizes, options.model);
  if (!size) {
    return size.status();
  }
  record.batchSize = *size;
  record.samples = data.train->size();
  auto sampler = chooseSampler(options, data, *size, seed);
  if (!sampler) {
    return sampler.status();
  }
  const int64_t visited = *sampler ? (*sampler)->size() : data.train->size();
  if (!options.dropLast && reachesLastBatch(job, visited, *size)) {
    Status status = checkLastBatch(sizes, visited, *size, options.data, options.model);
    if (!status) {
      return status;
    }
  }
  auto feed = Feed::create(session, EntryKind::TrainStep, data.train, options.data,
                           {.batchSize = *size,
                            .shuffle = !options.noShuffle,
                            .dropLast = options.dropLast,
                            .seed = seed,
                            .sampler = *sampler,
                            .workers = options.workers,
                            .prefetchFactor = options.prefetchFactor});
  if (!feed) {
    return feed.status();
  }
  job.feed = feed.take();
  return data.validation ? makeValidation(options, data, *size, job, progress) : Status::ok();
}

/// The average of the weights, with the training data in order for statistics of batch
/// normalization. The last batch is left out where training leaves it out, and where the program
/// does not have its size.
Status makeAverage(const TrainOptions &options, const Recipe &recipe, const RunData &data,
                   int64_t batchSize, TrainJob &job) {
  const std::vector<int64_t> sizes = job.session->batchSizes(EntryKind::UpdateBn);
  std::unique_ptr<Feed> statistics;
  if (recipe.average.isOn && !recipe.average.isEma && !sizes.empty()) {
    const int64_t rest = data.train->size() % batchSize;
    const bool hasRest = rest == 0 || std::ranges::find(sizes, rest) != sizes.end();
    auto feed = Feed::create(*job.session, EntryKind::UpdateBn, data.train, options.data,
                             {.batchSize = batchSize,
                              .shuffle = false,
                              .dropLast = options.dropLast || !hasRest,
                              .workers = options.workers});
    if (!feed) {
      return feed.status();
    }
    statistics = feed.take();
  }
  job.average = WeightAverage(recipe.average, std::move(statistics));
  return Status::ok();
}

RunRecord startRecord(const TrainOptions &options, const exec::Session &session,
                      const TrainJob &job) {
  RunRecord record;
  record.data = options.data;
  record.val = options.val;
  record.valSplit = options.valSplit.value_or(0);
  record.fold = options.fold;
  record.testSplit = options.testSplit;
  record.controls = options.controls;
  record.valRule = options.valRule;
  record.dropLast = options.dropLast;
  record.shuffle = !options.noShuffle;
  record.sampler = options.sampler;
  record.transform = options.transform;
  record.logInterval = options.logInterval;
  record.saveEvery = options.saveEvery;
  record.keep = options.keep;
  record.valTransform = options.valTransform;
  record.seed = session.position().seed;
  record.epochs = job.epochs == INT64_MAX ? 0 : job.epochs;
  record.maxSteps = job.maxSteps == INT64_MAX ? 0 : job.maxSteps;
  record.program = session.manifest().programHash;
  record.version = session.manifest().ntcVersion;
  return record;
}

} // namespace

int64_t stepsPerEpoch(const TrainJob &job) {
  const int64_t batches = job.feed->loader().batchesPerEpoch();
  return batches / job.accumulate + (batches % job.accumulate != 0 ? 1 : 0);
}

Result<RunRecord> prepareJob(const TrainOptions &options, const Recipe &recipe, const RunData &data,
                             const Hooks &hooks, Progress &progress, TrainJob &job) {
  job.dryRun = options.dryRun;
  chooseLength(options, recipe, job);
  job.checkNumerics = options.checkNumerics;
  job.saveEvery = options.saveEvery.value_or(0);
  job.keep = options.keep.value_or(kDefaultKeep);
  job.recordEvery = options.logInterval.value_or(0);
  RunRecord record = startRecord(options, *job.session, job);
  if (Status status = makeFeeds(options, recipe, data, job, record, progress); !status) {
    return status;
  }
  if (Status status = makeAverage(options, recipe, data, record.batchSize, job); !status) {
    return status;
  }
  if (Status status = chooseMetrics(options, recipe, job, record); !status) {
    return status;
  }
  if (Status status = chooseRates(options, recipe, hooks, job, record); !status) {
    return status;
  }
  if (Status status = chooseMonitors(options, job, record); !status) {
    return status;
  }
  return record;
}

} // namespace ntc::rt::train
