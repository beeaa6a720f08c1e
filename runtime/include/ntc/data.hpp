// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Data sets, transforms, splits and the loader, under PyTorch's names. Library: libntc_train.
//
//   auto data = ntc::data::Dataset::fromTensors({ntc::data::tensor("image", pixels, {n, 1, 28,
//   28}),
//                                                ntc::data::target("label", labels, {n})});
//   auto loader = ntc::data::DataLoader::create(*data, {.batchSize = 64, .shuffle = true});
//   for (const ntc::data::Batch &batch : loader->epoch(0)) { session.trainStep(batch.tensors); }
//
// Texts (of data, rules, transforms, samplers) are those of the command line: docs/data.md. Order
// and random transforms depend on (seed, epoch, sample) alone, never on threads; where a sampler
// draws with replacement, on the place in the epoch instead of the sample.
#pragma once

#include "ntc/dataset.hpp"
#include "ntc/result.hpp"

#include <concepts>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::data {

using dataset::Field;
using runtime::Result;
using runtime::Status;

/// One tensor of all samples, row-major: its first dimension counts the samples.
struct Tensor {
  std::string name;
  const void *values = nullptr; ///< borrowed
  ntc_dtype_t dtype = NTC_F32;
  std::vector<int64_t> shape; ///< (N, ...)
  bool isTarget = false;      ///< a label, if of whole numbers from 0; else a target of regression
  int64_t classes = 0;        ///< of a label; 0: one more than the greatest
  size_t count = 0;           ///< elements at `values`, checked with the shape; 0: unknown
};

/// A view of an array, vector or span as an input.
template <std::ranges::contiguous_range Values>
Tensor tensor(std::string name, const Values &values, std::vector<int64_t> shape) {
  using T = std::ranges::range_value_t<Values>;
  static_assert(runtime::dtypeOf<T> != ntc_dtype_t{}, "no tensor has this element type");
  return {std::move(name),
          std::ranges::data(values),
          runtime::dtypeOf<T>,
          std::move(shape),
          false,
          0,
          std::ranges::size(values)};
}

/// The same as a target.
template <std::ranges::contiguous_range Values>
Tensor target(std::string name, const Values &values, std::vector<int64_t> shape,
              int64_t classes = 0) {
  Tensor out = tensor(std::move(name), values, std::move(shape));
  out.isTarget = true;
  out.classes = classes;
  return out;
}

/// Whether a data set copies the tensors that it is made of, or reads them in place: then they must
/// be aligned, stay unchanged and outlive the set and all that is made of it.
enum class Memory : uint8_t { Copy, Borrow };

enum class Split : uint8_t { Train, Validation, Test };

struct Parts;

/// Numbered samples of named fields. A handle: copies are cheap and share the samples, which are
/// immutable; every method may be called from several threads at once.
class NTC_API Dataset {
public:
  /// Opens DATA of the command line: "fashion-mnist", "imagefolder:DIR", "csv:FILE?target=y", ….
  /// `split` counts where the text does not say. Errors: NTC_INVALID_ARGUMENT for the text,
  /// NTC_NOT_FOUND, NTC_IO, NTC_CORRUPT for the files.
  static Result<Dataset> open(const std::string &text, Split split = Split::Train);

  /// PyTorch's TensorDataset. A tensor of u8 of shape (N, H, W), (N, 1, H, W) or (N, 3, H, W) is
  /// one of pictures, for `transform`. Without transforms values are given as they are. Errors:
  /// NTC_INVALID_ARGUMENT for shapes, names and labels.
  static Result<Dataset> fromTensors(const std::vector<Tensor> &tensors,
                                     Memory memory = Memory::Copy,
                                     std::vector<std::string> classNames = {});

