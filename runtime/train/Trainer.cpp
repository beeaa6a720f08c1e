// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop: steps, ends of epochs, checkpoints.
#include "runtime/train/Trainer.h"

#include "runtime/exec/StateFile.h"
#include "runtime/train/Checkpoints.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Names of a training step's metrics, as the program calls them.
std::vector<std::string> metricNames(const exec::Session &session) {
  std::vector<std::string> names;
  for (const artifact::EntrySpec &entry : session.manifest().entries) {
    if (entry.kind == artifact::EntryKind::TrainStep && names.empty()) {
      for (const artifact::OutputSpec &output : entry.outputs) {
        if (output.isMetric) {
          names.push_back(output.name);
        }
      }
    }
  }
  return names;
}

/// The mean of the metric "loss", of the first where none is called so.
double lossOf(std::span<const exec::Metric> metrics) {
  double loss = 0.0;
  for (const exec::Metric &metric : metrics) {
    const bool isLoss = metric.name == "loss" || &metric == metrics.data();
    loss = isLoss ? metric.sum / metric.count : loss;
  }
  return loss;
}

} // namespace

Trainer::Trainer(TrainJob job, Progress &progress, const Hooks &hooks)
    : job_(std::move(job)), progress_(progress), hooks_(hooks), best_(job_.monitorMode),
      patience_(job_.earlyStop ? job_.earlyStop->mode : MonitorMode::Min,
                job_.earlyStop ? job_.earlyStop->minDelta : 0.0) {
  const exec::Position &position = job_.session->position();
  epoch_ = position.epoch;
  cursor_ = position.cursor;
  step_ = savedStep_ = checkpointStep_ = position.step;
  if (cursor_ > 0) {
    sums_.restore(metricNames(*job_.session), job_.state.sums);
  }
  for (const NamedValues &epoch : job_.state.epochs) {
    judge(epoch);
  }
  notFiniteBefore_ = notFiniteParameters(*job_.session);
  if (job_.checkNumerics) {
    check_ = std::make_unique<NumericCheck>(*job_.session);
  }
}

void Trainer::judge(const NamedValues &epoch) {
  if (std::optional<double> value = valueOf(epoch, job_.rates.monitor())) {
    job_.rates.observe(*value);
  }
  // What is not finite is never an improvement.
  auto number = [&epoch](const std::string &name) {
    const double value = valueOf(epoch, name).value_or(std::nan(""));
    return std::isfinite(value) ? value : std::nan("");
  };
  isBest_ = valueOf(epoch, job_.monitor) && best_.observe(number(job_.monitor));
  if (job_.earlyStop) {
    patience_.observe(number(job_.earlyStop->monitor));
    stoppedEarly_ = stoppedEarly_ || patience_.waited() >= job_.earlyStop->patience;
  }
}

std::string Trainer::finishedText() const {
  return concat("the run is finished, ", epoch_, " epochs and ", step_, " steps: ",
                stoppedEarly_ ? "it was stopped early; --early-stop with a greater patience"
                : epoch_ >= job_.epochs ? "a greater --epochs"
                                        : "a greater --max-steps",
                " trains on");
}

Status Trainer::markResumed() {
  // The process that wrote the checkpoint may have ended before it marked it.
  const bool isEndOfEpoch = step_ > 0 && cursor_ == 0 && !job_.folder.empty();
  return std::exchange(isBest_, false) && isEndOfEpoch
             ? Checkpoints::view(job_.folder).mark(Mark::Best, step_)
             : Status::ok();
}

Result<TrainReport> Trainer::run() {
  begin_ = savedAt_ = Clock::now();
  if (Status status = markResumed(); !status) {
    return status;
  }
  if (step_ > 0 && isDone()) {
    progress_.message(finishedText());
  }
  while (!isDone() && !hooks_.isStopped()) {
    if (Status status = runEpoch(); !status) {
      progress_.clear();
      return status;
    }
    if (job_.dryRun) {
      break;
    }
  }
  if (hooks_.isStopped() && savedStep_ != step_ && step_ > 0) {
    if (Status status = save(); !status) {
      return status;
    }
  }
  if (job_.reporter) {
    if (Status status = job_.reporter->finish(*job_.session, hooks_.stop); !status) {
      return status;
    }
  }
  progress_.clear();
  TrainReport report;
  report.steps = step_;
  report.epochs = epoch_;
  report.train = sums_.means();
  report.validation = validation_;
  report.folder = job_.folder;
  report.checkpoint = checkpoint_;
  report.interrupted = hooks_.isStopped() && !isDone();
  report.stoppedEarly = stoppedEarly_;
  report.bestEpoch = best_.epoch();
  report.monitor = job_.monitor;
  report.bestValue = best_.best().value_or(0.0);
  if (stoppedEarly_) {
    progress_.message(earlyStopText());
    std::optional<int64_t> best = Checkpoints::view(job_.folder).marked(Mark::Best);
    if (job_.earlyStop->restoreBest && best && !job_.folder.empty()) {
      report.checkpoint = Checkpoints::view(job_.folder).path(*best);
    }
  }
  if (!validationProblem_.empty() && !report.interrupted) {
    return error(Code::Cancelled, "the run has ended, but ", validationProblem_,
                 checkpoint_.empty() ? "" : concat("; the last checkpoint is '", checkpoint_, "'"));
  }
  report.seconds = secondsHere();
  report.waitSeconds = job_.feed->loader().times().waitSeconds;
  return report;
}

