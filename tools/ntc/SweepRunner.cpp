// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pool of workers.
#include "tools/ntc/SweepRunner.h"

#include "runtime/data/Suggest.h"
#include "runtime/report/MetricsTable.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/Train.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <thread>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;
namespace search = rt::search;
using rt::report::MetricsTable;
using search::Trial;
using search::TrialState;

constexpr int64_t kDefaultEpochs = 10;

/// The metric at the end of an epoch. Nothing while the run has not got there. Errors: the metric
/// does not exist.
Result<std::optional<double>> valueAt(const std::string &folder, const std::string &metric,
                                      double epoch) {
  auto table = rt::report::readMetrics(folder + "/metrics.jsonl");
  if (!table || table->rows.empty()) {
    return std::optional<double>();
  }
  const auto column = table->find(metric), epochs = table->find("epoch");
  if (!column || !epochs) {
    const std::vector<std::string_view> names(table->columns.begin(), table->columns.end());
    return rt::error(Code::InvalidArgument, "no metric ", quoted(metric),
                     rt::data::didYouMean(metric, names));
  }
  for (const std::vector<double> &row : table->rows) {
    if (row[*epochs] == epoch) {
      return std::optional(row[*column]);
    }
  }
  return std::optional<double>();
}

double lastValue(const std::string &folder, const std::string &metric) {
  auto table = rt::report::readMetrics(folder + "/metrics.jsonl");
  return table ? table->last(metric) : NAN;
}

} // namespace

std::string SweepRunner::runFolder(size_t trial, int64_t fold) const {
  char name[48];
  std::snprintf(name, sizeof(name), "/trial-%04zu", trial);
  return concat(folder_, name, sweep_.folds > 1 ? concat("/fold-", fold + 1) : std::string());
}

Status SweepRunner::prepare() {
  auto journal = SweepJournal::open(folder_ + "/trials.jsonl", sweep_.space, trials_);
  if (!journal) {
    return journal.status();
  }
  journal_ = journal.take();
  sampler_ = search::makeSampler(sweep_.method, sweep_.space, sweep_.seed, sweep_.maximize);
  // The first point's program shows what is wrong with the settings, and how long a trial is.
  const std::optional<search::Point> first = sampler_->suggest(0, {});
  rt::train::TrainOptions options;
  auto program = programs_.prepare(trials_.empty() ? *first : trials_[0].point, options);
  if (!program) {
    return program.status();
  }
  auto recipe = rt::train::parseRecipe(program->artifact->manifest().trainSpecJson);
  const int64_t fromRecipe = recipe && recipe->epochs > 0 ? recipe->epochs : kDefaultEpochs;
  rungs_ = {options.epochs.value_or(fromRecipe)};
  if (sweep_.halving) {
    search::HalvingOptions halving = *sweep_.halving;
    halving.mostEpochs = rungs_[0];
    auto rungs = search::rungsOf(halving);
    if (!rungs) {
      return rungs.status();
    }
    rungs_ = rungs.take();
  }
  for (size_t i = 0; i < trials_.size(); ++i) {
    if (trials_[i].state == TrialState::Running ||
        (trials_[i].state == TrialState::Paused && trials_[i].rungs.size() >= rungs_.size())) {
      trials_[i].state = TrialState::Running;
      unfinished_.push_back({i, std::min(trials_[i].rungs.size(), rungs_.size() - 1)});
    }
  }
  return Status::ok();
}