  /// A class of the program with `size` and `get` (<ntc/dataset.hpp>); `get` is called from several
  /// threads at once. Errors: NTC_INVALID_ARGUMENT for null, NTC_CORRUPT for fields that do not fit
  /// together.
  static Result<Dataset> fromClass(std::unique_ptr<dataset::Dataset> object) {
    if (!object) {
      return Status(NTC_INVALID_ARGUMENT, "a data set of the program needs an object, found null");
    }
    ntc_dataset_t described{};
    described.struct_size = sizeof(described);
    std::unique_ptr<dataset::Handle> handle;
    const char *problem = dataset::Handle::guarded([&] {
      handle = std::make_unique<dataset::Handle>(std::move(object));
      handle->describe(described);
    });
    if (problem) {
      return Status(NTC_CORRUPT, problem);
    }
    handle.release();
    return fromCallbacks(described);
  }
  /// The same in C; takes the data set: `destroy` is called in any case.
  static Result<Dataset> fromCallbacks(const ntc_dataset_t &described);

  int64_t size() const;
  /// Inputs first; shapes without the samples.
  std::vector<Field> fields() const;
  /// What labels mean; empty where they have no names.
  std::vector<std::string> classNames() const;
  /// What opening left out or decided: sentences.
  std::vector<std::string> remarks() const;
  /// The text that it was opened from, or a name for messages.
  const std::string &name() const;
  /// Sizes, shapes, class counts and ranges, as `ntc data inspect`.
  Result<std::string> summary() const;

  /// `dataset[index]`: writes field i, of its own dtype, to outputs[i] unless that is null. Random
  /// transforms are those of epoch 0 and seed 0. Errors: NTC_INVALID_ARGUMENT for an index out of
  /// range, those of files that cannot be read.
  Status get(int64_t index, void *const *outputs) const;

  /// PyTorch's Subset: sample i is sample rows[i] of this set. Errors: NTC_INVALID_ARGUMENT for no
  /// rows or one out of range.
  Result<Dataset> subset(std::vector<int64_t> rows) const;

  /// Applies torchvision's transforms to each picture as it is read: "RandomCrop(28, padding=2),
  /// ToTensor()". Pictures become f32 of shape (C, H, W). MixUp and CutMix mix whole batches and
  /// make labels probabilities, f32 of shape (classes). Errors: NTC_INVALID_ARGUMENT for names,
  /// arguments, data without pictures.
  Result<Dataset> transform(const std::string &transforms) const;

  class Impl;
  explicit Dataset(std::shared_ptr<const Impl> impl);
  const Impl &impl() const { return *impl_; }

private:
  std::shared_ptr<const Impl> impl_;
};

/// Both parts of a set.
struct Parts {
  Dataset train, validation;
};

/// random_split with the rule of --val-split: "10000", "0.2", "20%", each also with ",stratified"
/// or ",last" (the last samples, for series). Equal to the split of `ntc train --seed`. Errors:
/// NTC_INVALID_ARGUMENT for the rule, data too small, stratified data without one label.
NTC_API Result<Parts> randomSplit(const Dataset &dataset, const std::string &rule,
                                  uint64_t seed = 0);

/// scikit-learn's KFold, shuffled, or StratifiedKFold: part i is the i-th fold, equal to
/// --fold i+1/folds. Errors: as randomSplit; more folds than samples, fewer than two.
NTC_API Result<std::vector<Parts>> kFold(const Dataset &dataset, int64_t folds, uint64_t seed = 0,
                                         bool isStratified = false);

/// What a table needs before a network sees it (`scale=standard`, `missing=median`), learned from
/// the training part alone and applied to both. Other data stay as they are. `ntc::train::fit` does
/// this itself. Errors: NTC_INVALID_ARGUMENT for a column to be filled that has no value.
NTC_API Result<Parts> fitted(const Parts &parts);

/// A field of a batch.
struct Column {
  std::string field;
  ntc_dtype_t dtype = NTC_F32; ///< labels to i32 or i64, numbers to f32 or f64
  std::string name = {};       ///< of the batch's tensor; empty: the field's
};

