// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes → numbers table of image data sets.
#include "runtime/data/ImageDataset.h"

namespace ntc::rt::data {
namespace {

template <typename T>
void lookUp(const std::array<float, 256> &valueOf, const uint8_t *pixels, T *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<T>(valueOf[pixels[i]]);
  }
}

/// The plain scaling in arithmetic that vectorizes; equal to the table's values bit for bit.
void scale(const uint8_t *pixels, float *out, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(pixels[i]) / 255.0f;
  }
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

} // namespace ntc::rt::data
