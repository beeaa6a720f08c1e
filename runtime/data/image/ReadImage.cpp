// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which reader a file is for.
#include "runtime/data/image/ReadImage.h"

#include "runtime/base/File.h"
#include "runtime/data/image/Codecs.h"
#include "runtime/data/image/Color.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {
namespace {

bool beginsWith(std::span<const uint8_t> file, std::span<const uint8_t> magic) {
  return file.size() >= magic.size() && std::ranges::equal(file.first(magic.size()), magic);
}

Status noPicture(std::span<const uint8_t> file) {
  return file.empty() ? error(Code::Corrupt, "the file is empty: expected a PNG or JPEG picture")
                      : error(Code::Corrupt, "expected a PNG or JPEG picture, found neither");
}

} // namespace

bool isPng(std::span<const uint8_t> file) {
  constexpr std::array<uint8_t, 8> magic = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  return beginsWith(file, magic);
}

bool isJpeg(std::span<const uint8_t> file) {
  constexpr std::array<uint8_t, 3> magic = {0xff, 0xd8, 0xff};
  return beginsWith(file, magic);
}

Status decodeImage(std::span<const uint8_t> file, PictureMode mode, Bytes &out) {
  if (isPng(file)) {
    return decodePng(file, mode, out);
  }
  return isJpeg(file) ? decodeJpeg(file, mode, out) : noPicture(file);
}

Result<Size> imageSize(std::span<const uint8_t> file) {
  if (isPng(file)) {
    return pngSize(file);
  }
  return isJpeg(file) ? jpegSize(file) : Result<Size>(noPicture(file));
}

Status readImage(const std::string &path, PictureMode mode, Bytes &out) {
  Result<std::vector<uint8_t>> file = readFile(path, kMostPictureBytes);
  if (!file) {
    return file.status();
  }
  return withContext(decodeImage(*file, mode, out), "'", path, "'");
}

Result<Size> readImageSize(const std::string &path) {
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  return withContext(imageSize(file->bytes()), "'", path, "'");
}

void toMode(Bytes &image, PictureMode mode) {
  if (mode == PictureMode::Gray && image.channels == 3) {
    image = grayscale(image);
  } else if (mode == PictureMode::Rgb && image.channels == 1) {
    const size_t pixels = image.values.size();
    image.channels = 3;
    image.values.resize(3 * pixels);
    std::copy_n(image.values.begin(), pixels, image.plane(1));
    std::copy_n(image.values.begin(), pixels, image.plane(2));
  }
}

Status checkPictureSize(uint64_t height, uint64_t width, size_t fileBytes) {
  if (height == 0 || width == 0) {
    return error(Code::Corrupt, "the picture has no pixels");
  }
  if (height > static_cast<uint64_t>(kMostPixels) / width) {
    return error(Code::Unsupported, "the picture has ", height, "x", width, " pixels, more than ",
                 kMostPixels);
  }
  // Neither format packs a plain picture by more: deflate reaches 1032 on eight pixels a byte, an
  // empty JPEG block of 64 pixels takes more than a bit.
  constexpr uint64_t kMostPixelsPerByte = 1 << 14;
  if (height * width / kMostPixelsPerByte > fileBytes) {
    return error(Code::Corrupt, "the file has ", fileBytes, " bytes, too few for the ", height, "x",
                 width, " pixels that it declares");
  }
  return Status::ok();
}

} // namespace ntc::rt::data
