// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two formats behind ReadImage.
#pragma once

#include "runtime/data/image/ByteSums.h"
#include "runtime/data/image/ReadImage.h"

#include <algorithm>

namespace ntc::rt::data {

Status decodePng(std::span<const uint8_t> file, PictureMode mode, Bytes &out);
Result<Size> pngSize(std::span<const uint8_t> file);
Status decodeJpeg(std::span<const uint8_t> file, PictureMode mode, Bytes &out);
Result<Size> jpegSize(std::span<const uint8_t> file);

/// Refuses sizes that are 0, above kMostPixels, or too large for a file of `fileBytes`.
Status checkPictureSize(uint64_t height, uint64_t width, size_t fileBytes);

/// Repeats gray, or takes the luma of colours, where the mode asks for it.
void toMode(Bytes &image, PictureMode mode);

/// One row of interleaved values into the planes' row `y`.
inline void splitRow(const uint8_t *row, Bytes &out, int64_t y) {
  const int64_t width = out.size.width;
  if (out.channels == 1) {
    std::copy_n(row, width, out.row(0, y));
    return;
  }
  splitPixels(row, width, out.row(0, y), out.row(1, y), out.row(2, y));
}

} // namespace ntc::rt::data
