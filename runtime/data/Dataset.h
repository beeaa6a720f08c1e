// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a data set is to the loader: numbered samples of named fields, all in memory or computed on
// demand.
#pragma once

#include "runtime/base/DType.h"
#include "runtime/base/Status.h"
#include "runtime/data/image/Image.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::data {

/// One named tensor of every sample.
struct Field {
  std::string name;
  DType dtype = DType::F32;   ///< what the samples hold naturally
  std::vector<int64_t> shape; ///< of one sample, without the batch dimension; {} is a scalar
  bool isTarget = false;      ///< a label or regression target
  int64_t classes = 0;        ///< > 0: a label, every value was checked to lie in [0, classes)

  /// Elements of one sample; shapes were checked not to overflow when the set was opened.
  int64_t elements() const;
};

/// Which reading of a set a batch belongs to: what random transforms are keyed by.
struct Reading {
  uint64_t seed = 0;
  uint64_t epoch = 0;
  uint64_t batch = 0; ///< of the epoch, from 0
  /// The place in the epoch of the first row, where samples may come more than once: then random
  /// transforms are keyed by it, so that a sample's repetitions differ.
  std::optional<int64_t> position{};
};

/// The field that holds a set's pictures, and their shape before transforms.
struct PictureField {
  size_t field = 0;
  int64_t channels = 0;
  Size size; ///< a side of 0 differs from picture to picture
};

struct TableLayout;

/// A set of samples. Immutable after it was opened: every method may be called from several threads
/// at once. Sets in memory check everything when they are opened, so that reading cannot fail, and
/// override `copyRows`; sets that read files later override `readRows`.
class Dataset {
public:
  virtual ~Dataset() = default;

  /// Number of samples, at least 1.
  virtual int64_t size() const = 0;

  /// The fields of every sample, inputs first.
  virtual std::span<const Field> fields() const = 0;

  /// Copies field `field` of the samples `rows` (each in [0, size())), one after another in
  /// row-major order, to `destination`, converted to `dtype`. Requires `canConvert(fields()[field],
  /// dtype)`, a destination aligned to the element and of rows.size() * elements() * sizeOf(dtype)
  /// bytes. `rows` is a whole batch. Errors: a file that cannot be read, by name.
  virtual Status readRows(size_t field, std::span<const int64_t> rows, DType dtype,
                          std::byte *destination, const Reading &reading) const;
  /// The same for a set that cannot fail.
  virtual void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                        std::byte *destination) const;

  /// Whether a sample costs more than copying it, so that worker threads pay.
  virtual bool isCostly() const { return false; }

  /// Sets of pictures say where they are, and give each as bytes, for transforms. Errors: as
  /// readRows.
  virtual std::optional<PictureField> pictures() const { return std::nullopt; }
  virtual Status readPicture(int64_t row, Bytes &picture) const;
  /// The file of sample `row`, where each has one of its own; else empty.
  virtual std::string fileOf(int64_t /*row*/) const { return {}; }
  /// What messages call sample `row`: "sample 17", or its file.
  virtual std::string nameOf(int64_t row) const { return concat("sample ", row); }

  /// Of a set of sequences, the number of elements of a sample that are no padding; else 0.
  virtual int64_t lengthOf(int64_t /*row*/) const { return 0; }
  /// The lengths by which the sampler "bucketed" groups samples, ascending; empty: none.
  virtual std::span<const int64_t> buckets() const { return {}; }

  /// What a label means, by class; empty where the classes have no names.
  virtual std::span<const std::string> classNames() const { return {}; }

  /// Of sequences, the characters that tokens stand for, learned from this set or given to it.
  virtual std::span<const std::string> characters() const { return {}; }

  /// What opening left out or decided that a user should hear: sentences.
  virtual std::span<const std::string> remarks() const { return {}; }

  /// What the columns of a table's "x" are, for fitting; null for other sets.
  virtual const TableLayout *table() const { return nullptr; }
  /// The rows of a table that make up `samples`: which set holds them (null for other sets), and
  /// which of its samples they are, ascending, each once. A window's are those that it sees and
  /// those that it wants.
  virtual const Dataset *tableRows(std::span<const int64_t> /*samples*/,
                                   std::vector<int64_t> & /*rows*/) const {
    return nullptr;
  }
};

