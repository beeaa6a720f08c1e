// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Padding, lengths and masks.
#include "runtime/data/SequenceDataset.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/data/SequenceFiles.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ntc::rt::data {
namespace {

constexpr int64_t kMostLength = 1 << 20;
constexpr int64_t kIgnoredLabel = -100; ///< PyTorch's ignore_index

class SequenceDataset : public Dataset {
public:
  SequenceDataset(Sequences sequences, int64_t length, std::vector<int64_t> buckets, double pad)
      : all_(std::move(sequences)), length_(length), buckets_(std::move(buckets)), pad_(pad) {
    Field x = all_.x;
    x.dtype = x.dtype == DType::F32 || x.dtype == DType::F64 ? x.dtype : DType::I64;
    x.shape.insert(x.shape.begin(), length);
    fields_ = {std::move(x), {"lengths", DType::I64, {}}, {"mask", DType::Bool, {length}}};
    if (all_.y) {
      fields_.push_back(*all_.y);
      if (all_.yPerElement) {
        fields_.back().shape.insert(fields_.back().shape.begin(), length);
        fields_.back().classes = 0; // padding is no class
      }
    }
  }

  int64_t size() const override { return all_.size(); }
  std::span<const Field> fields() const override { return fields_; }
  std::span<const std::string> classNames() const override { return all_.classNames; }
  std::span<const std::string> characters() const override { return all_.characters; }
  std::span<const int64_t> buckets() const override { return buckets_; }
  int64_t lengthOf(int64_t row) const override { return std::min(all_.lengthOf(row), length_); }
  std::string nameOf(int64_t row) const override {
    return all_.places.empty() ? Dataset::nameOf(row) : all_.places[static_cast<size_t>(row)];
  }

  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    for (int64_t row : rows) {
      const int64_t count = field == 1 ? 1 : fields_[field].elements();
      if (field == 0) {
        copyPadded(all_.values, all_.x, all_.offsets[static_cast<size_t>(row)], lengthOf(row), pad_,
                   dtype, destination);
      } else if (field == 1) {
        const int64_t length = lengthOf(row);
        convertValues(DType::I64, reinterpret_cast<const std::byte *>(&length), dtype, destination,
                      1);
      } else if (field == 2) {
        std::vector<uint8_t> mask(static_cast<size_t>(length_), 0);
        std::fill_n(mask.begin(), lengthOf(row), uint8_t{1});
        convertValues(DType::Bool, reinterpret_cast<const std::byte *>(mask.data()), dtype,
                      destination, length_);
      } else if (all_.yPerElement) {
        copyPadded(all_.targets, *all_.y, all_.offsets[static_cast<size_t>(row)], lengthOf(row),
                   static_cast<double>(kIgnoredLabel), dtype, destination);
      } else {
        const size_t bytes = static_cast<size_t>(count) * sizeOf(all_.y->dtype);
        convertValues(all_.y->dtype,
                      reinterpret_cast<const std::byte *>(all_.targets.data()) +
                          static_cast<size_t>(row) * bytes,
                      dtype, destination, count);
      }
      destination += static_cast<size_t>(count) * sizeOf(dtype);
    }
  }

private:
  /// Elements from `first` on, then padding up to the common length.
  void copyPadded(const std::vector<uint8_t> &values, const Field &element, int64_t first,
                  int64_t length, double pad, DType dtype, std::byte *destination) const {
    const int64_t width = element.elements();
    const auto *from = reinterpret_cast<const std::byte *>(values.data()) +
                       static_cast<size_t>(first * width) * sizeOf(element.dtype);
    convertValues(element.dtype, from, dtype, destination, length * width);
    destination += static_cast<size_t>(length * width) * sizeOf(dtype);
    const auto whole = static_cast<int64_t>(pad);
    const bool isReal = dtype == DType::F32 || dtype == DType::F64;
    for (int64_t i = 0; i < (length_ - length) * width; ++i) {
      isReal ? convertValues(DType::F64, reinterpret_cast<const std::byte *>(&pad), dtype,
                             destination, 1)
             : convertValues(DType::I64, reinterpret_cast<const std::byte *>(&whole), dtype,
                             destination, 1);
      destination += sizeOf(dtype);
    }
  }

  Sequences all_;
  int64_t length_;
  std::vector<int64_t> buckets_;
  double pad_;
  std::vector<Field> fields_;
};

