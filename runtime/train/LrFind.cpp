// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The test and its table.
#include "runtime/train/LrFind.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/Feed.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/RunData.h"
#include "runtime/train/StartState.h"

#include <algorithm>
#include <cmath>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

constexpr double kSmoothing = 0.98;

/// The rate's controls with the factor that each keeps to the first.
struct RateControl {
  std::string name;
  double factor = 1.0;
};

std::vector<RateControl> rateControls(const artifact::Manifest &manifest) {
  std::vector<RateControl> out;
  double first = 0.0;
  for (const artifact::ControlSpec &control : manifest.controls) {
    if (control.name == "lr" || control.name.ends_with(".lr")) {
      first = first == 0.0 ? control.defaultValue : first;
      out.push_back({control.name, first == 0.0 ? 1.0 : control.defaultValue / first});
    }
  }
  return out;
}

/// The training data as a run would read it, with whole batches alone.
Result<std::unique_ptr<Feed>> openFeed(const exec::Session &session, TrainOptions options,
                                       const Recipe &recipe, Progress &progress) {
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::TrainStep);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no training step");
  }
  const auto seed = static_cast<uint64_t>(session.position().seed);
  Result<Preprocessing> preprocessing = choosePreprocessing(options, recipe);
  if (!preprocessing) {
    return preprocessing.status();
  }
  Result<RunData> data = openRunData(options, session, seed, *preprocessing, progress);
  if (!data) {
    return data.status();
  }
  auto size = chooseTrainSize(sizes, options.batchSize, recipe.batchSizes, options.model);
  if (!size) {
    return size.status();
  }
  auto sampler = chooseSampler(options, *data, *size, seed);
  if (!sampler) {
    return sampler.status();
  }
  return Feed::create(session, EntryKind::TrainStep, data->train, options.data,
                      {.batchSize = *size,
                       .shuffle = !options.noShuffle,
                       .dropLast = true,
                       .seed = seed,
                       .sampler = *sampler,
                       .workers = options.workers});
}

struct StepLoss {
  double loss = 0.0;
  bool isFinite = true;
};

/// One step over `batches` batches, from the next epoch on where one ends. Its loss is that of all
/// of them. Errors: the loader's, the step's; InvalidArgument for data without a whole batch.
Result<StepLoss> takeStep(exec::Session &session, Feed &feed, int64_t batches, uint64_t &epoch) {
  StepLoss out;
  double sum = 0.0, count = 0.0;
  for (int64_t left = batches; left > 0; --left) {
    const data::Batch *batch = feed.loader().next();
    if (!batch && feed.loader().status()) {
      feed.loader().start(++epoch, 0);
      batch = feed.loader().next();
    }
    if (!feed.loader().status()) {
      return feed.loader().status();
    }
    if (!batch) {
      return error(Code::InvalidArgument, "the data has fewer samples than a batch");
    }
    Result<exec::StepResult> result = left > 1 ? session.accumulateStep(feed.views(*batch))
                                               : session.trainStep(feed.views(*batch));
    if (!result) {
      return result.status();
    }
    sum += result->metrics.front().sum;
    count += result->metrics.front().count;
    out.isFinite = out.isFinite && result->isFinite;
  }
  out.loss = sum / count;
  return out;
}