bool Trainer::isDone() const {
  return epoch_ >= job_.epochs || step_ >= job_.maxSteps || stoppedEarly_ ||
         secondsHere() >= job_.maxSeconds;
}

std::string Trainer::earlyStopText() const {
  const std::string &monitor = job_.earlyStop->monitor;
  std::string best = patience_.best()
                         ? concat(numberText(*patience_.best(), 4), " in epoch ", patience_.epoch())
                         : std::string("never a number");
  return concat("stopped early after epoch ", epoch_, ": ", monitor, " was best, ", best, ", and ",
                patience_.waited(), " epochs have not improved it");
}

double Trainer::secondsHere() const { return since(begin_); }

Status Trainer::runEpoch() {
  data::Loader &loader = job_.feed->loader();
  exec::Position position = job_.session->position();
  position.epoch = epoch_; // a program may train more parameters from some epoch on
  if (Status status = job_.session->setPosition(position); !status) {
    return status;
  }
  // An epoch that was interrupted before its end-of-epoch work stands behind its last batch.
  batchesInEpoch_ = firstBatch_ =
      std::min((cursor_ + loader.batchSize() - 1) / loader.batchSize(), loader.batchesPerEpoch());
  if (cursor_ == 0) {
    sums_.clear();
  }
  validation_.clear();
  epochBegin_ = Clock::now();
  waitBefore_ = loader.times().waitSeconds;
  const auto epoch = static_cast<uint64_t>(epoch_);
  loader.start(epoch, cursor_, hasNextEpoch() ? std::optional(epoch + 1) : std::nullopt);
  while (const data::Batch *batch = loader.next()) {
    if (Status status = step(*batch); !status) {
      return status;
    }
    if (job_.dryRun) {
      return validate();
    }
    // Between two batches of a step nothing ends: a checkpoint's name is its step's, so that one in
    // the middle would take the place of the one before it, which may be the best.
    const bool isBetweenSteps = job_.session->position().accumulated == 0;
    if (isBetweenSteps &&
        (hooks_.isStopped() || step_ >= job_.maxSteps || secondsHere() >= job_.maxSeconds)) {
      break;
    }
  }
  if (!loader.status()) {
    return loader.status();
  }
  const bool isWhole = cursor_ >= loader.samplesPerEpoch();
  // After Ctrl-C in the middle of an epoch the state is saved and nothing else.
  if (!isWhole && hooks_.isStopped()) {
    return Status::ok();
  }
  return finishEpoch();
}

bool Trainer::hasNextEpoch() const {
  const int64_t batches = job_.feed->loader().batchesPerEpoch() - batchesInEpoch_;
  const int64_t steps = batches / job_.accumulate + (batches % job_.accumulate != 0 ? 1 : 0);
  return !job_.dryRun && epoch_ + 1 < job_.epochs && steps < job_.maxSteps - step_;
}