/// Every member may be left out. A struct of this library's version, not of a stable layout.
struct LoaderOptions {
  int64_t batchSize = 1;
  bool shuffle = false;
  bool dropLast = false; ///< leave out the last batch of an epoch if it is smaller
  /// Instead of `shuffle`, as --sampler: "stratified", "window,size=10000", "weighted" (classes).
  std::string sampler = {};
  /// WeightedRandomSampler(weights, len(dataset)): one per sample, from 0, or of a part (subset,
  /// randomSplit) one per sample of the whole, of which its own are taken.
  std::vector<double> weights = {};
  std::optional<int64_t> workers = {}; ///< threads; 0: the caller's; nothing: as suits the data
  std::optional<int64_t> prefetchFactor = {}; ///< batches that each makes ahead, from 1
  uint64_t seed = 0;                          ///< of the order and of random transforms
  std::vector<Column> columns = {};           ///< empty: every field, of its own dtype
};

/// One batch; valid until the loader's next call.
struct Batch {
  /// Shape (B, ...), 64-byte aligned, row-major; what ntc::runtime::Session takes.
  std::span<const ntc_tensor_t> tensors;
  int64_t size = 0;     ///< samples
  int64_t position = 0; ///< samples of the epoch up to and including this batch, to resume from

  /// The values of a tensor; empty where there is none of that name and type.
  template <typename T> std::span<const T> values(std::string_view name) const {
    for (const ntc_tensor_t &tensor : tensors) {
      if (name == tensor.name && tensor.dtype == runtime::dtypeOf<T>) {
        int64_t count = 1;
        for (int32_t i = 0; i < tensor.rank; ++i) {
          count *= tensor.shape[i];
        }
        return {static_cast<const T *>(tensor.data), static_cast<size_t>(count)};
      }
    }
    return {};
  }
};

/// PyTorch's DataLoader. Move-only; belongs to one thread, its workers are an inner matter.
class NTC_API DataLoader {
public:
  /// Errors: NTC_INVALID_ARGUMENT for options that do not fit the data; NTC_OUT_OF_MEMORY.
  static Result<DataLoader> create(const Dataset &dataset, const LoaderOptions &options = {});
  DataLoader(DataLoader &&) noexcept;
  DataLoader &operator=(DataLoader &&) noexcept;
  ~DataLoader();

  /// Batches of an epoch: len(loader).
  int64_t size() const;
  /// Samples that an epoch visits.
  int64_t samples() const;

  /// Goes to epoch `epoch` (from 0) behind `position` of its samples.
  void start(uint64_t epoch, int64_t position = 0);
  /// The next batch; null after the epoch's last one and where one could not be read: see `status`.
  const Batch *next();
  /// Whether the last `next` found an end or an error, which names the sample.
  Status status() const;

  /// The batches of an epoch, once, for a range-based for. An unreadable sample ends it: ask
  /// `status` afterwards.
  class Epoch {
  public:
    class Iterator {
    public:
      using value_type = Batch;
      using difference_type = std::ptrdiff_t;
      const Batch &operator*() const { return *batch_; }
      Iterator &operator++() {
        batch_ = loader_->next();
        return *this;
      }
      void operator++(int) { ++*this; }
      bool operator==(std::default_sentinel_t) const { return batch_ == nullptr; }

    private:
      friend class Epoch;
      explicit Iterator(DataLoader *loader) : loader_(loader), batch_(loader->next()) {}
      DataLoader *loader_;
      const Batch *batch_;
    };
    Iterator begin() const { return Iterator(loader_); }
    std::default_sentinel_t end() const { return {}; }

  private:
    friend class DataLoader;
    explicit Epoch(DataLoader *loader) : loader_(loader) {}
    DataLoader *loader_;
  };
  Epoch epoch(uint64_t epoch, int64_t position = 0) {
    start(epoch, position);
    return Epoch(this);
  }

private:
  class Impl;
  explicit DataLoader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace ntc::data
