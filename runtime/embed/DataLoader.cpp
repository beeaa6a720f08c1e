// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loader's batches as tensors with names.
#include "runtime/data/ClassSampler.h"
#include "runtime/data/Loader.h"
#include "runtime/embed/Border.h"

#include <algorithm>

namespace ntc::data {
namespace {

using rt::Code;
using rt::error;
using rt::embed::toPublic;

/// What a batch's tensor is, and from which field.
struct Described {
  std::string name;
  rt::data::Binding binding;
  std::vector<int64_t> shape; ///< the samples first
};

rt::Result<Described> describe(const Dataset &dataset, const Column &column) {
  const auto fields = dataset.impl().dataset->fields();
  const auto it = std::ranges::find(fields, column.field, &rt::data::Field::name);
  if (it == fields.end()) {
    return error(Code::InvalidArgument, "data '", dataset.name(), "' has no field ",
                 rt::quoted(column.field));
  }
  const auto dtype = rt::embed::fromPublic(column.dtype);
  if (!dtype || !rt::data::canConvert(*it, *dtype)) {
    return error(Code::InvalidArgument, "data '", dataset.name(), "': field ",
                 rt::quoted(column.field), " of ", rt::nameOf(it->dtype), " cannot be given as ",
                 dtype ? rt::nameOf(*dtype) : "that type");
  }
  Described out{column.name.empty() ? column.field : column.name,
                {static_cast<size_t>(it - fields.begin()), *dtype},
                {0}};
  out.shape.insert(out.shape.end(), it->shape.begin(), it->shape.end());
  return out;
}

rt::Result<std::vector<Described>> describeAll(const Dataset &dataset,
                                               const std::vector<Column> &asked) {
  std::vector<Column> columns = asked;
  if (columns.empty()) {
    for (const rt::data::Field &field : dataset.impl().dataset->fields()) {
      columns.push_back({field.name, toPublic(field.dtype)});
    }
  }
  std::vector<Described> out;
  for (const Column &column : columns) {
    auto described = describe(dataset, column);
    if (!described) {
      return described.status();
    }
    out.push_back(described.take());
  }
  return out;
}

/// Null: by `shuffle`.
rt::Result<std::shared_ptr<const rt::data::Sampler>> samplerOf(const Dataset &dataset,
                                                               const LoaderOptions &options) {
  if (options.weights.empty() && options.sampler.empty()) {
    return std::shared_ptr<const rt::data::Sampler>();
  }
  if (options.shuffle || (!options.weights.empty() && !options.sampler.empty())) {
    return error(Code::InvalidArgument, "a loader takes one of shuffle, sampler and weights");
  }
  if (options.weights.empty()) {
    auto spec = rt::data::parseSampler(options.sampler);
    if (!spec) {
      return withContext(spec.status(), "sampler");
    }
    return withContext(rt::data::samplerOf(*spec, *dataset.impl().dataset, nullptr,
                                           std::max<int64_t>(1, options.batchSize), options.seed),
                       "sampler");
  }
  auto weights = rt::data::weightsFor(options.weights, *dataset.impl().dataset, nullptr,
                                      rt::concat("data '", dataset.name(), "'"));
  return weights ? rt::data::weightedSampler(*weights, dataset.size(), options.seed)
                 : weights.status();
}

} // namespace

/// The loader with its batch as it was handed out last.
class DataLoader::Impl {
public:
  Impl(std::unique_ptr<rt::data::Loader> loader, std::vector<Described> described)
      : loader(std::move(loader)), described_(std::move(described)) {
    for (Described &each : described_) {
      tensors_.push_back({each.name.c_str(), nullptr, toPublic(each.binding.dtype),
                          static_cast<int32_t>(each.shape.size()), each.shape.data()});
    }
  }

  const Batch *next() {
    const rt::data::Batch *batch = loader->next();
    if (!batch) {
      return nullptr;
    }
    for (size_t i = 0; i < tensors_.size(); ++i) {
      described_[i].shape[0] = batch->size;
      tensors_[i].data = batch->arrays[i];
    }
    batch_ = {tensors_, batch->size, batch->cursor};
    return &batch_;
  }

  std::unique_ptr<rt::data::Loader> loader;

private:
  std::vector<Described> described_;
  std::vector<ntc_tensor_t> tensors_;
  Batch batch_;
};

DataLoader::DataLoader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DataLoader::DataLoader(DataLoader &&) noexcept = default;
DataLoader &DataLoader::operator=(DataLoader &&) noexcept = default;
DataLoader::~DataLoader() = default;

Result<DataLoader> DataLoader::create(const Dataset &dataset, const LoaderOptions &options) {
  auto described = describeAll(dataset, options.columns);
  if (!described) {
    return toPublic(described.status());
  }
  auto sampler = samplerOf(dataset, options);
  if (!sampler) {
    return toPublic(sampler.status());
  }
  std::vector<rt::data::Binding> bindings;
  for (const Described &each : *described) {
    bindings.push_back(each.binding);
  }
  auto loader = rt::data::Loader::create(dataset.impl().dataset, std::move(bindings),
                                         {.batchSize = options.batchSize,
                                          .shuffle = options.shuffle,
                                          .dropLast = options.dropLast,
                                          .seed = options.seed,
                                          .sampler = sampler.take(),
                                          .workers = options.workers,
                                          .prefetchFactor = options.prefetchFactor});
  if (!loader) {
    return toPublic(loader.status());
  }
  DataLoader out(std::make_unique<Impl>(loader.take(), described.take()));
  out.start(0);
  return out;
}

int64_t DataLoader::size() const { return impl_->loader->batchesPerEpoch(); }
int64_t DataLoader::samples() const { return impl_->loader->samplesPerEpoch(); }

void DataLoader::start(uint64_t epoch, int64_t position) {
  impl_->loader->start(epoch, std::clamp<int64_t>(position, 0, samples()), epoch + 1);
}

const Batch *DataLoader::next() { return impl_->next(); }

Status DataLoader::status() const { return toPublic(impl_->loader->status()); }

} // namespace ntc::data
