// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which events are written when.
#include "runtime/train/Reporter.h"

#include "runtime/report/Graph.h"
#include "runtime/train/RunReport.h"

#include <chrono>
#include <cmath>
#include <numeric>

namespace ntc::rt::train {
namespace {

constexpr int64_t kSamplesShown = 16;
constexpr int64_t kColumns = 4;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void addMember(const format::JsonValue *object, std::string_view key, std::string_view name,
               report::Hparams &out) {
  const format::JsonValue *value = object ? object->find(key) : nullptr;
  if (value && value->isString() && !value->text().empty()) {
    out.emplace_back(name, value->text());
  } else if (value && value->asBool()) {
    out.emplace_back(name, *value->asBool());
  } else if (value && value->asDouble()) {
    out.emplace_back(name, *value->asDouble());
  }
}

std::string optimizerOf(const Recipe &recipe) {
  const format::JsonValue *optimizer = recipe.spec.find("optimizer");
  const format::JsonValue *name = optimizer ? optimizer->find("name") : nullptr;
  return name ? name->text() : "";
}

/// A precision-recall curve per class; of two classes that of the second.
void addCurves(const Predictions &predictions, report::Summary &summary) {
  if (predictions.probabilities.empty()) {
    return;
  }
  const int64_t first = predictions.classes == 2 ? 1 : 0;
  std::vector<double> scores(predictions.rows.size());
  std::vector<bool> truths(predictions.rows.size());
  for (int64_t of = first; of < predictions.classes; ++of) {
    for (size_t i = 0; i < scores.size(); ++i) {
      scores[i] = predictions.probability(static_cast<int64_t>(i), of);
      truths[i] = predictions.labels[i] == of;
    }
    summary.prCurve(concat("pr/class_", of), scores, truths);
  }
}

std::vector<int64_t> firstRows(const data::Dataset &dataset) {
  std::vector<int64_t> rows(static_cast<size_t>(std::min(kSamplesShown, dataset.size())));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

} // namespace

std::vector<report::Picture> picturesOf(const data::Dataset &dataset,
                                        std::span<const int64_t> rows) {
  std::vector<report::Picture> pictures;
  const data::Field &field = dataset.fields()[0];
  if (field.isTarget || !report::isPicture(field.shape) || !data::canConvert(field, DType::F64)) {
    return pictures;
  }
  const size_t elements = static_cast<size_t>(field.elements());
  std::vector<double> values(rows.size() * elements);
  // A report does without pictures that cannot be read.
  if (!dataset.readRows(0, rows, DType::F64, reinterpret_cast<std::byte *>(values.data()), {})) {
    return pictures;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    pictures.push_back(
        report::pictureOf(std::span(values).subspan(i * elements, elements), field.shape));
  }
  return pictures;
}

report::Hparams hparamsOf(const Recipe &recipe, const RunRecord &record) {
  report::Hparams out;
  const format::JsonValue &spec = recipe.spec;
  addMember(&spec, "model", "model", out);
  addMember(spec.find("loss"), "name", "loss", out);
  const format::JsonValue *optimizer = spec.find("optimizer");
  addMember(optimizer, "name", "optimizer", out);
  addMember(optimizer, "nesterov", "nesterov", out);
  if (record.learningRate) {
    out.emplace_back("lr", *record.learningRate);
  }
  const format::JsonValue *all = optimizer ? optimizer->find("hyperparameters") : nullptr;
  for (size_t i = 0; all && i < all->keys().size(); ++i) {
    if (all->keys()[i] != "lr") {
      addMember(all, all->keys()[i], all->keys()[i], out);
    }
  }
  for (const auto &[name, value] : record.controls) {
    const auto same = [&name](const auto &each) { return each.first == name; };
    std::erase_if(out, same);
    out.emplace_back(name, value);
  }
  if (!record.schedule.empty()) {
    out.emplace_back("schedule", record.schedule);
  } else {
    addMember(spec.find("schedule"), "name", "schedule", out);
  }
  const std::pair<const char *, const std::string *> texts[] = {{"data", &record.data},
                                                                {"val", &record.val},
                                                                {"val_split", &record.valRule},
                                                                {"transform", &record.transform},
                                                                {"early_stop", &record.earlyStop}};
  for (const auto &[name, text] : texts) {
    if (!text->empty()) {
      out.emplace_back(name, *text);
    }
  }
  if (record.valRule.empty() && record.valSplit > 0) {
    out.emplace_back("val_split", static_cast<double>(record.valSplit));
  }
  out.emplace_back("batch_size", static_cast<double>(record.batchSize));
  if (record.epochs > 0) {
    out.emplace_back("epochs", static_cast<double>(record.epochs));
  }
  if (record.maxSteps > 0) {
    out.emplace_back("max_steps", static_cast<double>(record.maxSteps));
  }
  out.emplace_back("seed", static_cast<double>(record.seed));
  return out;
}

Reporter::Reporter(ReporterOptions options, const exec::Session &session, const Recipe &recipe,
                   const RunRecord &record)
    : options_(std::move(options)), record_(record), hparams_(hparamsOf(recipe, record)),
      histograms_(session, optimizerOf(recipe)) {}

Result<std::unique_ptr<Reporter>> Reporter::create(const ReporterOptions &options,
                                                   exec::Session &session, const Recipe &recipe,
                                                   const RunRecord &record) {
  std::unique_ptr<Reporter> out(new Reporter(options, session, recipe, record));
  if (!options.tensorboard) {
    return out;
  }
  Result<report::EventFile> events = report::EventFile::create(options.folder);
  if (!events) {
    return events.status();
  }
  out->events_ = events.take();
  const int64_t step = session.position().step;
  if (step > 0) {
    out->events_.restart(step + 1);
  }
  report::Summary summary;
  report::addHparams(summary, out->hparams_, now());
  summary.text("command", "    " + options.command);
  out->histograms_.add(session, summary);
  out->events_.add(step, summary);
  const std::vector<uint8_t> &model = session.manifest().modelPb;
  if (Result<std::string> graph = report::graphDefOf(model); graph && !model.empty()) {
    out->events_.graph(*graph);
  }
  if (step == 0) {
    out->showSamples();
  }
  if (Status status = out->events_.flush(); !status) {
    return status;
  }
  return out;
}

Reporter::~Reporter() {
  if (!isFinished_ && events_.isOpen()) {
    report::Summary summary;
    report::addSessionEnd(summary, report::SessionEnd::Failure, now());
    events_.add(0, summary);
    (void)events_.flush();
  }
}

void Reporter::showSamples() {
  const data::Dataset &dataset = *options_.samples;
  const std::vector<report::Picture> pictures = picturesOf(dataset, firstRows(dataset));
  if (!pictures.empty()) {
    const report::Picture all = report::grid(pictures, kColumns);
    report::Summary summary;
    summary.image("samples", all.width, all.height, all.channels, report::pngBytes(all));
    events_.add(0, summary);
  }
}

void Reporter::beforeLastStep(exec::Session &session) {
  if (events_.isOpen()) {
    histograms_.before(session);
  }
}

Status Reporter::record(const MetricsRecord &record) {
  if (!events_.isOpen()) {
    return Status::ok();
  }
  report::Summary summary;
  for (const auto &[name, value] : record.train) {
    summary.scalar(name, value);
  }
  for (const auto &[name, value] : record.validation) {
    summary.scalar("val_" + name, value);
  }
  summary.scalar("lr", record.learningRate);
  summary.scalar("epoch", static_cast<double>(record.epoch));
  events_.add(record.step, summary);
  return events_.flush();
}

Status Reporter::endEpoch(exec::Session &session) {
  if (!events_.isOpen()) {
    return Status::ok();
  }
  report::Summary summary;
  histograms_.add(session, summary);
  events_.add(session.position().step, summary);
  return events_.flush();
}

Status Reporter::finish(exec::Session &session, const std::atomic<bool> *stop) {
  isFinished_ = true;
  if (!events_.isOpen() && !options_.page) {
    return Status::ok();
  }
  Result<Predictions> predictions =
      collectPredictions(session, options_.loss, options_.samples, options_.samplesName, stop);
  if (!predictions) {
    return predictions.status();
  }
  if (events_.isOpen()) {
    report::Summary summary;
    addCurves(*predictions, summary);
    report::addSessionEnd(summary, report::SessionEnd::Success, now());
    events_.add(session.position().step, summary);
    if (Status status = events_.flush(); !status) {
      return status;
    }
  }
  return options_.page ? writePage(session, predictions.take()) : Status::ok();
}

Status Reporter::writePage(const exec::Session &session, Predictions predictions) {
  Result<report::MetricsTable> metrics = report::readMetrics(options_.folder + "/metrics.jsonl");
  if (!metrics) {
    return metrics.status();
  }
  RunReport run;
  run.folder = options_.folder;
  run.command = options_.command;
  run.hparams = hparams_;
  run.metrics = metrics.take();
  run.predictions = std::move(predictions);
  run.samples = options_.samples;
  run.samplesName = options_.samplesName;
  run.classNames = options_.classNames;
  run.manifest = &session.manifest();
  run.threads = session.threads();
  run.trainingSamples = record_.samples;
  run.steps = session.position().step;
  const std::string page = runReportPage(run);
  return writeFileAtomically(options_.folder + "/report.html",
                             {reinterpret_cast<const uint8_t *>(page.data()), page.size()});
}

} // namespace ntc::rt::train
