// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop over the data.
#include "runtime/train/Predictions.h"

#include "runtime/train/Feed.h"
#include "runtime/train/Outputs.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace ntc::rt::train {
namespace {

using artifact::EntryKind;

/// The field that holds labels or, without `classes`, one number per sample; nothing where there is
/// none. Labels may be probabilities of the classes (MixUp, CutMix).
std::optional<size_t> targetField(const data::Dataset &dataset, int64_t classes) {
  for (size_t index = 0; index < dataset.fields().size(); ++index) {
    const data::Field &field = dataset.fields()[index];
    const bool isOne = field.elements() == 1 && (field.classes > 0) == (classes > 0);
    const bool isSoft = classes > 1 && field.elements() == classes && field.dtype == DType::F32;
    if (field.isTarget && (isOne || isSoft)) {
      return index;
    }
  }
  return std::nullopt;
}

template <typename T>
Result<std::vector<T>> readTargets(const data::Dataset &dataset, size_t field, DType dtype,
                                   std::span<const int64_t> rows) {
  std::vector<T> out(rows.size());
  Status status =
      dataset.readRows(field, rows, dtype, reinterpret_cast<std::byte *>(out.data()), {});
  return status ? Result<std::vector<T>>(std::move(out)) : status;
}

/// Labels; of probabilities the most probable class.
Result<std::vector<int64_t>> readLabels(const data::Dataset &dataset, size_t field, int64_t classes,
                                        std::span<const int64_t> rows) {
  if (dataset.fields()[field].elements() == 1) {
    return readTargets<int64_t>(dataset, field, DType::I64, rows);
  }
  std::vector<float> row(static_cast<size_t>(classes));
  std::vector<int64_t> out;
  for (const int64_t &sample : rows) {
    Status status = dataset.readRows(field, std::span(&sample, 1), DType::F32,
                                     reinterpret_cast<std::byte *>(row.data()), {});
    if (!status) {
      return status;
    }
    out.push_back(std::ranges::max_element(row) - row.begin());
  }
  return out;
}

/// What the predictions should be, of `out.rows`.
Status readTruth(const data::Dataset &dataset, size_t field, bool isClassifier, Predictions &out) {
  if (isClassifier) {
    auto labels = readLabels(dataset, field, out.classes, out.rows);
    out.labels = labels ? labels.take() : std::vector<int64_t>();
    return labels.status();
  }
  auto targets = readTargets<double>(dataset, field, DType::F64, out.rows);
  out.targets = targets ? targets.take() : std::vector<double>();
  return targets.status();
}

std::vector<int64_t> chooseRows(int64_t size) {
  std::vector<int64_t> rows(static_cast<size_t>(std::min(size, kMostPredictions)));
  const int64_t count = static_cast<int64_t>(rows.size());
  for (int64_t i = 0; i < count; ++i) {
    rows[static_cast<size_t>(i)] = i * size / count;
  }
  return rows;
}

/// The greatest batch that the samples fill, else the smallest.
int64_t chooseBatch(std::span<const int64_t> sizes, int64_t samples) {
  int64_t best = sizes.front();
  for (int64_t size : sizes) {
    best = size <= samples ? size : best;
  }
  return best;
}

void append(const PredictOutput &output, const std::vector<double> &values, Predictions &out) {
  if (output.isClassifier()) {
    out.guesses.push_back(classOf(values));
    out.confidences.push_back(static_cast<float>(values[static_cast<size_t>(out.guesses.back())]));
    if (out.classes <= kMostProbabilityClasses) {
      out.probabilities.insert(out.probabilities.end(), values.begin(), values.end());
    }
  } else {
    out.values.push_back(values[0]);
  }
}

} // namespace

Result<Predictions> collectPredictions(exec::Session &session, const std::string &loss,
                                       std::shared_ptr<const data::Dataset> dataset,
                                       const std::string &name, const std::atomic<bool> *stop) {
  const std::vector<int64_t> sizes = session.batchSizes(EntryKind::Predict);
  if (sizes.empty()) {
    return Predictions{};
  }
  auto outputs = predictOutputs(*session.entry(EntryKind::Predict, sizes.front()), loss);
  if (!outputs || outputs->size() != 1) {
    return Predictions{};
  }
  const PredictOutput &output = outputs->front();
  const bool isClassifier = output.isClassifier();
  const auto field = targetField(*dataset, isClassifier ? output.elements : 0);
  if ((!isClassifier && output.elements != 1) || !field) {
    return Predictions{};
  }
  Predictions out;
  out.rows = chooseRows(dataset->size());
  out.classes = isClassifier ? output.elements : 0;
  if (Status status = readTruth(*dataset, *field, isClassifier, out); !status) {
    return status;
  }
  if (out.size() < dataset->size()) {
    dataset = std::make_shared<data::SubsetDataset>(dataset, out.rows);
  }
  auto feed = Feed::create(
      session, EntryKind::Predict, dataset, name,
      {.batchSize = chooseBatch(sizes, out.size()), .shuffle = false, .padLast = true});
  if (!feed) {
    return feed.status();
  }
  data::Loader &loader = (*feed)->loader();
  loader.start(0, 0);
  std::vector<double> values;
  const size_t rowBytes = static_cast<size_t>(output.elements) * sizeOf(output.dtype);
  while (const data::Batch *batch = loader.next()) {
    if (stop && stop->load(std::memory_order_relaxed)) {
      return Predictions{};
    }
    if (Status status = session.predict((*feed)->views(*batch)); !status) {
      return status;
    }
    Result<exec::OutputView> view = session.output(output.name);
    if (!view) {
      return view.status();
    }
    for (int64_t i = 0; i < batch->size; ++i) {
      const auto *data = static_cast<const std::byte *>(view->data);
      readValues(output, data + static_cast<size_t>(i) * rowBytes, values);
      append(output, values, out);
    }
  }
  if (!loader.status()) {
    return loader.status();
  }
  return out;
}

} // namespace ntc::rt::train
