// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From options to a job: everything that can be refused is refused here, before the first step.
#include "runtime/train/Train.h"

#include "runtime/data/OpenDataset.h"
#include "runtime/data/Suggest.h"
#include "runtime/exec/StateFile.h"
#include "runtime/format/Json.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/Initializers.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunData.h"
#include "runtime/train/Trainer.h"

#include <algorithm>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

constexpr int64_t kDefaultEpochs = 10;
constexpr int64_t kDefaultLogInterval = 10;
constexpr int64_t kDefaultKeep = 2;

Status checkOptions(const TrainOptions &options) {
  if (options.data.empty()) {
    return error(Code::InvalidArgument, "say what to train on with --data DATA");
  }
  if (!options.val.empty() && (options.valSplit || !options.valRule.empty())) {
    return error(Code::InvalidArgument, "--val and --val-split exclude each other");
  }
  if (options.fold && (options.valSplit || !options.valRule.empty() || !options.val.empty())) {
    return error(Code::InvalidArgument, "--fold and ",
                 options.val.empty() ? "--val-split" : "--val", " exclude each other");
  }
  if (options.seed && *options.seed > static_cast<uint64_t>(INT64_MAX)) {
    return error(Code::InvalidArgument, "--seed must be below 2^63, found ", *options.seed);
  }
  if (options.resume != ResumeMode::No && options.out.empty()) {
    return error(Code::InvalidArgument, "--resume needs --out with the folder of the run");
  }
  if (options.resume != ResumeMode::No && !(options.weights.empty() && options.init.empty())) {
    return error(Code::InvalidArgument,
                 "--resume takes the state from the checkpoint; it cannot be combined with ",
                 options.weights.empty() ? "--init" : "--weights");
  }
  return Status::ok();
}

/// What the loop remembered when it wrote a checkpoint.
Result<LoopState> loopStateOf(const std::string &path) {
  auto file = format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  auto text = file->metadataValue(kLoopKey);
  return text ? withContext(parseLoopState(*text), path) : Result<LoopState>(LoopState());
}

/// Loads the newest checkpoint that is whole. A damaged one is passed over with a remark.
Status loadNewest(exec::Session &session, const TrainOptions &options, Progress &progress,
                  LoopState &state) {
  const Checkpoints checkpoints = Checkpoints::view(options.out);
  const auto check = options.resume == ResumeMode::Exact ? exec::ProgramCheck::Same
                                                         : exec::ProgramCheck::StateOnly;
  Status last = error(Code::NotFound, "run '", options.out, "' has no checkpoint to resume from");
  for (int64_t step : checkpoints.steps()) {
    const std::string path = checkpoints.path(step);
    last = exec::loadCheckpoint(session, path, check);
    if (last) {
      Result<LoopState> loop = loopStateOf(path);
      if (!loop) {
        return loop.status();
      }
      state = loop.take();
      progress.message(concat("resuming from '", path, "'"));
      return last;
    }
    if (last.code() == Code::InvalidArgument && options.resume == ResumeMode::Exact) {
      return error(Code::InvalidArgument, last.message(),
                   "; to take the state alone, without the promise of the same bits, use ",
                   "--resume=state");
    }
    if (last.code() != Code::Corrupt) {
      return last;
    }
    progress.message(concat("warning: ", last.message(), "; trying the checkpoint before"));
  }
  return last;
}

Status initializeByRules(exec::Session &session, std::span<const std::string> texts) {
  std::vector<InitRule> rules;
  for (const std::string &text : texts) {
    Result<InitRule> rule = parseInitRule(text);
    if (!rule) {
      return withContext(rule.status(), "--init");
    }
    rules.push_back(rule.take());
  }
  const auto seed = static_cast<uint64_t>(session.position().seed);
  return withContext(applyInitRules(session, rules, seed), "--init");
}

Status loadState(exec::Session &session, const TrainOptions &options, Progress &progress,
                 LoopState &state) {
  if (options.resume != ResumeMode::No) {
    if (options.resume == ResumeMode::State) {
      progress.message("note: --resume=state takes the state alone; the run is not repeatable bit "
                       "for bit from its start");
    }
    return loadNewest(session, options, progress, state);
  }
  if (Status status = initializeByRules(session, options.init); !status) {
    return status;
  }
  if (options.weights.empty()) {
    return Status::ok();
  }
  return exec::loadWeights(session, options.weights).status();
}

