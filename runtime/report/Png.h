// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pictures of samples: planes of numbers to 8-bit pixels, several pictures to one grid, pixels to a
// PNG file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace ntc::rt::report {

/// 8-bit pixels, row by row, channels interleaved.
struct Picture {
  int64_t width = 0;
  int64_t height = 0;
  int64_t channels = 1; ///< 1 gray, 3 RGB
  std::vector<uint8_t> pixels;
};

/// Whether a sample of this shape is shown as a picture: (H, W), (1, H, W) or (3, H, W) with sides
/// from 2 to 1024.
bool isPicture(std::span<const int64_t> shape);

/// The picture of a sample in that shape. Values in [0, 1] or [0, 255] are taken as they are;
/// others (normalized data) are stretched from least to greatest.
Picture pictureOf(std::span<const double> values, std::span<const int64_t> shape);

/// Pictures of one size side by side, `columns` in a row, a pixel apart.
Picture grid(std::span<const Picture> pictures, int64_t columns);

/// A whole PNG file (RFC 2083, deflated).
std::string pngBytes(const Picture &picture);

/// Base64 (RFC 4648), for data URLs.
std::string base64(std::string_view bytes);

} // namespace ntc::rt::report