Status Trainer::step(const data::Batch &batch) {
  exec::Session &session = *job_.session;
  if (Status status = job_.rates.apply(session, {step_, epoch_}); !status) {
    return status;
  }
  const bool isLast = batch.cursor >= job_.feed->loader().samplesPerEpoch();
  const bool updates = isLast || job_.dryRun || (batchesInEpoch_ + 1) % job_.accumulate == 0;
  if (job_.reporter && updates && (isLast || step_ + 1 >= job_.maxSteps)) {
    job_.reporter->beforeLastStep(session);
  }
  const std::span<const exec::TensorView> views = job_.feed->views(batch);
  Result<exec::StepResult> result =
      check_
          ? check_->run(updates ? NumericCheck::Step::Train : NumericCheck::Step::Accumulate, views)
      : updates ? session.trainStep(views)
                : session.accumulateStep(views);
  if (!result) {
    return withContext(result.status(), "step ", step_ + 1);
  }
  step_ += updates ? 1 : 0;
  ++batchesInEpoch_;
  cursor_ = batch.cursor;
  if (!result->isFinite) {
    step_ += updates ? 0 : 1; // the step that it belongs to
    return notFinite(lossOf(result->metrics));
  }
  sums_.add(result->metrics);
  if (updates) {
    if (Status status = job_.average.afterStep(session, step_, epoch_); !status) {
      return status;
    }
  }
  if (progress_.isDue(batchesInEpoch_, job_.feed->loader().batchesPerEpoch())) {
    progress_.update(progressState());
  }
  if (!updates) {
    return Status::ok();
  }
  if (job_.recordEvery > 0 && step_ % job_.recordEvery == 0 && !isLast) {
    if (Status status = recordMetrics(); !status) {
      return status;
    }
  }
  // The end of the epoch saves anyway.
  return job_.saveEvery > 0 && step_ % job_.saveEvery == 0 && !isLast ? save() : Status::ok();
}

void Trainer::checkValidation() {
  validationProblem_.clear();
  if (std::optional<double> loss = valueOf(validation_, "loss"); loss && !std::isfinite(*loss)) {
    validationProblem_ = concat("the validation loss of epoch ", epoch_ + 1, " is ",
                                std::isnan(*loss) ? "nan" : "infinite", " (step ", step_, ")");
    progress_.message(concat("warning: ", validationProblem_));
  }
}

Status Trainer::finishEpoch() {
  epochWaitSeconds_ = job_.feed->loader().times().waitSeconds - waitBefore_;
  const bool isWhole = cursor_ >= job_.feed->loader().samplesPerEpoch();
  if (isWhole) {
    progress_.clear();
    Result<bool> ended = job_.average.afterEpoch(*job_.session, epoch_ + 1, hooks_.stop);
    if (!ended) {
      return ended.status();
    }
    if (!*ended) {
      return Status::ok(); // The resumed run repeats the epoch's end.
    }
  }
  if (Status status = validate(); !status) {
    return status;
  }
  if (hooks_.isStopped() && job_.validation) {
    // The validation may be incomplete: the epoch's end is repeated by the resumed run.
    validation_.clear();
    return Status::ok();
  }
  printEpoch();
  if (Status status = recordMetrics(); !status) {
    return status;
  }
  checkValidation();
  if (job_.reporter) {
    if (Status status = job_.reporter->endEpoch(*job_.session); !status) {
      return status;
    }
  }
  if (isWhole) {
    completeEpoch();
  }
  return save();
}

void Trainer::completeEpoch() {
  NamedValues values = sums_.means();
  for (const auto &[name, value] : validation_) {
    values.emplace_back("val_" + name, value);
  }
  judge(values);
  job_.state.epochs.push_back(std::move(values));
  ++epoch_;
  cursor_ = 0;
}

Status Trainer::validate() {
  validation_.clear();
  if (!job_.validation) {
    return Status::ok();
  }
  progress_.clear();
  std::optional<Collector> collector;
  if (!job_.metrics.empty()) {
    Result<Collector> made = Collector::create(*job_.session, job_.lossName, job_.metrics);
    if (!made) {
      return made.status();
    }
    collector = made.take();
  }
  AveragedWeights averaged(*job_.session);
  Result<NamedValues> values =
      evaluate(*job_.session, *job_.validation, progress_, hooks_.stop, job_.dryRun ? 1 : INT64_MAX,
               collector ? &*collector : nullptr, hasNextEpoch());
  if (!values) {
    return withContext(values.status(), "validation after step ", step_);
  }
  validation_ = values.take();
  return Status::ok();
}

Status Trainer::recordMetrics() {
  MetricsRecord record;
  record.epoch = epoch_ + 1;
  record.step = step_;
  record.train = sums_.means();
  record.learningRate = job_.rates.current().value_or(0.0);
  record.timeSeconds = job_.history.timeSeconds + secondsHere();
  record.validation = validation_;
  if (Status status = job_.log.append(record); !status) {
    return status;
  }
  if (hooks_.record) {
    hooks_.record(record);
  }
  return job_.reporter ? job_.reporter->record(record) : Status::ok();
}

