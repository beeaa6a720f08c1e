// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formats of predictions and the loop over the data.
#include "runtime/train/Predict.h"

#include "runtime/base/File.h"
#include "runtime/format/Json.h"
#include "runtime/train/OpenModel.h"
#include "runtime/train/Preprocessing.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunData.h"
#include "runtime/train/RunPart.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

enum class Format : uint8_t { Csv, JsonLines, Npy };

Result<Format> formatOf(const std::string &out) {
  if (out == "-" || out.ends_with(".csv")) {
    return Format::Csv;
  }
  if (out.ends_with(".jsonl")) {
    return Format::JsonLines;
  }
  if (out.ends_with(".npy")) {
    return Format::Npy;
  }
  return error(Code::InvalidArgument, "--out should end in .csv, .jsonl or .npy, or be -, found ",
               quoted(out));
}

std::string numberText(double value, OutputMeaning meaning) {
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), meaning == OutputMeaning::Raw ? "%.9g" : "%.6g", value);
  return buffer;
}

/// Names of classes by label; empty where the data has none.
using ClassNames = std::span<const std::string>;

/// A text as a cell of a table: quoted where it holds a separator.
std::string cellOf(const std::string &text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string out = "\"";
  for (char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return out + "\"";
}

std::string nameCell(ClassNames names, int64_t label) {
  const bool isKnown = static_cast<size_t>(label) < names.size();
  return isKnown ? cellOf(names[static_cast<size_t>(label)]) : std::string();
}

std::string csvHeader(const std::vector<PredictOutput> &outputs, ClassNames names, bool hasFiles) {
  std::string out = hasFiles ? "index,file" : "index";
  for (const PredictOutput &output : outputs) {
    const std::string prefix = outputs.size() > 1 ? output.name + "." : "";
    out += output.isClassifier() ? "," + prefix + "class" : "";
    out += output.isClassifier() && !names.empty() ? "," + prefix + "name" : "";
    for (int64_t i = 0; i < output.elements; ++i) {
      out += concat(",", prefix, output.meaning == OutputMeaning::Raw ? "y" : "p", i);
    }
  }
  return out;
}

void appendCsv(const PredictOutput &output, const std::vector<double> &values, ClassNames names,
               std::string &line) {
  if (output.isClassifier()) {
    const int64_t label = classOf(values);
    line += concat(",", label, names.empty() ? "" : "," + nameCell(names, label));
  }
  for (double value : values) {
    line += "," + numberText(value, output.meaning);
  }
}

void appendJson(const PredictOutput &output, const std::vector<double> &values, ClassNames names,
                bool isOnly, format::JsonWriter &json) {
  const std::string prefix = isOnly ? "" : output.name + ".";
  if (output.isClassifier()) {
    const int64_t label = classOf(values);
    json.member(prefix + "class", label);
    if (static_cast<size_t>(label) < names.size()) {
      json.member(prefix + "name", names[static_cast<size_t>(label)]);
    }
  }
  json.key(prefix + (output.meaning == OutputMeaning::Raw ? "output" : "probabilities"));
  json.beginArray();
  for (double value : values) {
    json.number(value);
  }
  json.endArray();
}

/// The header of a version 1.0 file, padded to a multiple of 64 bytes.
std::string npyHeader(const PredictOutput &output, int64_t samples) {
  std::string_view type = output.dtype == DType::F64   ? "<f8"
                          : output.dtype == DType::I64 ? "<i8"
                          : output.dtype == DType::I32 ? "<i4"
                          : output.dtype == DType::F32 ? "<f4"
                          : output.dtype == DType::U8  ? "|u1"
                                                       : "|b1";
  std::string dict =
      concat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", samples, ",");
  for (int64_t dim : output.shape) {
    dict += concat(" ", dim, ",");
  }
  dict += "), }";
  dict.append(63 - (10 + dict.size()) % 64, ' ');
  dict += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict;
}

/// Takes text or bytes to their place.
class Sink {
public:
  Sink(const Hooks &hooks, std::optional<AtomicFile> file)
      : hooks_(hooks), file_(std::move(file)) {}
  Status line(const std::string &text) {
    if (file_) {
      return file_->write(std::string_view(text + "\n"));
    }
    hooks_.printLine(text);
    return Status::ok();
  }
  Status bytes(std::span<const uint8_t> bytes) { return file_->write(bytes); }
  Status finish() { return file_ ? file_->commit() : Status::ok(); }

private:
  const Hooks &hooks_;
  std::optional<AtomicFile> file_;
};

Result<Sink> openSink(const std::string &out, const Hooks &hooks) {
  if (out == "-") {
    return Sink(hooks, std::nullopt);
  }
  Result<AtomicFile> file = AtomicFile::create(out);
  return file ? Result<Sink>(Sink(hooks, file.take())) : Result<Sink>(file.status());
}

/// What is written about samples besides the outputs.
struct SampleNames {
  const data::Dataset &dataset; ///< gives the files, where samples have some
  ClassNames classes;
};

/// Writes the samples of one batch; the views belong to `outputs` in order.
Status writeBatch(const std::vector<PredictOutput> &outputs,
                  std::span<const exec::OutputView> views, const data::Batch &batch, Format format,
                  const SampleNames &names, Sink &sink) {
  if (format == Format::Npy) {
    const size_t bytes =
        static_cast<size_t>(batch.size * outputs[0].elements) * sizeOf(outputs[0].dtype);
    return sink.bytes({static_cast<const uint8_t *>(views[0].data), bytes});
  }
  std::vector<double> values;
  for (int64_t i = 0; i < batch.size; ++i) {
    const int64_t index = batch.cursor - batch.size + i;
    std::string line = std::to_string(index);
    format::JsonWriter json;
    json.beginObject();
    json.member("index", index);
    if (const std::string file = names.dataset.fileOf(index); !file.empty()) {
      line += "," + cellOf(file);
      json.member("file", file);
    }
    for (size_t o = 0; o < outputs.size(); ++o) {
      const size_t rowBytes = static_cast<size_t>(outputs[o].elements) * sizeOf(outputs[o].dtype);
      readValues(outputs[o],
                 static_cast<const std::byte *>(views[o].data) + static_cast<size_t>(i) * rowBytes,
                 values);
      if (format == Format::Csv) {
        appendCsv(outputs[o], values, names.classes, line);
      } else {
        appendJson(outputs[o], values, names.classes, outputs.size() == 1, json);
      }
    }
    json.endObject();
    if (Status status = sink.line(format == Format::Csv ? line : json.text()); !status) {
      return status;
    }
  }
  return Status::ok();
}

/// The requested size, else the greatest that the data fills, else the smallest: the rest is
/// padded.
Result<int64_t> chooseSize(std::span<const int64_t> sizes, std::optional<int64_t> requested,
                           int64_t samples) {
  if (requested) {
    if (std::ranges::find(sizes, *requested) != sizes.end()) {
      return *requested;
    }
    return error(Code::InvalidArgument, "the artifact predicts batches of ", shapeText(sizes),
                 ", found --batch-size ", *requested);
  }
  int64_t best = sizes.front();
  for (int64_t size : sizes) {
    best = size <= samples ? size : best;
  }
  return best;
}

} // namespace

