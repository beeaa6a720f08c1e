// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of arrays, and samples straight from where they are stored.
#include "runtime/data/StoredArrays.h"

#include "runtime/base/File.h"
#include "runtime/data/ClassNames.h"
#include "runtime/data/WholeNumbers.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace ntc::rt::data {
namespace {

using format::NpyView;

/// Calls `visit(values, count)` for the array's elements, as what they become, in order.
template <typename Visit> void forEachPiece(const NpyView &view, Visit visit) {
  constexpr uint64_t kPiece = 1 << 16; // elements
  const uint64_t count = view.bytes.size() / view.storedBytes;
  std::vector<uint8_t> widened;
  for (uint64_t at = 0; at < count; at += kPiece) {
    const uint64_t part = std::min(kPiece, count - at);
    const uint8_t *from = view.bytes.data() + at * view.storedBytes;
    if (view.widen) {
      widened.resize(part * sizeOf(view.dtype));
      view.widen(from, part, widened.data());
      from = widened.data();
    }
    visit(std::span(from, part * sizeOf(view.dtype)));
  }
}

/// As classesOf, of all pieces.
int64_t classesOfArray(const NpyView &view) {
  int64_t classes = 0;
  bool areClasses = true;
  forEachPiece(view, [&](std::span<const uint8_t> piece) {
    const int64_t part = areClasses ? classesOf(view.dtype, piece) : 0;
    areClasses = part > 0;
    classes = std::max(classes, part);
  });
  return areClasses ? classes : 0;
}

} // namespace

class StoredArrays::Set : public Dataset {
public:
  Set(int64_t samples, std::vector<Entry> entries, std::vector<std::string> names,
      std::shared_ptr<const void> owner, uint64_t keptBytes)
      : samples_(samples), entries_(std::move(entries)), names_(std::move(names)),
        owner_(std::move(owner)), keptBytes_(keptBytes) {
    for (const Entry &entry : entries_) {
      fields_.push_back(entry.field);
    }
  }

  int64_t size() const override { return samples_; }
  std::span<const Field> fields() const override { return fields_; }
  std::span<const std::string> classNames() const override { return names_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    const NpyView &view = entries_[field].view;
    keepFew(entries_[field], rows.size());
    const auto address = reinterpret_cast<uintptr_t>(view.bytes.data());
    if (!view.widen && address % sizeOf(view.dtype) == 0) {
      return copyRowsOf(fields_[field], reinterpret_cast<const std::byte *>(view.bytes.data()),
                        rows, dtype, destination);
    }
    const auto count = static_cast<size_t>(fields_[field].elements());
    // Doubles are aligned for every type.
    std::vector<double> aligned(count * sizeOf(view.dtype) / sizeof(double) + 1);
    auto *sample = reinterpret_cast<uint8_t *>(aligned.data());
    for (int64_t row : rows) {
      const size_t bytes = count * view.storedBytes;
      const uint8_t *at = view.bytes.data() + static_cast<size_t>(row) * bytes;
      view.widen ? view.widen(at, count, sample) : void(std::memcpy(sample, at, bytes));
      convertValues(view.dtype, reinterpret_cast<const std::byte *>(sample), dtype, destination,
                    static_cast<int64_t>(count));
      destination += count * sizeOf(dtype);
    }
  }

private:
  /// Gives mapped pages back once about `keptBytes_` of them were touched: what the process holds
  /// does not grow to the size of the files; the kernel keeps what it has room for.
  void keepFew(const Entry &entry, size_t rows) const {
    constexpr uint64_t kAround = 64 * 1024; // that a fault brings in, at most, beside the row
    const uint64_t bytes = entry.view.bytes.size();
    if (!entry.own.empty() || bytes <= keptBytes_) {
      return;
    }
    const uint64_t touched = rows * (bytes / static_cast<uint64_t>(samples_) + kAround);
    if (touched_.fetch_add(touched, std::memory_order_relaxed) + touched > keptBytes_) {
      touched_.store(0, std::memory_order_relaxed);
      forgetMapped(entry.view.bytes);
    }
  }

  int64_t samples_;
  std::vector<Entry> entries_;
  std::vector<Field> fields_;
  std::vector<std::string> names_;
  std::shared_ptr<const void> owner_;
  uint64_t keptBytes_;
  mutable std::atomic<uint64_t> touched_ = 0;
};

Status StoredArrays::append(const std::string &label, Entry entry) {
  const NpyView &view = entry.view;
  if (view.shape.empty() || view.shape[0] == 0 || view.bytes.empty()) {
    return error(Code::Corrupt, prefix_, label,
                 " should have samples along its first dimension, found shape ",
                 shapeText(view.shape));
  }
  if (entries_.empty()) {
    samples_ = view.shape[0];
    firstLabel_ = label;
  }
  if (view.shape[0] != samples_) {
    return error(Code::Corrupt, prefix_, firstLabel_, " has ", samples_, " samples, but ", label,
                 " has ", view.shape[0]);
  }
  if (view.dtype == DType::Bool) {
    auto bad = std::ranges::find_if(view.bytes, [](uint8_t byte) { return byte > 1; });
    if (bad != view.bytes.end()) {
      return error(Code::Corrupt, prefix_, label, " of bool should hold bytes 0 and 1, found ",
                   *bad, " at element ", bad - view.bytes.begin());
    }
  }
  entry.field.dtype = view.dtype;
  entry.field.shape.assign(view.shape.begin() + 1, view.shape.end());
  entry.field.classes = entry.field.isTarget ? classesOfArray(view) : 0;
  entries_.push_back(std::move(entry));
  return Status::ok();
}

Status StoredArrays::add(const std::string &label, std::string name, bool isTarget, NpyView view) {
  Field field{std::move(name), view.dtype, {}};
  field.isTarget = isTarget;
  return append(label, {std::move(field), std::move(view), {}});
}

Status StoredArrays::add(const std::string &label, std::string name, bool isTarget,
                         format::NpyArray array) {
  Field field{std::move(name), array.dtype, {}};
  field.isTarget = isTarget;
  // The bytes of a vector stay where they are when it is moved.
  NpyView view{"",    array.dtype, sizeOf(array.dtype), nullptr, std::move(array.shape),
               false, array.bytes};
  return append(label, {std::move(field), std::move(view), std::move(array.bytes)});
}

Result<std::unique_ptr<Dataset>> StoredArrays::take(const DataSource &source,
                                                    std::shared_ptr<const void> owner,
                                                    uint64_t keptBytes) {
  std::ranges::stable_partition(entries_, [](const Entry &entry) { return !entry.field.isTarget; });
  int64_t classes = 0;
  for (const Entry &entry : entries_) {
    classes = std::max(classes, entry.field.classes);
  }
  Result<std::vector<std::string>> names = classNamesOf(source, classes, {});
  if (!names) {
    return names.status();
  }
  return std::unique_ptr<Dataset>(std::make_unique<Set>(samples_, std::move(entries_), names.take(),
                                                        std::move(owner), keptBytes));
}

} // namespace ntc::rt::data
