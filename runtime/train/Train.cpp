// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From options to a job: everything that can be refused is refused here, before the first step.
#include "runtime/train/Train.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Controls.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/RecipeLines.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/RunLock.h"
#include "runtime/train/StartState.h"
#include "runtime/train/Trainer.h"

namespace ntc::rt::train {
namespace {

/// `before`: the record of the run that is continued bit for bit, or null.
Status checkPosition(const exec::Session &session, const TrainJob &job, const RunRecord &record,
                     const RunRecord *before) {
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

/// The lines of a run's train.json. What a resumed run no longer needs, its first values, is that
/// of the run's beginning.
std::string recordedLines(TrainOptions options, const RunRecord &record,
                          const artifact::Manifest &manifest) {
  if (options.resume != ResumeMode::No) {
    constexpr uint64_t most = uint64_t{1} << 20;
    Result<std::vector<uint8_t>> bytes = readFile(options.out + "/train.json", most);
    Result<Recipe> before =
        bytes ? parseRecipe({reinterpret_cast<const char *>(bytes->data()), bytes->size()})
              : Result<Recipe>(bytes.status());
    if (before) {
      options.init = before->lines.init;
      options.weights = before->lines.weights;
      options.reinit = before->lines.reinit;
    }
  }
  options.maxSteps = record.maxSteps != 0 ? std::optional(record.maxSteps) : std::nullopt;
  return linesOf(options, manifest);
}

/// Opens or creates the run folder's files, with the lock of a new one. Nothing is written by a dry
/// run.
Status prepareFolder(TrainOptions &options, const Recipe &recipe,
                     const Preprocessing &preprocessing, const RunRecord &record, TrainJob &job,
                     RunLock &lock) {
  if (options.dryRun) {
    return Status::ok();
  }
  if (options.resume == ResumeMode::No) {
    Result<std::string> folder = newRunFolder(options.out, job.session->manifest().modelName);
    if (!folder) {
      return folder.status();
    }
    options.out = folder.take();
    Result<RunLock> taken = RunLock::take(options.out);
    if (!taken) {
      return taken.status();
    }
    lock = taken.take();
    // Another process may have begun a run there, and ended it, since it was chosen.
    folder = newRunFolder(options.out, "");
    if (!folder) {
      return folder.status();
    }
  }
  job.folder = options.out;
  // What the model learned from other data does not stay where these have nothing in its place.
  std::string fitted = preprocessingJson(preprocessing);
  if (fitted.empty() && recipe.spec.find("preprocessing")) {
    fitted = "{}";
  }
  RecipeOverrides overrides{record.learningRate,
                            static_cast<uint64_t>(record.seed),
                            record.epochs,
                            record.batchSize,
                            record.schedule,
                            std::move(fitted),
                            recordedLines(options, record, job.session->manifest())};
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

/// The event files and the report of a run that has a folder.
Status makeReporter(const TrainOptions &options, const Recipe &recipe, const RunRecord &record,
                    const Preprocessing &preprocessing, const RunData &data, const Hooks &hooks,
                    TrainJob &job) {
  if (job.folder.empty()) {
    return Status::ok();
  }
  ReporterOptions reporting;
  reporting.folder = job.folder;
  reporting.command =
      hooks.typed.empty() ? concat(hooks.command, " ", commandLine(options)) : hooks.typed;
  reporting.loss = recipe.lossName;
  reporting.tensorboard = !options.noTensorboard;
  reporting.page = !options.noReport;
  reporting.samples = data.validation ? data.validation : data.train;
  reporting.samplesName = data.validation ? data.validationName : options.data;
  reporting.classNames = preprocessing.known.classes;
  auto reporter = Reporter::create(reporting, *job.session, recipe, record);
  if (!reporter) {
    return reporter.status();
  }
  job.reporter = reporter.take();
  return Status::ok();
}

/// The folder says what decides the run's course; the rest is as it was given.
std::string resumeCommand(const TrainOptions &options, const std::string &folder,
                          const Hooks &hooks) {
  TrainOptions again;
  again.out = folder;
  again.workers = options.workers;
  again.prefetchFactor = options.prefetchFactor;
  again.maxTime = options.maxTime;
  again.checkNumerics = options.checkNumerics;
  again.threads = options.threads;
  again.allThreads = options.allThreads;
  again.progressTable = options.progressTable;
  again.noTensorboard = options.noTensorboard;
  again.noReport = options.noReport;
  return concat(hooks.command, commandLine(again), " --resume");
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

Result<TrainReport> train(std::shared_ptr<const artifact::Artifact> artifact, TrainOptions options,
                          const Hooks &hooks) {
  RunLock lock;
  std::optional<RunRecord> before; ///< of the run that is continued
  if (options.resume != ResumeMode::No && !options.out.empty()) {
    Result<RunRecord> record = readRunRecord(options.out);
    if (!record) {
      return record.status();
    }
    if (Status status = continueFrom(*record, options); !status) {
      return status;
    }
    before = record.take();
    if (!options.dryRun) {
      Result<RunLock> taken = RunLock::take(options.out);
      if (!taken) {
        return taken.status();
      }
      lock = taken.take();
    }
  }
  Progress progress = makeProgress(hooks, options.logInterval.value_or(0));
  Result<Recipe> recipe = parseRecipe(artifact->manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  const std::vector<std::string> notes = applyTo(options, *recipe);
  if (Status status = checkOptions(options); !status) {
    return status;
  }
  for (const std::string &note : notes) {
    progress.message(note);
  }
  auto session = createSession(std::move(artifact), options, *recipe);
  if (!session) {
    return session.status();
  }
  TrainJob job;
  job.session = session.take();
  if (Status status = loadState(*job.session, options, progress, job.state); !status) {
    return status;
  }
  if (Status status = setControls(options.controls, *recipe, *job.session); !status) {
    return status;
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
  job.preprocessing = preprocessingJson(*preprocessing);
  Result<RunRecord> record = prepareJob(options, *recipe, *data, hooks, progress, job);
  if (!record) {
    return record.status();
  }
  const RunRecord *exact = options.resume == ResumeMode::Exact ? &*before : nullptr;
  if (Status status = checkPosition(*job.session, job, *record, exact); !status) {
    return status;
  }
  if (before) {
    keepLength(*before, stepsPerEpoch(job), *record);
  }
  if (Status status = prepareFolder(options, *recipe, *preprocessing, *record, job, lock);
      !status) {
    return status;
  }
  job.firstValues = [&options, &recipe, &progress](exec::Session &session) {
    TrainOptions fresh = options;
    fresh.resume = ResumeMode::No;
    LoopState none;
    if (Status status = session.initialize(session.position().seed); !status) {
      return status;
    }
    Status status = loadState(session, fresh, progress, none);
    return status ? setControls(options.controls, *recipe, session) : status;
  };
  const std::string folder = job.folder;
  Result<TrainReport> report = [&]() -> Result<TrainReport> {
    if (Status status = makeReporter(options, *recipe, *record, *preprocessing, *data, hooks, job);
        !status) {
      return status;
    }
    return Trainer(std::move(job), progress, hooks).run();
  }();
  const bool isInterrupted = report && report->interrupted && !folder.empty();
  if (!folder.empty() && (!report || isInterrupted)) {
    releaseRunFolder(folder);
    if (!holdsRun(folder)) {
      lock.discard();
    }
  }
  if (report && report->interrupted && report->steps == 0) {
    progress.message("interrupted before the first step; nothing was kept");
  }
  if (isInterrupted && holdsRun(folder)) {
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
  if (options.resume == ResumeMode::No && holdsRun(options.model)) {
    makeProgress(hooks, 0).message(newRunNote(options.model));
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
    const std::string best =
        report->bestEpoch > 0 && report->bestEpoch < report->epochs && !report->stoppedEarly
            ? concat("best ", report->monitor, " ", numberText(report->bestValue, 4), " in epoch ",
                     report->bestEpoch, ", ")
            : "";
    hooks.printLine(concat(report->folder, ": ", report->steps, " steps, ", best, "checkpoint ",
                           report->checkpoint));
  }
  return report;
}

} // namespace ntc::rt::train