Result<PredictJob> preparePredict(const exec::Session &session, const PredictOptions &options) {
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::Predict);
  if (sizes.empty()) {
    return error(Code::InvalidArgument, "the artifact has no predict entry");
  }
  const artifact::EntrySpec &first = *session.entry(EntryKind::Predict, sizes.front());
  Result<Preprocessing> preprocessing = preprocessingOfModel(
      options.model.model, session.manifest().trainSpecJson, options.model.checkpoint);
  if (!preprocessing) {
    return preprocessing.status();
  }
  Result<ChosenData> chosen = chooseData(options.data, options.dataset, options.part,
                                         options.model.model, first.inputs, preprocessing->known);
  if (!chosen) {
    return chosen.status();
  }
  if (!options.transform.empty()) {
    preprocessing->valTransform = options.transform;
  }
  auto dataset =
      preprocess(chosen->dataset, chosen->source, *preprocessing, Use::Evaluation, first.inputs);
  if (!dataset) {
    return dataset.status();
  }
  Result<Recipe> recipe = parseRecipe(session.manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  Result<std::vector<PredictOutput>> outputs = predictOutputs(first, recipe->lossName);
  if (!outputs) {
    return outputs.status();
  }
  Result<int64_t> size = chooseSize(sizes, options.batchSize, (*dataset)->size());
  if (!size) {
    return size.status();
  }
  auto feed = Feed::create(
      session, EntryKind::Predict, *dataset, chosen->name,
      {.batchSize = *size, .shuffle = false, .padLast = true, .workers = options.workers});
  if (!feed) {
    return feed.status();
  }
  PredictJob job{dataset.take(), std::move(preprocessing->known.classes), outputs.take(),
                 feed.take()};
  if (job.classNames.empty()) {
    job.classNames.assign(job.dataset->classNames().begin(), job.dataset->classNames().end());
  }
  return job;
}