/// The steps that the epochs make; those of --max-steps where it alone ends the run.
RunLength plannedLength(const TrainJob &job) {
  const int64_t batches = job.feed->loader().batchesPerEpoch();
  if (job.epochs == INT64_MAX) {
    return job.maxSteps == INT64_MAX
               ? RunLength{}
               : RunLength{job.maxSteps,
                           job.maxSteps / batches + (job.maxSteps % batches != 0 ? 1 : 0)};
  }
  int64_t steps = 0;
  const bool fits = !__builtin_mul_overflow(job.epochs, batches, &steps);
  return {fits ? steps : 0, job.epochs};
}

/// Refuses to monitor what no epoch of the run reports. `monitor` may be empty.
Status checkMonitor(const std::string &monitor, std::string_view who, const TrainJob &job) {
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
  if (monitor.empty() || std::ranges::find(names, monitor) != names.end()) {
    return Status::ok();
  }
  if (monitor.starts_with("val_") && !job.validation) {
    return error(Code::InvalidArgument, who, " monitors ", quoted(monitor),
                 ", but the run has no validation; add --val or --val-split");
  }
  std::vector<std::string_view> known(names.begin(), names.end());
  return error(Code::InvalidArgument, who, " monitors ", quoted(monitor),
               ", which the run does not report", data::didYouMean(monitor, known));
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
  return checkMonitor(job.rates.monitor(), "schedule plateau", job);
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
    if (Status status = checkMonitor(job.earlyStop->monitor, "--early-stop", job); !status) {
      return status;
    }
  }
  job.monitor = !options.monitor.empty() ? options.monitor
                : job.earlyStop          ? job.earlyStop->monitor
                                         : "";
  for (const char *usual : {"val_accuracy", "val_loss"}) {
    const bool reports = job.validation && checkMonitor(usual, "", job);
    job.monitor = job.monitor.empty() && reports ? usual : job.monitor;
  }
  const bool stopsByIt = job.earlyStop && job.earlyStop->monitor == job.monitor;
  job.monitorMode = stopsByIt ? job.earlyStop->mode : defaultMode(job.monitor);
  record.earlyStop = options.earlyStop;
  record.monitor = options.monitor;
  return checkMonitor(job.monitor, "--monitor", job);
}

void chooseLength(const TrainOptions &options, const Recipe &recipe, TrainJob &job) {
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
  const int64_t batches = samples / batchSize + (samples % batchSize != 0 ? 1 : 0);
  return job.dryRun ? samples < batchSize : job.maxSteps >= batches;
}

