// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two formats behind ReadImage.
#pragma once

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
  uint8_t *r = out.row(0, y), *g = out.row(1, y), *b = out.row(2, y);
  for (int64_t x = 0; x < width; ++x) {
    r[x] = row[3 * x];
    g[x] = row[3 * x + 1];
    b[x] = row[3 * x + 2];
  }
}

} // namespace ntc::rt::data