Status predictBatches(exec::Session &session, PredictJob &job, const PredictVisitor &visit,
                      Progress &progress, const Hooks &hooks) {
  data::Loader &loader = job.feed->loader();
  std::vector<exec::OutputView> views(job.outputs.size());
  ProgressState state;
  state.title = "Predict";
  state.batchesTotal = loader.batchesPerEpoch();
  const auto begin = std::chrono::steady_clock::now();
  loader.start(0, 0);
  while (const data::Batch *batch = loader.next()) {
    if (hooks.isStopped()) {
      return error(Code::Cancelled, "interrupted; nothing was written");
    }
    if (Status status = session.predict(job.feed->views(*batch)); !status) {
      return status;
    }
    for (size_t i = 0; i < views.size(); ++i) {
      Result<exec::OutputView> view = session.output(job.outputs[i].name);
      if (!view) {
        return view.status();
      }
      views[i] = *view;
    }
    if (Status status = visit(views, *batch); !status) {
      return status;
    }
    ++state.batches;
    if (progress.isAnimated() && progress.isDue(state.batches, state.batchesTotal)) {
      state.elapsedSeconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      progress.update(state);
    }
  }
  progress.clear();
  return loader.status();
}

Result<PredictReport> predictData(exec::Session &session, const PredictOptions &options,
                                  const Hooks &hooks) {
  const auto begin = std::chrono::steady_clock::now();
  if (options.out.empty()) {
    return error(Code::InvalidArgument, "say where to write with -o FILE");
  }
  Result<Format> format = formatOf(options.out);
  if (!format) {
    return format.status();
  }
  Result<PredictJob> job = preparePredict(session, options);
  if (!job) {
    return job.status();
  }
  const std::vector<PredictOutput> &outputs = job->outputs;
  if (*format == Format::Npy && outputs.size() != 1) {
    return error(Code::InvalidArgument, "a .npy file holds one array, but the model has ",
                 outputs.size(), " outputs; write .csv or .jsonl");
  }
  const SampleNames names{*job->dataset, job->classNames};
  Result<Sink> sink = openSink(options.out, hooks);
  if (!sink) {
    return sink.status();
  }
  Status status = Status::ok();
  if (*format == Format::Csv) {
    status = sink->line(csvHeader(outputs, names.classes, !job->dataset->fileOf(0).empty()));
  } else if (*format == Format::Npy) {
    std::string header = npyHeader(outputs[0], job->dataset->size());
    status = sink->bytes({reinterpret_cast<const uint8_t *>(header.data()), header.size()});
  }
  Progress progress = makeProgress(hooks, 0);
  if (status) {
    auto write = [&](std::span<const exec::OutputView> views, const data::Batch &batch) {
      return writeBatch(outputs, views, batch, *format, names, *sink);
    };
    status = predictBatches(session, *job, write, progress, hooks);
  }
  if (status) {
    status = sink->finish();
  }
  if (!status) {
    return status;
  }
  return PredictReport{
      job->dataset->size(),
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()};
}

Result<PredictReport> runPredict(const PredictOptions &options, const Hooks &hooks) {
  Result<std::unique_ptr<exec::Session>> session = openModel(options.model, hooks);
  return session ? predictData(**session, options, hooks) : session.status();
}

} // namespace ntc::rt::train