Status SweepRunner::run() {
  if (Status status = prepare(); !status) {
    return status;
  }
  std::vector<std::thread> workers;
  for (int64_t i = 0; i < sweep_.parallel; ++i) {
    workers.emplace_back([this] { work(); });
  }
  std::thread watcher([this] {
    std::unique_lock lock(mutex_);
    while (active_ < SIZE_MAX) {
      if (interrupt_.load(std::memory_order_relaxed) || !problem_) {
        for (std::atomic<bool> *stop : running_) {
          stop->store(true);
        }
      }
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
  });
  for (std::thread &worker : workers) {
    worker.join();
  }
  {
    const std::lock_guard lock(mutex_);
    active_ = SIZE_MAX; // the watcher's end
  }
  changed_.notify_all();
  watcher.join();
  return problem_;
}

void SweepRunner::work() {
  std::unique_lock lock(mutex_);
  while (problem_ && !interrupt_.load(std::memory_order_relaxed)) {
    if (std::optional<Task> task = next()) {
      ++active_;
      lock.unlock();
      train(*task);
      lock.lock();
      --active_;
      changed_.notify_all();
    } else if (active_ == 0) {
      break; // nothing runs that could make more
    } else {
      changed_.wait_for(lock, std::chrono::milliseconds(50));
    }
  }
}

std::optional<SweepRunner::Task> SweepRunner::next() {
  if (!unfinished_.empty()) {
    const Task task = unfinished_.front();
    unfinished_.pop_front();
    return task;
  }
  const bool isBegun = std::ssize(trials_) >= sweep_.trials;
  if (sweep_.halving) {
    const auto promoted =
        search::promote(trials_, rungs_.size(), *sweep_.halving, sweep_.maximize, isBegun);
    if (promoted) {
      trials_[*promoted].state = TrialState::Running;
      return Task{*promoted, trials_[*promoted].rungs.size()};
    }
  }
  if (isBegun) {
    return std::nullopt;
  }
  Trial trial;
  trial.number = std::ssize(trials_);
  const std::optional<search::Point> point = sampler_->suggest(trial.number, trials_);
  if (!point) {
    return std::nullopt;
  }
  trial.point = *point;
  if (Status status = journal_.begin(sweep_.space, trial); !status) {
    problem_ = status;
    return std::nullopt;
  }
  trials_.push_back(std::move(trial));
  return Task{trials_.size() - 1, 0};
}

void SweepRunner::train(const Task &task) {
  std::atomic<bool> stop = false;
  std::list<std::atomic<bool> *>::iterator place;
  {
    const std::lock_guard lock(mutex_);
    place = running_.insert(running_.end(), &stop);
  }
  double sum = 0;
  bool isOver = true;
  Result<double> value = 0.0;
  for (int64_t fold = 0; fold < sweep_.folds && value; ++fold) {
    bool isFoldOver = false;
    value = trainFold(task.trial, fold, rungs_[task.rung], isFoldOver, stop);
    sum += value ? *value : 0;
    isOver = isOver && isFoldOver;
  }
  const std::lock_guard lock(mutex_);
  running_.erase(place);
  if (value) {
    value = sum / static_cast<double>(sweep_.folds);
  }
  if (!value && value.status().code() == Code::Cancelled &&
      (interrupt_.load(std::memory_order_relaxed) || !problem_)) {
    return; // continues where it stands
  }
  finish(task, value, isOver);
}

Result<double> SweepRunner::trainFold(size_t trial, int64_t fold, int64_t epochs, bool &isOver,
                                      std::atomic<bool> &stop) {
  const std::string folder = runFolder(trial, fold);
  rt::train::TrainOptions options;
  search::Point point;
  {
    const std::lock_guard lock(mutex_);
    point = trials_[trial].point;
  }
  const int64_t whole = rungs_.back();
  const double target = static_cast<double>(epochs);
  Result<std::optional<double>> known = valueAt(folder, sweep_.metric, target);
  if (known && *known) {
    isOver = epochs == whole;
    return **known;
  }
  auto program = programs_.prepare(point, options);
  if (!program) {
    return program.status();
  }
  options.model = program->path;
  options.out = folder;
  options.epochs = whole;
  options.threads = sweep_.threads;
  if (sweep_.folds > 1) {
    options.fold = rt::train::Fold{fold, sweep_.folds, sweep_.isStratified};
  }
  if (rt::train::holdsRun(folder) && !rt::train::Checkpoints::view(folder).steps().empty()) {
    options.resume = rt::train::ResumeMode::Exact;
  } else {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  rt::train::Hooks hooks;
  hooks.print = [](std::string_view) {};
  hooks.progressDescriptor = -1;
  hooks.style = rt::train::ProgressStyle{};
  hooks.stop = &stop;
  hooks.command = "ntc train";
  hooks.findsNotFinite = false; // a bad point is a result, not a question
  bool isAtRung = false;
  hooks.record = [&](const rt::train::MetricsRecord &record) {
    if (record.epoch >= epochs && epochs < whole) {
      isAtRung = true;
      stop.store(true);
    }
  };
  auto report = rt::train::train(program->artifact, options, hooks);
  if (isAtRung) {
    stop.store(false);
  }
  if (!report) {
    // A loss that is no number ends a trial as a bad one; it is Cancelled too.
    return report.status().code() == Code::Cancelled
               ? rt::error(Code::Internal, report.status().message())
               : report.status();
  }
  if (report->interrupted && !isAtRung) {
    return rt::error(Code::Cancelled, "interrupted");
  }
  known = valueAt(folder, sweep_.metric, target);
  if (!known) {
    return known.status();
  }
  isOver = epochs == whole || !*known; // ended early by the run's own rule
  return *known ? **known : lastValue(folder, sweep_.metric);
}

void SweepRunner::finish(const Task &task, const Result<double> &value, bool isOver) {
  const bool isFirst = std::ranges::all_of(trials_, [](const Trial &each) {
    return each.rungs.empty() && each.state != TrialState::Failed;
  });
  if (!value && value.status().code() == Code::InvalidArgument && isFirst) {
    problem_ = value.status(); // the settings are wrong, not the point
    return;
  }
  Trial &trial = trials_[task.trial];
  Status status = Status::ok();
  if (value && trial.rungs.size() <= task.rung) {
    trial.rungs.push_back(*value);
    status = journal_.rung(trial, rungs_[task.rung]);
  }
  if (!value || !std::isfinite(*value)) {
    trial.state = TrialState::Failed;
    trial.message = value ? concat(sweep_.metric, " is no number") : value.status().message();
  } else {
    trial.state = isOver ? TrialState::Complete : TrialState::Paused;
  }
  if (status && trial.state != TrialState::Paused) {
    status = journal_.end(trial);
  }
  if (!status && problem_) {
    problem_ = status;
  }
  std::string line = concat("trial ", trial.number);
  for (size_t i = 0; i < sweep_.space.size(); ++i) {
    const bool isReal = sweep_.space[i].kind == search::Kind::Real;
    char number[32];
    std::snprintf(number, sizeof(number), "%.4g", trial.point[i]);
    line += concat("  ", sweep_.space[i].name, " ",
                   isReal ? number : search::valueText(sweep_.space[i], trial.point[i]));
  }
  char number[32];
  std::snprintf(number, sizeof(number), "%.4g", trial.value());
  line += trial.state == TrialState::Failed
              ? concat("  failed: ", trial.message)
              : concat("  epochs ", rungs_[task.rung], "  ", sweep_.metric, " ", number);
  printLine(line);
  std::fflush(stdout);
}

std::vector<SweepResult> SweepRunner::results() const {
  const std::lock_guard lock(mutex_);
  std::vector<SweepResult> out;
  for (size_t i = 0; i < trials_.size(); ++i) {
    SweepResult result;
    result.trial = trials_[i];
    result.folder = fs::path(runFolder(i, 0)).lexically_relative(folder_).string();
    if (sweep_.folds > 1) {
      result.folder = fs::path(result.folder).parent_path().string();
    }
    if (auto record = rt::train::readRunRecord(runFolder(i, 0))) {
      result.program = concat(record->program, " ", record->batchSize);
    }
    const size_t reached = trials_[i].rungs.size();
    result.epochs = reached == 0 ? 0 : rungs_[std::min(reached, rungs_.size()) - 1];
    for (int64_t fold = 0; fold < sweep_.folds && reached > 0; ++fold) {
      result.folds.push_back(lastValue(runFolder(i, fold), sweep_.metric));
    }
    out.push_back(std::move(result));
  }
  sortResults(sweep_, out);
  return out;
}

} // namespace ntc::driver