/// Whether the field's values can be given as `dtype` without surprise: the same type, any number
/// to a floating-point one, a label to i32 or i64 (or u8 below 257 classes), a narrower whole
/// number to a wider one. f16 and bf16 are given as themselves only.
bool canConvert(const Field &field, DType dtype);

/// Converts `count` contiguous values. Requires a pair that `canConvert` allows. Floating-point
/// values are rounded to nearest even; labels fit by what was checked when the set was opened.
void convertValues(DType from, const std::byte *source, DType to, std::byte *destination,
                   int64_t count);

/// Copies the samples `rows` of a field whose samples lie one behind the other at `values`, aligned
/// to the element, as `Dataset::copyRows` does.
void copyRowsOf(const Field &field, const std::byte *values, std::span<const int64_t> rows,
                DType dtype, std::byte *destination);

/// A data set of whole arrays in memory, one per field, sample after sample.
class ArrayDataset : public Dataset {
public:
  struct Array {
    Field field;
    std::vector<uint8_t> values; ///< size() * elements() * sizeOf(dtype) bytes
    /// Instead of `values`, not null: as many bytes, aligned to the element, that outlive the set.
    const void *borrowed = nullptr;
  };
  /// Takes the arrays, each of `samples` samples; the caller has checked the sizes.
  ArrayDataset(int64_t samples, std::vector<Array> arrays);

  int64_t size() const override { return samples_; }
  std::span<const Field> fields() const override { return fields_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override;
  std::span<const std::string> classNames() const override { return classNames_; }
  void setClassNames(std::vector<std::string> names) { classNames_ = std::move(names); }

protected:
  /// The first byte of sample `row`.
  const std::byte *sample(size_t field, int64_t row) const {
    return values_[field] + row * fields_[field].elements() *
                                static_cast<int64_t>(ntc::rt::sizeOf(fields_[field].dtype));
  }

private:
  int64_t samples_;
  std::vector<Field> fields_;
  std::vector<std::vector<uint8_t>> owned_;
  std::vector<const std::byte *> values_;
  std::vector<std::string> classNames_;
};

/// Some samples of another set, in a given order: `--val-split` and `samples=N`.
class SubsetDataset : public Dataset {
public:
  /// Sample i is sample rows[i] of `whole`; every row lies in [0, whole->size()).
  SubsetDataset(std::shared_ptr<const Dataset> whole, std::vector<int64_t> rows);

  const Dataset &whole() const { return *whole_; }
  std::span<const int64_t> rows() const { return rows_; }

  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  std::span<const Field> fields() const override { return whole_->fields(); }
  Status readRows(size_t field, std::span<const int64_t> rows, DType dtype, std::byte *destination,
                  const Reading &reading) const override;
  bool isCostly() const override { return whole_->isCostly(); }
  std::optional<PictureField> pictures() const override { return whole_->pictures(); }
  Status readPicture(int64_t row, Bytes &picture) const override {
    return whole_->readPicture(rows_[static_cast<size_t>(row)], picture);
  }
  std::string fileOf(int64_t row) const override {
    return whole_->fileOf(rows_[static_cast<size_t>(row)]);
  }
  std::string nameOf(int64_t row) const override {
    return whole_->nameOf(rows_[static_cast<size_t>(row)]);
  }
  int64_t lengthOf(int64_t row) const override {
    return whole_->lengthOf(rows_[static_cast<size_t>(row)]);
  }
  std::span<const int64_t> buckets() const override { return whole_->buckets(); }
  std::span<const std::string> classNames() const override { return whole_->classNames(); }
  std::span<const std::string> characters() const override { return whole_->characters(); }
  std::span<const std::string> remarks() const override { return whole_->remarks(); }
  const TableLayout *table() const override { return whole_->table(); }
  const Dataset *tableRows(std::span<const int64_t> samples,
                           std::vector<int64_t> &rows) const override {
    return whole_->tableRows(inWhole(samples), rows);
  }

private:
  std::vector<int64_t> inWhole(std::span<const int64_t> rows) const;

  std::shared_ptr<const Dataset> whole_;
  std::vector<int64_t> rows_;
};

} // namespace ntc::rt::data
