// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluation loop and the verb.
#include "runtime/train/Evaluate.h"

#include "runtime/format/Json.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/Preprocessing.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunData.h"
#include "runtime/train/RunPart.h"

#include <algorithm>
#include <cstdio>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The members "classes" and "confusion_matrix" (rows are the truth).
void writeReport(const ClassPredictions &predictions, std::span<const std::string> names,
                 format::JsonWriter &json) {
  const ClassReport report = classReport(predictions);
  json.key("classes");
  json.beginArray();
  for (size_t i = 0; i < report.labels.size(); ++i) {
    json.beginObject();
    json.member("class", report.labels[i]);
    if (const auto label = static_cast<size_t>(report.labels[i]); label < names.size()) {
      json.member("name", names[label]);
    }
    json.member("precision", report.scores[i].precision);
    json.member("recall", report.scores[i].recall);
    json.member("f1", report.scores[i].f1);
    json.member("support", report.scores[i].support);
    json.endObject();
  }
  json.endArray();
  json.key("confusion_matrix");
  json.beginArray();
  const std::vector<int64_t> counts = confusionMatrix(predictions);
  for (int64_t truth = 0; truth < predictions.classes; ++truth) {
    json.beginArray();
    for (int64_t c = 0; c < predictions.classes; ++c) {
      json.integer(counts[static_cast<size_t>(truth * predictions.classes + c)]);
    }
    json.endArray();
  }
  json.endArray();
}

std::string reportText(const EvalOptions &options, const EvalReport &report,
                       std::span<const std::string> names) {
  if (options.json) {
    format::JsonWriter json;
    json.beginObject();
    for (const auto &[name, value] : report.metrics) {
      json.member(name, value);
    }
    json.member("samples", report.samples);
    json.member("time_s", report.seconds);
    if (options.report && report.predictions) {
      writeReport(*report.predictions, names, json);
    }
    json.endObject();
    return json.text();
  }
  std::string table;
  if (options.report && report.predictions) {
    table = reportText(classReport(*report.predictions), names) + "\n";
  }
  return concat(table, metricsLine(report.metrics), " (", report.samples, " samples)");
}

} // namespace

void MetricSums::add(std::span<const exec::Metric> metrics) {
  for (size_t i = 0; i < metrics.size(); ++i) {
    if (i == sums_.size()) {
      sums_.emplace_back(reportedName(metrics[i].name), MeanParts{});
    }
    sums_[i].second.add(metrics[i].sum, metrics[i].count);
  }
}

void MetricSums::restore(std::span<const std::string> names, std::span<const MeanParts> sums) {
  sums_.clear();
  for (size_t i = 0; i < std::min(names.size(), sums.size()); ++i) {
    sums_.emplace_back(reportedName(names[i]), sums[i]);
  }
}

std::vector<MeanParts> MetricSums::parts() const {
  std::vector<MeanParts> out;
  for (const auto &[name, parts] : sums_) {
    out.push_back(parts);
  }
  return out;
}

NamedValues MetricSums::means() const {
  NamedValues out;
  for (const auto &[name, parts] : sums_) {
    out.emplace_back(name, parts.mean());
  }
  auto loss = std::ranges::find(out, "loss", [](const auto &value) { return value.first; });
  if (loss != out.end()) {
    std::rotate(out.begin(), loss, loss + 1);
  }
  return out;
}

Result<NamedValues> evaluate(exec::Session &session, Feed &feed, Progress &progress,
                             const std::atomic<bool> *stop, int64_t mostBatches,
                             Collector *collector, bool isRepeated) {
  MetricSums sums;
  ProgressState state;
  state.title = "Eval";
  data::Loader &loader = feed.loader();
  state.batchesTotal = std::min(loader.batchesPerEpoch(), mostBatches);
  state.samplesTotal = loader.samplesPerEpoch();
  loader.start(0, 0, isRepeated ? std::optional<uint64_t>(0) : std::nullopt);
  Clock::time_point begin = Clock::now();
  while (state.batches < mostBatches) {
    const data::Batch *batch = loader.next();
    if (!batch || (stop && stop->load(std::memory_order_relaxed))) {
      break;
    }
    const std::span<const exec::TensorView> views = feed.views(*batch);
    Result<exec::StepResult> result = session.evalStep(views);
    if (!result) {
      return result.status();
    }
    sums.add(result->metrics);
    if (collector) {
      if (Status status = collector->add(session, views, batch->size); !status) {
        return status;
      }
    }
    ++state.batches;
    if (progress.isAnimated() && progress.isDue(state.batches, state.batchesTotal)) {
      state.metrics = sums.means();
      state.elapsedSeconds = since(begin);
      progress.update(state);
    }
  }
  progress.clear();
  if (!loader.status()) {
    return loader.status();
  }
  NamedValues values = sums.means();
  if (collector) {
    for (const auto &[name, value] : collector->values()) {
      std::erase_if(values, [&](const auto &other) { return other.first == name; });
      values.emplace_back(name, value);
    }
  }
  return values;
}