Status makeFeeds(const TrainOptions &options, const Recipe &recipe, const RunData &data,
                 uint64_t seed, TrainJob &job, RunRecord &record, Progress &progress) {
  exec::Session &session = *job.session;
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::TrainStep);
  Result<int64_t> size =
      chooseTrainSize(sizes, options.batchSize, recipe.batchSizes, options.model);
  if (!size) {
    return size.status();
  }
  record.batchSize = *size;
  record.samples = data.train->size();
  if (!options.dropLast && reachesLastBatch(job, data.train->size(), *size)) {
    Status status = checkLastBatch(sizes, data.train->size(), *size, options.data, options.model);
    if (!status) {
      return status;
    }
  }
  auto sampler = chooseSampler(options, data, seed);
  if (!sampler) {
    return sampler.status();
  }
  auto feed = Feed::create(session, EntryKind::TrainStep, data.train, options.data,
                           {.batchSize = *size,
                            .shuffle = !options.noShuffle,
                            .dropLast = options.dropLast,
                            .seed = seed,
                            .sampler = *sampler,
                            .workers = options.workers});
  if (!feed) {
    return feed.status();
  }
  job.feed = feed.take();
  if (!data.validation) {
    return Status::ok();
  }
  const std::vector<int64_t> evalSizes = session.batchSizes(EntryKind::EvalStep);
  const int64_t samples = data.validation->size();
  Result<int64_t> evalSize = chooseEvalSize(evalSizes, samples, std::nullopt, *size, false,
                                            data.validationName, options.model);
  const bool drop = !evalSize && options.dropLast;
  if (drop) {
    evalSize = chooseEvalSize(evalSizes, samples, std::nullopt, *size, true, data.validationName,
                              options.model);
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

Status checkPosition(const exec::Session &session, const TrainJob &job, const RunRecord &record,
                     const std::optional<RunRecord> &before) {
  const exec::Position &position = session.position();
  if (before && before->samples != record.samples) {
    return error(Code::InvalidArgument, "the run trained on ", before->samples, " samples, found ",
                 record.samples, ": the data has changed");
  }
  if (position.cursor > job.feed->loader().samplesPerEpoch()) {
    return error(Code::InvalidArgument, "the checkpoint stands at sample ", position.cursor,
                 " of its epoch, but an epoch has ", job.feed->loader().samplesPerEpoch());
  }
  return Status::ok();
}

/// Opens or creates the run folder's files. Nothing is written by a dry run.
Status prepareFolder(TrainOptions &options, const Recipe &recipe,
                     const Preprocessing &preprocessing, const RunRecord &record, TrainJob &job) {
  if (options.dryRun) {
    return Status::ok();
  }
  if (options.resume == ResumeMode::No) {
    Result<std::string> folder = newRunFolder(options.out, job.session->manifest().modelName);
    if (!folder) {
      return folder.status();
    }
    options.out = folder.take();
  }
  job.folder = options.out;
  RecipeOverrides overrides{record.learningRate, static_cast<uint64_t>(record.seed),
                            record.epochs,       record.batchSize,
                            record.schedule,     preprocessingJson(preprocessing)};
  if (Status status = writeRunFolder(job.folder, record, withOverrides(recipe, overrides),
                                     options.model, job.session->manifest().weightsFile);
      !status) {
    return status;
  }
  if (Result<Checkpoints> checkpoints = Checkpoints::create(job.folder); !checkpoints) {
    return checkpoints.status();
  }
  auto log =
      MetricsLog::resume(job.folder + "/metrics.jsonl", job.session->position().step, job.history);
  if (!log) {
    return log.status();
  }
  job.log = log.take();
  return Status::ok();
}

RunRecord startRecord(const TrainOptions &options, const exec::Session &session,
                      const TrainJob &job) {
  RunRecord record;
  record.data = options.data;
  record.val = options.val;
  record.valSplit = options.valSplit.value_or(0);
  record.fold = options.fold;
  record.controls = options.controls;
  record.valRule = options.valRule;
  record.dropLast = options.dropLast;
  record.shuffle = !options.noShuffle;
  record.sampler = options.sampler;
  record.transform = options.transform;
  record.valTransform = options.valTransform;
  record.seed = session.position().seed;
  record.epochs = job.epochs == INT64_MAX ? 0 : job.epochs;
  record.maxSteps = job.maxSteps == INT64_MAX ? 0 : job.maxSteps;
  record.program = session.manifest().programHash;
  record.version = session.manifest().ntcVersion;
  return record;
}

/// The seed of a run: the flag's, else the recipe's, else the program's own.
std::optional<int64_t> chooseSeed(const TrainOptions &options, const Recipe &recipe) {
  if (options.seed) {
    return static_cast<int64_t>(*options.seed);
  }
  if (recipe.spec.find("seed")) {
    return static_cast<int64_t>(recipe.seed & INT64_MAX);
  }
  return std::nullopt;
}

/// The event files and the report of a run that has a folder.
Status makeReporter(const TrainOptions &options, const Recipe &recipe, const RunRecord &record,
                    const RunData &data, const Hooks &hooks, TrainJob &job) {
  if (job.folder.empty()) {
    return Status::ok();
  }
  ReporterOptions reporting;
  reporting.folder = job.folder;
  reporting.command = concat(hooks.command, " ", commandLine(options));
  reporting.loss = recipe.lossName;
  reporting.tensorboard = !options.noTensorboard;
  reporting.page = !options.noReport;
  reporting.samples = data.validation ? data.validation : data.train;
  reporting.samplesName = data.validation ? data.validationName : options.data;
  auto reporter = Reporter::create(reporting, *job.session, recipe, record);
  if (!reporter) {
    return reporter.status();
  }
  job.reporter = reporter.take();
  return Status::ok();
}

std::string resumeCommand(const TrainOptions &options, const std::string &folder,
                          const Hooks &hooks) {
  TrainOptions again = options;
  again.model = folder + "/model.so";
  again.out = folder;
  again.weights.clear();
  again.init.clear();
  return concat(hooks.command, " ", commandLine(again), " --resume");
}

std::string reportText(const TrainReport &report) {
  format::JsonWriter json;
  json.beginObject();
  json.member("steps", report.steps);
  json.member("epochs", report.epochs);
  for (const auto &[name, value] : report.train) {
    json.member(name, value);
  }
  for (const auto &[name, value] : report.validation) {
    json.member("val_" + name, value);
  }
  json.member("time_s", report.seconds);
  json.member("data_wait_s", report.waitSeconds);
  json.member("interrupted", report.interrupted);
  json.member("stopped_early", report.stoppedEarly);
  json.member("best_epoch", report.bestEpoch);
  json.member("run", report.folder);
  json.member("checkpoint", report.checkpoint);
  json.endObject();
  return json.text();
}

} // namespace