Result<std::vector<int64_t>> bucketsOf(const DataSource &source) {
  std::vector<int64_t> out;
  const std::string *text = source.find("buckets");
  if (!text) {
    return out;
  }
  std::string_view rest = *text;
  while (true) {
    const std::string_view one = rest.substr(0, rest.find(','));
    int64_t bound = 0;
    const auto [end, problem] = std::from_chars(one.data(), one.data() + one.size(), bound);
    if (problem != std::errc() || end != one.data() + one.size() || bound < 1 ||
        bound > kMostLength || (!out.empty() && bound <= out.back())) {
      return error(Code::InvalidArgument, "data '", source.text,
                   "': option 'buckets' must be ascending lengths from 1 to ", kMostLength,
                   " divided by commas, found '", *text, "'");
    }
    out.push_back(bound);
    if (one.size() == rest.size()) {
      return out;
    }
    rest.remove_prefix(one.size() + 1);
  }
}

/// The common length. Errors: a sequence that is longer and may not be cut.
Result<int64_t> lengthFor(const DataSource &source, const Sequences &all,
                          const std::vector<int64_t> &buckets) {
  int64_t longest = 0, which = 0;
  for (int64_t i = 0; i < all.size(); ++i) {
    which = all.lengthOf(i) > longest ? i : which;
    longest = std::max(longest, all.lengthOf(i));
  }
  const int64_t natural = buckets.empty() ? longest : buckets.back();
  Result<int64_t> length = source.integer("length", natural, 1, kMostLength);
  if (!length) {
    return length;
  }
  const std::string *truncate = source.find("truncate");
  if (truncate && *truncate != "yes" && *truncate != "no") {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': option 'truncate' must be yes or no, found '", *truncate, "'");
  }
  if (!buckets.empty() && buckets.back() > *length) {
    return error(Code::InvalidArgument, "data '", source.text, "': the bucket ", buckets.back(),
                 " is longer than the length ", *length);
  }
  if (longest > *length && (!truncate || *truncate == "no")) {
    const std::string place =
        all.places.empty() ? concat("sample ", which) : all.places[static_cast<size_t>(which)];
    return error(Code::InvalidArgument, "data '", source.text, "': ", place, " has ", longest,
                 " elements, more than the length ", *length,
                 "; say a greater length, or cut sequences with truncate=yes");
  }
  if (*length < 1 || *length > kMostLength) {
    return error(Code::InvalidArgument, "data '", source.text, "': the longest sequence has ",
                 *length, " elements; expected from 1 to ", kMostLength,
                 ": cut them with length=N&truncate=yes");
  }
  return length;
}

Result<double> padOf(const DataSource &source, const Sequences &all) {
  const double fallback = static_cast<double>(all.vocabulary);
  if (all.x.dtype == DType::F32 || all.x.dtype == DType::F64) {
    Result<std::vector<double>> numbers = source.numbers("pad", 1);
    return !numbers           ? Result<double>(numbers.status())
           : numbers->empty() ? Result<double>(0.0)
                              : Result<double>(numbers->front());
  }
  Result<int64_t> token = source.integer("pad", all.vocabulary, INT32_MIN, INT32_MAX);
  return !token ? Result<double>(token.status())
                : Result<double>(source.find("pad") ? static_cast<double>(*token) : fallback);
}

} // namespace

Result<std::unique_ptr<Dataset>> openSequences(const DataSource &source,
                                               std::span<const std::string> classes,
                                               std::span<const std::string> characters) {
  const bool isArchive = source.place.ends_with(".npz");
  for (const char *option : {"by", "vocab", "merges", "text", "label"}) {
    if (isArchive && source.find(option)) {
      return error(Code::InvalidArgument, "data '", source.text, "': option '", option,
                   "' is for texts; an .npz archive holds numbers");
    }
  }
  Result<std::vector<int64_t>> buckets = bucketsOf(source);
  if (!buckets) {
    return buckets.status();
  }
  Result<Sequences> all = isArchive ? readRagged(source) : readTexts(source, classes, characters);
  if (!all) {
    return all.status();
  }
  Result<int64_t> length = lengthFor(source, *all, *buckets);
  if (!length) {
    return length.status();
  }
  const int64_t width = all->x.shape.empty() ? 1 : all->x.shape[0];
  const auto elements = checkedMul(static_cast<uint64_t>(*length), static_cast<uint64_t>(width));
  if (!elements || *elements > (uint64_t{1} << 40)) {
    return error(Code::Unsupported, "data '", source.text, "': ", *length, " elements of ", width,
                 " numbers are more than a sample can have");
  }
  Result<double> pad = padOf(source, *all);
  if (!pad) {
    return pad.status();
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<SequenceDataset>(all.take(), *length, buckets.take(), *pad));
}

} // namespace ntc::rt::data
