// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between element types, data sets of arrays, and subsets.
#include "runtime/data/Dataset.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ntc::rt::data {
namespace {

template <typename From, typename To>
void convertAs(const std::byte *source, std::byte *destination, int64_t count) {
  const From *from = reinterpret_cast<const From *>(source);
  To *to = reinterpret_cast<To *>(destination);
  for (int64_t i = 0; i < count; ++i) {
    to[i] = static_cast<To>(from[i]);
  }
}

template <typename From>
void convertFrom(const std::byte *source, DType to, std::byte *destination, int64_t count) {
  switch (to) {
  case DType::F32:
    return convertAs<From, float>(source, destination, count);
  case DType::F64:
    return convertAs<From, double>(source, destination, count);
  case DType::I32:
    return convertAs<From, int32_t>(source, destination, count);
  case DType::I64:
    return convertAs<From, int64_t>(source, destination, count);
  case DType::U8:
  case DType::Bool:
    return convertAs<From, uint8_t>(source, destination, count);
  case DType::F16:
  case DType::BF16:
    return; // Only as themselves, which copies bytes.
  }
}

/// Copies rows of `count` values; for the pairs that tables and arrays have, without a call per
/// row, which would cost more than the few values of a small model's row.
template <typename From, typename To>
void gatherRows(const std::byte *values, std::span<const int64_t> rows, int64_t count,
                std::byte *destination) {
  const From *from = reinterpret_cast<const From *>(values);
  To *to = reinterpret_cast<To *>(destination);
  for (int64_t row : rows) {
    const From *at = from + row * count;
    for (int64_t i = 0; i < count; ++i) {
      to[i] = static_cast<To>(at[i]);
    }
    to += count;
  }
}

bool isFloat(DType dtype) { return dtype == DType::F32 || dtype == DType::F64; }
bool isHalf(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16; }

} // namespace

int64_t Field::elements() const {
  int64_t count = 1;
  for (int64_t dim : shape) {
    count *= dim;
  }
  return count;
}

Status Dataset::readRows(size_t field, std::span<const int64_t> rows, DType dtype,
                         std::byte *destination, const Reading &) const {
  copyRows(field, rows, dtype, destination);
  return Status::ok();
}

void Dataset::copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                       std::byte *destination) const {
  [[maybe_unused]] Status status = readRows(field, rows, dtype, destination, {});
  assert(status && "a set that can fail is read by readRows");
}

Status Dataset::readPicture(int64_t, Bytes &) const {
  return error(Code::Unsupported, "the data set has no pictures");
}

bool canConvert(const Field &field, DType dtype) {
  if (field.dtype == dtype) {
    return true;
  }
  if (isHalf(field.dtype) || isHalf(dtype) || sizeOf(dtype) == 0) {
    return false;
  }
  if (isFloat(dtype)) {
    return true;
  }
  if (isFloat(field.dtype) || dtype == DType::Bool) {
    return false;
  }
  if (field.classes > 0) {
    int64_t most = dtype == DType::U8 ? 256 : int64_t{1} << 31;
    return field.classes <= most;
  }
  return sizeOf(dtype) > sizeOf(field.dtype) || (field.dtype == DType::Bool && dtype == DType::U8);
}

void convertValues(DType from, const std::byte *source, DType to, std::byte *destination,
                   int64_t count) {
  if (count == 0) {
    return; // there may be no memory to point to
  }
  if (from == to) {
    std::memcpy(destination, source, static_cast<size_t>(count) * sizeOf(to));
    return;
  }
  switch (from) {
  case DType::F32:
    return convertFrom<float>(source, to, destination, count);
  case DType::F64:
    return convertFrom<double>(source, to, destination, count);
  case DType::I32:
    return convertFrom<int32_t>(source, to, destination, count);
  case DType::I64:
    return convertFrom<int64_t>(source, to, destination, count);
  case DType::U8:
  case DType::Bool:
    return convertFrom<uint8_t>(source, to, destination, count);
  case DType::F16:
  case DType::BF16:
    return;
  }
}

ArrayDataset::ArrayDataset(int64_t samples, std::vector<Array> arrays) : samples_(samples) {
  for (Array &array : arrays) {
    fields_.push_back(std::move(array.field));
    owned_.push_back(std::move(array.values));
    values_.push_back(
        static_cast<const std::byte *>(array.borrowed ? array.borrowed : owned_.back().data()));
  }
}

void copyRowsOf(const Field &field, const std::byte *values, std::span<const int64_t> rows,
                DType dtype, std::byte *destination) {
  const int64_t count = field.elements();
  if (field.dtype == DType::F64 && dtype == DType::F32) {
    return gatherRows<double, float>(values, rows, count, destination);
  }
  if (field.dtype == DType::F32 && dtype == DType::F32) {
    return gatherRows<float, float>(values, rows, count, destination);
  }
  if (field.dtype == DType::I64 && dtype == DType::I64) {
    return gatherRows<int64_t, int64_t>(values, rows, count, destination);
  }
  const size_t sourceBytes = static_cast<size_t>(count) * sizeOf(field.dtype);
  const size_t rowBytes = static_cast<size_t>(count) * sizeOf(dtype);
  for (int64_t row : rows) {
    convertValues(field.dtype, values + static_cast<size_t>(row) * sourceBytes, dtype, destination,
                  count);
    destination += rowBytes;
  }
}

void ArrayDataset::copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                            std::byte *destination) const {
  copyRowsOf(fields_[field], values_[field], rows, dtype, destination);
}

SubsetDataset::SubsetDataset(std::shared_ptr<const Dataset> whole, std::vector<int64_t> rows)
    : whole_(std::move(whole)), rows_(std::move(rows)) {}

Status SubsetDataset::readRows(size_t field, std::span<const int64_t> rows, DType dtype,
                               std::byte *destination, const Reading &reading) const {
  return whole_->readRows(field, inWhole(rows), dtype, destination, reading);
}

std::vector<int64_t> SubsetDataset::inWhole(std::span<const int64_t> rows) const {
  std::vector<int64_t> mapped(rows.size());
  std::ranges::transform(rows, mapped.begin(),
                         [this](int64_t row) { return rows_[static_cast<size_t>(row)]; });
  return mapped;
}

} // namespace ntc::rt::data