Result<TrainReport> train(std::shared_ptr<const artifact::Artifact> artifact, TrainOptions options,
                          const Hooks &hooks) {
  Progress progress = makeProgress(hooks, options.logInterval.value_or(kDefaultLogInterval));
  std::optional<RunRecord> before;
  if (options.resume != ResumeMode::No && !options.out.empty()) {
    Result<RunRecord> record = readRunRecord(options.out);
    if (!record) {
      return record.status();
    }
    if (Status status = continueFrom(*record, options); !status) {
      return status;
    }
    before = options.resume == ResumeMode::Exact ? std::optional(record.take()) : std::nullopt;
  }
  if (Status status = checkOptions(options); !status) {
    return status;
  }
  Result<Recipe> recipe = parseRecipe(artifact->manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  exec::SessionOptions sessionOptions;
  sessionOptions.threads = static_cast<unsigned>(options.threads.value_or(0));
  sessionOptions.seed = chooseSeed(options, *recipe);
  auto session = exec::Session::create(std::move(artifact), sessionOptions);
  if (!session) {
    return session.status();
  }
  TrainJob job;
  job.session = session.take();
  if (Status status = loadState(*job.session, options, progress, job.state); !status) {
    return status;
  }
  for (const auto &[name, value] : options.controls) {
    if (Status status = job.session->setControl(name, value); !status) {
      return withContext(status, "--control");
    }
  }
  const uint64_t seed = static_cast<uint64_t>(job.session->position().seed);
  Result<Preprocessing> preprocessing = choosePreprocessing(options, *recipe);
  if (!preprocessing) {
    return preprocessing.status();
  }
  Result<RunData> data = openRunData(options, *job.session, seed, *preprocessing, progress);
  if (!data) {
    return data.status();
  }
  job.dryRun = options.dryRun;
  chooseLength(options, *recipe, job);
  RunRecord record = startRecord(options, *job.session, job);
  if (Status status = makeFeeds(options, *recipe, *data, seed, job, record, progress); !status) {
    return status;
  }
  if (Status status = chooseMetrics(options, *recipe, job, record); !status) {
    return status;
  }
  if (Status status = chooseRates(options, *recipe, hooks, job, record); !status) {
    return status;
  }
  if (Status status = chooseMonitors(options, job, record); !status) {
    return status;
  }
  if (Status status = checkPosition(*job.session, job, record, before); !status) {
    return status;
  }
  job.checkNumerics = options.checkNumerics;
  job.saveEvery = options.saveEvery.value_or(0);
  job.keep = options.keep.value_or(kDefaultKeep);
  job.recordEvery = options.logInterval.value_or(0);
  if (Status status = prepareFolder(options, *recipe, *preprocessing, record, job); !status) {
    return status;
  }
  if (Status status = makeReporter(options, *recipe, record, *data, hooks, job); !status) {
    return status;
  }
  const std::string folder = job.folder;
  Result<TrainReport> report = Trainer(std::move(job), progress, hooks).run();
  if (report && report->interrupted && !folder.empty()) {
    report->resumeCommand = resumeCommand(options, folder, hooks);
    progress.message(concat("interrupted after step ", report->steps, "; continue with\n  ",
                            report->resumeCommand));
  }
  return report;
}

Result<TrainReport> runTrain(TrainOptions options, const Hooks &hooks) {
  if (options.model.empty() && options.resume != ResumeMode::No) {
    options.model = options.out;
  }
  if (options.resume != ResumeMode::No && options.out.empty() && holdsRun(options.model)) {
    options.out = options.model;
  }
  Result<std::string> path = artifactPath(options.model);
  if (!path) {
    return path.status();
  }
  options.model = path.take();
  if (options.out == "-") {
    return error(Code::InvalidArgument, "--out needs a folder, found '-'");
  }
  auto artifact = artifact::Artifact::open(options.model);
  if (!artifact) {
    return artifact.status();
  }
  Result<TrainReport> report = train(artifact.take(), options, hooks);
  if (!report) {
    return report;
  }
  if (options.json) {
    hooks.printLine(reportText(*report));
  } else if (options.dryRun) {
    NamedValues all = report->train;
    for (const auto &[name, value] : report->validation) {
      all.emplace_back("val_" + name, value);
    }
    hooks.printLine(concat("dry run: ", metricsLine(all), "; nothing was written"));
  } else if (!report->checkpoint.empty() && !report->interrupted) {
    hooks.printLine(
        concat(report->folder, ": ", report->steps, " steps, checkpoint ", report->checkpoint));
  }
  return report;
}

} // namespace ntc::rt::train
