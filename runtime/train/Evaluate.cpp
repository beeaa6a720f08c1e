// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluation loop and the verb.
#include "runtime/train/Evaluate.h"

#include "runtime/data/OpenDataset.h"
#include "runtime/format/Json.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/OpenModel.h"

#include <algorithm>
#include <cstdio>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string reportText(const EvalOptions &options, const EvalReport &report) {
  if (options.json) {
    format::JsonWriter json;
    json.beginObject();
    for (const auto &[name, value] : report.metrics) {
      json.member(name, value);
    }
    json.member("samples", report.samples);
    json.member("time_s", report.seconds);
    json.endObject();
    return json.text();
  }
  return concat(metricsLine(report.metrics), " (", report.samples, " samples)");
}

} // namespace

void MetricSums::add(std::span<const exec::Metric> metrics) {
  if (sums_.empty()) {
    for (const exec::Metric &metric : metrics) {
      sums_.emplace_back(reportedName(metric.name), MeanParts{});
    }
  }
  for (size_t i = 0; i < std::min(metrics.size(), sums_.size()); ++i) {
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
                             const std::atomic<bool> *stop, int64_t mostBatches) {
  MetricSums sums;
  ProgressState state;
  state.title = "Eval";
  data::Loader &loader = feed.loader();
  state.batchesTotal = std::min(loader.batchesPerEpoch(), mostBatches);
  state.samplesTotal = loader.samplesPerEpoch();
  loader.start(0, 0);
  Clock::time_point begin = Clock::now();
  while (state.batches < mostBatches) {
    const data::Batch *batch = loader.next();
    if (!batch || (stop && stop->load(std::memory_order_relaxed))) {
      break;
    }
    Result<exec::StepResult> result = session.evalStep(feed.views(*batch));
    if (!result) {
      return result.status();
    }
    sums.add(result->metrics);
    ++state.batches;
    if (progress.isAnimated() && progress.isDue(state.batches)) {
      state.metrics = sums.means();
      state.elapsedSeconds = since(begin);
      progress.update(state);
    }
  }
  progress.clear();
  return sums.means();
}

Result<EvalReport> evaluateData(exec::Session &program, const EvalOptions &options,
                                const Hooks &hooks) {
  if (options.data.empty()) {
    return error(Code::InvalidArgument, "say what to evaluate on with --data DATA");
  }
  Result<data::DataSource> source = data::DataSource::parse(options.data);
  if (!source) {
    return source.status();
  }
  Progress progress = makeProgress(hooks, 0);
  const std::vector<int64_t> sizes = program.batchSizes(artifact::EntryKind::EvalStep);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no evaluation step");
  }
  const artifact::EntrySpec &entry = *program.entry(artifact::EntryKind::EvalStep, sizes[0]);
  auto dataset = data::openDataset(*source, data::Split::Test, entry.inputs);
  if (!dataset) {
    return dataset.status();
  }
  Result<int64_t> size = chooseEvalSize(sizes, (*dataset)->size(), options.batchSize, 0,
                                        options.dropLast, options.data, options.model.model);
  if (!size) {
    return size.status();
  }
  auto feed = Feed::create(program, artifact::EntryKind::EvalStep, *dataset, options.data,
                           {.batchSize = *size, .shuffle = false, .dropLast = options.dropLast});
  if (!feed) {
    return feed.status();
  }
  Clock::time_point begin = Clock::now();
  Result<NamedValues> metrics = evaluate(program, **feed, progress, hooks.stop);
  if (!metrics) {
    return metrics.status();
  }
  if (hooks.isStopped()) {
    return error(Code::Cancelled, "interrupted");
  }
  EvalReport report{metrics.take(), (*feed)->loader().samplesPerEpoch(), since(begin)};
  hooks.printLine(reportText(options, report));
  return report;
}

Result<EvalReport> runEval(const EvalOptions &options, const Hooks &hooks) {
  // What is wrong with the command line shows before anything is opened.
  if (!options.data.empty()) {
    if (Result<data::DataSource> source = data::DataSource::parse(options.data); !source) {
      return source.status();
    }
  }
  Result<std::unique_ptr<exec::Session>> session = openModel(options.model, hooks);
  return session ? evaluateData(**session, options, hooks) : session.status();
}

} // namespace ntc::rt::train
