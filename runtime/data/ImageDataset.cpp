// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes → numbers table of image data sets, and their checks.
#include "runtime/data/ImageDataset.h"

#include "runtime/data/ClassNames.h"

#include <algorithm>

namespace ntc::rt::data {
namespace {

template <typename T>
void lookUp(const std::array<float, 256> &valueOf, const uint8_t *pixels, T *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<T>(valueOf[pixels[i]]);
  }
}

/// The plain scaling in arithmetic that vectorizes; equal to the table's values bit for bit. 1 /
/// 255 is 2^-8 + 2^-16 + 2^-24 + …: the product of a byte with the first two terms is exact, that
/// with the others only has to be right to a few bits, and their sum is rounded once. A unit test
/// looks at every byte. Several times as fast as a division.
#if defined(__x86_64__)
[[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]
#endif
void scale(const uint8_t *pixels, float *out, int64_t count) {
  constexpr float first = 0x1.01p-8f, others = 0x1.010102p-24f;
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(pixels[i]);
    out[i] = value * first + value * others;
  }
}

/// Mean and standard deviation of `normalize`, 0 and 1 where it is missing.
Result<std::pair<float, float>> normalization(const DataSource &source) {
  auto maybeNumbers = source.numbers("normalize", 2);
  if (!maybeNumbers) {
    return maybeNumbers.status();
  }
  std::vector<double> numbers = maybeNumbers.take();
  if (numbers.empty()) {
    return std::pair(0.0f, 1.0f);
  }
  if (!(static_cast<float>(numbers[1]) > 0.0f)) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': option 'normalize' is mean,std; expected a ",
                 "standard deviation above 0, found ", numbers[1]);
  }
  return std::pair(static_cast<float>(numbers[0]), static_cast<float>(numbers[1]));
}

} // namespace

ImageDataset::ImageDataset(ImageArrays arrays, float mean, float deviation)
    : arrays_(std::move(arrays)), fields_{Field{"image", DType::F32, arrays_.shape, false, 0},
                                          Field{"label", DType::I64, {}, true, arrays_.classes}} {
  for (size_t byte = 0; byte < valueOf_.size(); ++byte) {
    valueOf_[byte] = (static_cast<float>(byte) / 255.0f - mean) / deviation;
  }
  isPlain_ = mean == 0.0f && deviation == 1.0f;
}

void ImageDataset::copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                            std::byte *destination) const {
  if (field == 1) {
    for (int64_t row : rows) {
      convertValues(DType::U8, reinterpret_cast<const std::byte *>(&arrays_.labels[row]), dtype,
                    destination, 1);
      destination += sizeOf(dtype);
    }
    return;
  }
  const int64_t count = fields_[0].elements();
  for (int64_t row : rows) {
    const uint8_t *pixels = arrays_.pixels.get() + row * count;
    if (dtype == DType::F64) {
      lookUp(valueOf_, pixels, reinterpret_cast<double *>(destination), count);
    } else if (isPlain_) {
      scale(pixels, reinterpret_cast<float *>(destination), count);
    } else {
      lookUp(valueOf_, pixels, reinterpret_cast<float *>(destination), count);
    }
    destination += static_cast<size_t>(count) * sizeOf(dtype);
  }
}

Status ImageDataset::readPicture(int64_t row, Bytes &picture) const {
  const int64_t count = fields_[0].elements();
  const uint8_t *pixels = arrays_.pixels.get() + row * count;
  picture.channels = arrays_.shape[0];
  picture.size = {arrays_.shape[1], arrays_.shape[2]};
  picture.values.assign(pixels, pixels + count);
  return Status::ok();
}

Result<int64_t> checkLabels(const std::string &path, std::span<const uint8_t> labels,
                            int64_t classes) {
  auto greatest = std::ranges::max_element(labels);
  if (classes > 0 && *greatest >= classes) {
    return error(Code::Corrupt, "'", path, "': expected labels from 0 to ", classes - 1, ", found ",
                 *greatest, " at sample ", greatest - labels.begin());
  }
  return classes > 0 ? classes : int64_t{*greatest} + 1;
}

Result<std::unique_ptr<Dataset>> makeImages(const DataSource &source, ImageArrays arrays) {
  auto maybeMeanAndDeviation = normalization(source);
  if (!maybeMeanAndDeviation) {
    return maybeMeanAndDeviation.status();
  }
  auto meanAndDeviation = maybeMeanAndDeviation.take();
  auto names = classNamesOf(source, arrays.classes, std::move(arrays.classNames));
  if (!names) {
    return names.status();
  }
  arrays.classNames = names.take();
  return std::unique_ptr<Dataset>(std::make_unique<ImageDataset>(
      std::move(arrays), meanAndDeviation.first, meanAndDeviation.second));
}

} // namespace ntc::rt::data
