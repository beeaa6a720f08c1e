// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PNG and JPEG files as pictures of bytes, by libpng and libjpeg-turbo, which judge the content: a
// file's ending is not believed.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/image/Image.h"

#include <span>
#include <string>

namespace ntc::rt::data {

/// Channels that pictures are read as.
enum class PictureMode : uint8_t {
  Rgb,  ///< 3; gray pictures are repeated, transparency is dropped (Pillow's convert("RGB"))
  Gray, ///< 1; colours become luma (convert("L"))
};

/// A file may declare at most this many bytes of content to be read at all.
inline constexpr uint64_t kMostPictureBytes = uint64_t{1} << 30;

/// Decodes a PNG (any colour type and depth; 16 bits are cut to 8) or a JPEG (gray, YCbCr, RGB;
/// libjpeg-turbo's default decoder: slow integer DCT, smooth upsampling). `out`'s memory is reused.
/// Nothing is allocated before a picture's size was found to be at most kMostPixels and to be
/// backed by a file that is not absurdly small for it. Errors: Corrupt for what is damaged,
/// truncated or no picture; Unsupported for CMYK and for too large ones.
Status decodeImage(std::span<const uint8_t> file, PictureMode mode, Bytes &out);

/// The size of a picture from its header. Errors: as decodeImage.
Result<Size> imageSize(std::span<const uint8_t> file);

/// Reads and decodes a file; errors begin with its path. Errors: as openForReading, decodeImage.
Status readImage(const std::string &path, PictureMode mode, Bytes &out);
Result<Size> readImageSize(const std::string &path);

/// Whether the bytes begin as a PNG or a JPEG does.
bool isPng(std::span<const uint8_t> file);
bool isJpeg(std::span<const uint8_t> file);

/// A PNG file of a picture with 1 or 3 channels.
Result<std::vector<uint8_t>> encodePng(const Bytes &image);

} // namespace ntc::rt::data
