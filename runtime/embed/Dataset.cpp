// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data sets as the installed header has them.
#include "runtime/base/CheckedMath.h"
#include "runtime/data/Inspect.h"
#include "runtime/data/LibraryDataset.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/Split.h"
#include "runtime/data/TableFit.h"
#include "runtime/data/TensorDataset.h"
#include "runtime/data/TransformedDataset.h"
#include "runtime/embed/Border.h"

#include <algorithm>

namespace ntc::rt::embed {

ntc::data::Dataset toPublic(std::shared_ptr<const data::Dataset> dataset, std::string name) {
  return ntc::data::Dataset(std::make_shared<ntc::data::Dataset::Impl>(
      ntc::data::Dataset::Impl{std::move(dataset), std::move(name)}));
}

} // namespace ntc::rt::embed

namespace ntc::data {
namespace {

using rt::Code;
using rt::concat;
using rt::error;
using rt::embed::toPublic;

constexpr const char *kTensors = rt::data::kTensorsOfProgram;
constexpr const char *kObject = rt::data::kObjectOfProgram;
/// Values that `summary` looks at, as `ntc data inspect` does.
constexpr int64_t kSummarySamples = 10'000;

rt::data::Split fromPublic(Split split) {
  return split == Split::Train        ? rt::data::Split::Train
         : split == Split::Validation ? rt::data::Split::Validation
                                      : rt::data::Split::Test;
}

/// Both parts by a rule.
Result<Parts> divide(const Dataset &dataset, const rt::data::SplitRule &rule, uint64_t seed) {
  auto parts = rt::data::splitBy(rule, dataset.impl().dataset, seed);
  if (!parts) {
    return toPublic(withContext(parts.status(), dataset.name()));
  }
  return Parts{toPublic(parts->train, dataset.name()),
               toPublic(parts->validation, concat("the validation split of ", dataset.name()))};
}

} // namespace

Dataset::Dataset(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<Dataset> Dataset::open(const std::string &text, Split split) {
  auto source = rt::data::DataSource::parse(text);
  if (!source) {
    return toPublic(source.status());
  }
  auto dataset = rt::data::openDataset(*source, fromPublic(split), {});
  if (!dataset) {
    return toPublic(dataset.status());
  }
  return Dataset(std::make_shared<Impl>(Impl{dataset.take(), text, source.take()}));
}

Result<Dataset> Dataset::fromTensors(const std::vector<Tensor> &tensors, Memory memory,
                                     std::vector<std::string> classNames) {
  std::vector<rt::data::SampleTensor> given;
  for (const Tensor &tensor : tensors) {
    const auto dtype = rt::embed::fromPublic(tensor.dtype);
    const auto elements = rt::elementCount(tensor.shape);
    if (!dtype || (tensor.count != 0 && elements != tensor.count)) {
      return toPublic(error(Code::InvalidArgument, "data '", kTensors, "': tensor ",
                            rt::quoted(tensor.name), " of shape ", rt::shapeText(tensor.shape),
                            dtype ? " has " : " has no element type, and ", tensor.count,
                            " values"));
    }
    given.push_back({{tensor.name, *dtype, tensor.shape, tensor.isTarget, tensor.classes},
                     tensor.values,
                     memory == Memory::Copy});
  }
  auto dataset = rt::data::openTensors(given, std::move(classNames), kTensors);
  if (!dataset) {
    return toPublic(dataset.status());
  }
  return toPublic(std::shared_ptr<const rt::data::Dataset>(dataset.take()), kTensors);
}

Result<Dataset> Dataset::fromCallbacks(const ntc_dataset_t &described) {
  auto dataset = rt::data::adoptDataset(described, kObject);
  if (!dataset) {
    return toPublic(dataset.status());
  }
  return toPublic(std::shared_ptr<const rt::data::Dataset>(dataset.take()), kObject);
}

int64_t Dataset::size() const { return impl_->dataset->size(); }

std::vector<Field> Dataset::fields() const {
  std::vector<Field> out;
  for (const rt::data::Field &field : impl_->dataset->fields()) {
    out.push_back({field.name, toPublic(field.dtype), field.shape, field.isTarget, field.classes});
  }
  return out;
}

std::vector<std::string> Dataset::classNames() const {
  const auto names = impl_->dataset->classNames();
  return {names.begin(), names.end()};
}

std::vector<std::string> Dataset::remarks() const {
  const auto remarks = impl_->dataset->remarks();
  return {remarks.begin(), remarks.end()};
}

const std::string &Dataset::name() const { return impl_->name; }

Result<std::string> Dataset::summary() const {
  auto summary = rt::data::summarize(*impl_->dataset, kSummarySamples);
  if (!summary) {
    return toPublic(summary.status());
  }
  return rt::data::summaryText(*summary);
}

Status Dataset::get(int64_t index, void *const *outputs) const {
  if (index < 0 || index >= size()) {
    return toPublic(error(Code::InvalidArgument, "data '", name(), "' has samples from 0 to ",
                          size() - 1, ", found ", index));
  }
  const auto fields = impl_->dataset->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (!outputs[i]) {
      continue;
    }
    rt::Status status =
        impl_->dataset->readRows(i, std::span(&index, 1), fields[i].dtype,
                                 static_cast<std::byte *>(outputs[i]), rt::data::Reading{});
    if (!status) {
      return toPublic(status);
    }
  }
  return {NTC_OK, {}};
}

Result<Dataset> Dataset::subset(std::vector<int64_t> rows) const {
  const auto wrong =
      std::ranges::find_if(rows, [&](int64_t row) { return row < 0 || row >= size(); });
  if (rows.empty() || wrong != rows.end()) {
    return toPublic(error(Code::InvalidArgument, "a subset of data '", name(),
                          "' needs samples from 0 to ", size() - 1, ", found ",
                          rows.empty() ? std::string("none") : std::to_string(*wrong)));
  }
  return toPublic(std::make_shared<rt::data::SubsetDataset>(impl_->dataset, std::move(rows)),
                  name());
}

Result<Dataset> Dataset::transform(const std::string &transforms) const {
  auto list = rt::data::TransformList::parse(transforms);
  if (!list) {
    return toPublic(withContext(list.status(), "transforms"));
  }
  if (impl_->source && impl_->source->find("normalize")) {
    return toPublic(error(Code::InvalidArgument, "data '", name(), "': with transforms, write ",
                          "Normalize among them instead of the option 'normalize'"));
  }
  auto made = rt::data::transformPictures(impl_->dataset, *list, name());
  if (made && !list->mixes().empty()) {
    made = rt::data::mixBatches(made.take(), list->mixes(), 0, name());
  }
  if (!made) {
    return toPublic(made.status());
  }
  return toPublic(made.take(), name());
}

Result<Parts> randomSplit(const Dataset &dataset, const std::string &rule, uint64_t seed) {
  auto parsed = rt::data::SplitRule::parse(rule);
  return parsed ? divide(dataset, *parsed, seed) : Result<Parts>(toPublic(parsed.status()));
}

Result<std::vector<Parts>> kFold(const Dataset &dataset, int64_t folds, uint64_t seed,
                                 bool isStratified) {
  std::vector<Parts> out;
  if (folds < 2) {
    return toPublic(error(Code::InvalidArgument, "k-fold needs at least 2 folds, found ", folds));
  }
  for (int64_t fold = 1; fold <= folds; ++fold) {
    rt::data::SplitRule rule;
    rule.fold = fold;
    rule.folds = folds;
    rule.isStratified = isStratified;
    Result<Parts> parts = divide(dataset, rule, seed);
    if (!parts) {
      return parts.status();
    }
    out.push_back(parts.take());
  }
  return out;
}

Result<Parts> fitted(const Parts &parts) {
  const auto &train = parts.train.impl().dataset, &validation = parts.validation.impl().dataset;
  if (!train->table() || !train->table()->needsFit()) {
    return parts;
  }
  auto fit = rt::data::fitTable(*train);
  if (!fit) {
    return toPublic(withContext(fit.status(), parts.train.name()));
  }
  if (!validation->table() || validation->table()->columns != fit->layout.columns) {
    return toPublic(error(Code::InvalidArgument, "data '", parts.validation.name(),
                          "' has other columns than '", parts.train.name(), "'"));
  }
  return Parts{toPublic(rt::data::applyFit(train, *fit), parts.train.name()),
               toPublic(rt::data::applyFit(validation, *fit), parts.validation.name())};
}

} // namespace ntc::data