Status writeText(const std::string &path, std::string_view text) {
  return writeFileAtomically(path, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

std::string table(const LrFindReport &report) {
  std::string out = "step\tlr\tloss\tsmooth\n";
  for (size_t i = 0; i < report.points.size(); ++i) {
    const LrPoint &point = report.points[i];
    out += concat(i + 1, "\t", point.rate, "\t", point.loss, "\t", point.smooth, "\n");
  }
  return out;
}

std::string resultText(const LrFindReport &report, const std::string &prefix, bool isJson) {
  if (!isJson) {
    std::string found = report.steepest > 0.0
                            ? "suggested learning rate: " + numberText(report.steepest, 4)
                            : std::string("no learning rate lowered the loss");
    return concat(found, " (least loss at ", numberText(report.least, 4), "; ",
                  report.points.size(), " steps", report.diverged ? ", then the loss diverged" : "",
                  "); ", prefix, ".tsv, ", prefix, ".svg");
  }
  format::JsonWriter json;
  json.beginObject();
  json.member("suggested", report.steepest);
  json.member("least", report.least);
  json.member("diverged", report.diverged);
  json.key("points");
  json.beginArray();
  for (const LrPoint &point : report.points) {
    json.beginObject();
    json.member("lr", point.rate);
    json.member("loss", point.loss);
    json.member("smooth", point.smooth);
    json.endObject();
  }
  json.endArray();
  json.endObject();
  return json.text();
}

} // namespace

void suggestRate(LrFindReport &report) {
  const std::vector<LrPoint> &points = report.points;
  const size_t begin = points.size() / 10;
  const size_t end = points.size() - (report.diverged ? std::min<size_t>(5, points.size()) : 0);
  double slope = 0.0, least = INFINITY;
  for (size_t i = begin; i < end; ++i) {
    if (points[i].smooth < least) {
      least = points[i].smooth;
      report.least = points[i].rate;
    }
    if (i <= begin || i + 1 >= end) {
      continue;
    }
    const double change = (points[i + 1].smooth - points[i - 1].smooth) /
                          (std::log(points[i + 1].rate) - std::log(points[i - 1].rate));
    if (change < slope) {
      slope = change;
      report.steepest = points[i].rate;
    }
  }
}

namespace {

/// The rates between two, in steps of one factor.
struct RateRange {
  double least, greatest;
  int64_t steps;

  double at(int64_t step) const {
    const double part =
        steps > 1 ? static_cast<double>(step) / static_cast<double>(steps - 1) : 0.0;
    return least * std::pow(greatest / least, part);
  }
};

/// What takes the steps: a session with its first state, and its data.
struct OpenRun {
  std::unique_ptr<exec::Session> session;
  std::unique_ptr<Feed> feed;
  std::vector<RateControl> controls;
  int64_t accumulate = 1;
};

Result<OpenRun> openRun(const TrainOptions &options, const Hooks &hooks) {
  auto artifact = artifact::Artifact::open(options.model);
  if (!artifact) {
    return artifact.status();
  }
  Result<Recipe> recipe = parseRecipe((*artifact)->manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  TrainOptions train = options;
  applyTo(train, *recipe);
  train.val.clear(); // nothing is validated
  if (train.data.empty()) {
    return error(Code::InvalidArgument, "say what to train on with --data DATA");
  }
  auto session = createSession(artifact.take(), train, *recipe);
  if (!session) {
    return session.status();
  }
  Progress progress = makeProgress(hooks, 0);
  LoopState fresh;
  if (Status status = loadState(**session, train, progress, fresh); !status) {
    return status;
  }
  std::vector<RateControl> controls = rateControls((*session)->manifest());
  if (controls.empty()) {
    return error(Code::InvalidArgument, "the program has no control 'lr'");
  }
  auto feed = openFeed(**session, train, *recipe, progress);
  if (!feed) {
    return feed.status();
  }
  return OpenRun{session.take(), feed.take(), std::move(controls), recipe->accumulate};
}

/// Takes the steps until the smoothed loss is `divergence` times its least.
Status takeSteps(OpenRun &run, const RateRange &rates, double divergence, const Hooks &hooks,
                 LrFindReport &report) {
  double average = 0.0, best = INFINITY;
  uint64_t epoch = 0;
  run.feed->loader().start(epoch, 0);
  for (int64_t i = 0; i < rates.steps && !report.diverged && !hooks.isStopped(); ++i) {
    const double rate = rates.at(i);
    for (const RateControl &control : run.controls) {
      if (Status status = run.session->setControl(control.name, rate * control.factor); !status) {
        return status;
      }
    }
    Result<StepLoss> step = takeStep(*run.session, *run.feed, run.accumulate, epoch);
    if (!step) {
      return withContext(step.status(), "step ", i + 1);
    }
    average = kSmoothing * average + (1.0 - kSmoothing) * step->loss;
    const double smooth = average / (1.0 - std::pow(kSmoothing, static_cast<double>(i + 1)));
    report.diverged = !step->isFinite || (i > 0 && smooth > divergence * best);
    if (step->isFinite) {
      report.points.push_back({rate, step->loss, smooth});
      best = std::min(best, smooth);
    }
  }
  return Status::ok();
}

} // namespace

Result<LrFindReport> findLearningRate(const LrFindOptions &options, const Hooks &hooks) {
  const RateRange rates = {options.least.value_or(1e-7), options.greatest.value_or(10.0),
                           options.steps.value_or(100)};
  if (!(rates.least > 0.0) || !(rates.greatest > rates.least)) {
    return error(Code::InvalidArgument, "expected 0 < --min-lr < --max-lr, found ", rates.least,
                 " and ", rates.greatest);
  }
  Result<OpenRun> run = openRun(options.train, hooks);
  if (!run) {
    return run.status();
  }
  LrFindReport report;
  Status status = takeSteps(*run, rates, options.divergence.value_or(4.0), hooks, report);
  if (!status) {
    return status;
  }
  if (hooks.isStopped()) {
    return error(Code::Cancelled, "interrupted; nothing was written");
  }
  suggestRate(report);
  return report;
}

Result<LrFindReport> runLrFind(const LrFindOptions &options, const Hooks &hooks) {
  Result<LrFindReport> report = findLearningRate(options, hooks);
  if (!report) {
    return report;
  }
  const std::string prefix = options.out.empty() ? "lr-find" : options.out;
  for (const auto &[path, text] : {std::pair(prefix + ".tsv", table(*report)),
                                   std::pair(prefix + ".svg", lrFindPicture(*report))}) {
    if (Status status = writeText(path, text); !status) {
      return status;
    }
  }
  hooks.printLine(resultText(*report, prefix, options.json));
  return report;
}

std::vector<Flag> lrFindFlags(LrFindOptions &o) {
  std::vector<Flag> flags;
  const std::string_view kept[] = {"--data",        "--val-split", "--test-split", "--batch-size",
                                   "--no-shuffle",  "--sampler",   "--transform",  "--workers",
                                   "--init",        "--weights",   "--seed",       "--threads",
                                   "--all-threads", "--device"};
  for (Flag &flag : trainFlags(o.train)) {
    if (std::ranges::find(kept, flag.name) != std::end(kept)) {
      flags.push_back(std::move(flag));
    }
  }
  flags.push_back(numberFlag("--min-lr", o.least, 0.0, "first rate (default: 1e-7)"));
  flags.push_back(numberFlag("--max-lr", o.greatest, 0.0, "last rate (default: 10)"));
  flags.push_back(integerFlag("--steps", o.steps, 10, 1'000'000, "steps (default: 100)"));
  flags.push_back(numberFlag("--early-stop-threshold", o.divergence, 1.0,
                             "end when the smoothed loss is so many times the least (default: 4)"));
  flags.push_back(
      textFlag("--out,-o", "PREFIX", o.out, "write PREFIX.tsv and PREFIX.svg (default: lr-find)"));
  flags.push_back(switchFlag("--json", o.json, "print the result as one JSON object"));
  return flags;
}

} // namespace ntc::rt::train