format::Metadata Trainer::checkpointMetadata() const {
  format::Metadata out = {{std::string(kLoopKey), toJson(job_.state)}};
  if (!job_.preprocessing.empty()) {
    out.emplace(kPreprocessingKey, job_.preprocessing);
  }
  return out;
}

Status Trainer::save() {
  savedStep_ = step_;
  if (job_.folder.empty()) {
    return Status::ok();
  }
  if (Status status = checkParameters(); !status) {
    return status;
  }
  exec::Session &session = *job_.session;
  exec::Position position = session.position();
  position.epoch = epoch_;
  position.cursor = cursor_;
  if (Status status = session.setPosition(position); !status) {
    return status;
  }
  const Checkpoints checkpoints = Checkpoints::view(job_.folder);
  std::string path = checkpoints.path(step_);
  job_.state.sums = cursor_ > 0 ? sums_.parts() : std::vector<MeanParts>();
  if (Status status = exec::saveCheckpoint(session, path, checkpointMetadata()); !status) {
    return status;
  }
  if (std::exchange(isBest_, false)) {
    if (Status status = checkpoints.mark(Mark::Best, step_); !status) {
      return status;
    }
  }
  if (Status status = checkpoints.mark(Mark::Latest, step_); !status) {
    return status;
  }
  checkpoint_ = path;
  checkpointStep_ = step_;
  savedAt_ = Clock::now();
  return checkpoints.prune(job_.keep);
}

ProgressState Trainer::progressState() const {
  ProgressState state;
  data::Loader &loader = job_.feed->loader();
  state.epoch = epoch_ + 1;
  state.epochs = job_.epochs == INT64_MAX ? 0 : job_.epochs;
  state.batches = batchesInEpoch_;
  state.batchesTotal = loader.batchesPerEpoch();
  state.samples = cursor_;
  state.samplesTotal = loader.samplesPerEpoch();
  state.firstBatch = firstBatch_;
  state.elapsedSeconds = since(epochBegin_);
  state.metrics = sums_.means();
  state.learningRate = job_.rates.current().value_or(-1.0);
  return state;
}

void Trainer::printEpoch() {
  progress_.clear();
  const double epochSeconds = since(epochBegin_);
  NamedValues all = sums_.means();
  for (const auto &[name, value] : validation_) {
    all.emplace_back("val_" + name, value);
  }
  if (job_.progressTable) {
    printRow(all);
    return;
  }
  std::string line = concat("epoch ", epoch_ + 1);
  line += job_.epochs == INT64_MAX ? "" : concat("/", job_.epochs);
  line += concat("  step ", step_);
  line += concat("  ", metricsLine(all));
  if (std::optional<double> rate = job_.rates.current()) {
    line += "  lr " + numberText(*rate, 4);
  }
  char seconds[48];
  std::snprintf(seconds, sizeof(seconds), "  %.1f s", epochSeconds);
  line += seconds;
  // What the steps hardly waited for is not worth a word, nor is the start of a short epoch.
  const double share = epochWaitSeconds_ / std::max(epochSeconds, 1e-9);
  if (share > 0.05 && epochWaitSeconds_ > 0.1) {
    std::snprintf(seconds, sizeof(seconds), " (%.0f %% waiting for data)", 100.0 * share);
    line += seconds;
  }
  hooks_.printLine(line);
}

void Trainer::printRow(const NamedValues &values) {
  std::vector<std::pair<std::string, std::string>> cells = {{"epoch", concat(epoch_ + 1)},
                                                            {"step", concat(step_)}};
  auto number = [&cells](const std::string &name, const char *form, double value) {
    char text[32];
    std::snprintf(text, sizeof(text), form, value);
    cells.emplace_back(name, text);
  };
  for (const auto &[name, value] : values) {
    number(name, "%#.4g", value);
  }
  if (std::optional<double> rate = job_.rates.current()) {
    number("lr", "%.4g", *rate);
  }
  number("seconds", "%.1f", since(epochBegin_));
  std::string head, row;
  for (const auto &[name, text] : cells) {
    const size_t width = std::max<size_t>(name.size(), name == "epoch" ? 5 : 10);
    head += concat(head.empty() ? "" : "  ", std::string(width - name.size(), ' '), name);
    row += concat(row.empty() ? "" : "  ", std::string(width - std::min(width, text.size()), ' '),
                  text);
  }
  if (tableColumns_ != cells.size()) {
    hooks_.printLine(head);
    tableColumns_ = cells.size();
  }
  hooks_.printLine(row);
}

} // namespace ntc::rt::train