Result<EvalReport> evaluateData(exec::Session &program, const EvalOptions &options,
                                const Hooks &hooks) {
  Progress progress = makeProgress(hooks, 0);
  const std::vector<int64_t> sizes = program.batchSizes(artifact::EntryKind::EvalStep);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no evaluation step");
  }
  const artifact::EntrySpec &entry = *program.entry(artifact::EntryKind::EvalStep, sizes[0]);
  const std::string &run = options.run.empty() ? options.model.model : options.run;
  Result<Preprocessing> preprocessing =
      preprocessingOfModel(run, program.manifest().trainSpecJson, options.model.checkpoint);
  if (!preprocessing) {
    return preprocessing.status();
  }
  Result<ChosenData> chosen = chooseData(options.data, options.dataset, options.part, run,
                                         entry.inputs, preprocessing->known);
  if (!chosen) {
    return chosen.status();
  }
  if (!options.transform.empty()) {
    preprocessing->valTransform = options.transform;
  }
  auto dataset =
      preprocess(chosen->dataset, chosen->source, *preprocessing, Use::Evaluation, entry.inputs);
  if (!dataset) {
    return dataset.status();
  }
  Result<int64_t> size = chooseEvalSize(sizes, (*dataset)->size(), options.batchSize, 0,
                                        options.dropLast, chosen->name, options.model.model);
  if (!size) {
    return size.status();
  }
  auto feed = Feed::create(program, artifact::EntryKind::EvalStep, *dataset, chosen->name,
                           {.batchSize = *size,
                            .shuffle = false,
                            .dropLast = options.dropLast,
                            .workers = options.workers});
  if (!feed) {
    return feed.status();
  }
  std::optional<Collector> collector;
  if (options.report || !options.metrics.empty()) {
    Result<Recipe> recipe = parseRecipe(program.manifest().trainSpecJson);
    if (!recipe) {
      return recipe.status();
    }
    Result<Collector> made = Collector::create(program, recipe->lossName, options.metrics);
    if (!made) {
      return made.status();
    }
    if (options.report && !made->classes()) {
      return error(Code::InvalidArgument, "--report is for classes, but the model's output is "
                                          "numbers; ask for --metrics mae,rmse,r2");
    }
    collector = made.take();
  }
  Clock::time_point begin = Clock::now();
  Result<NamedValues> metrics =
      evaluate(program, **feed, progress, hooks.stop, INT64_MAX, collector ? &*collector : nullptr);
  if (!metrics) {
    return metrics.status();
  }
  if (hooks.isStopped()) {
    return error(Code::Cancelled, "interrupted");
  }
  EvalReport report{metrics.take(), (*feed)->loader().samplesPerEpoch(), since(begin), {}};
  if (collector && collector->classes()) {
    report.predictions = *collector->classes();
  }
  const std::vector<std::string> &known = preprocessing->known.classes;
  const std::span<const std::string> names = known.empty() ? (*dataset)->classNames() : known;
  hooks.printLine(reportText(options, report, names));
  return report;
}

Result<EvalReport> runEval(const EvalOptions &options, const Hooks &hooks) {
  // What is wrong with the command line shows before anything is opened.
  if (!options.data.empty() && !options.dataset) {
    if (Result<data::DataSource> source = data::DataSource::parse(options.data); !source) {
      return source.status();
    }
  }
  Result<std::unique_ptr<exec::Session>> session = openModel(options.model, hooks);
  return session ? evaluateData(**session, options, hooks) : session.status();
}

} // namespace ntc::rt::train
