// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pixels and chunks.
#include "runtime/report/Png.h"

#include <algorithm>
#include <cmath>
#include <zlib.h>

namespace ntc::rt::report {
namespace {

constexpr int64_t kGreatestSide = 1024;

std::string bigEndian(uint64_t value) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>(value >> shift);
  }
  return out;
}

std::string chunk(std::string_view type, std::string_view data) {
  std::string body(type);
  body += data;
  const auto crc =
      ::crc32(0, reinterpret_cast<const Bytef *>(body.data()), static_cast<uInt>(body.size()));
  return bigEndian(data.size()) + body + bigEndian(crc);
}

} // namespace

bool isPicture(std::span<const int64_t> shape) {
  const size_t rank = shape.size();
  if (rank != 2 && !(rank == 3 && (shape[0] == 1 || shape[0] == 3))) {
    return false;
  }
  auto fits = [](int64_t side) { return side >= 2 && side <= kGreatestSide; };
  return fits(shape[rank - 1]) && fits(shape[rank - 2]);
}

Picture pictureOf(std::span<const double> values, std::span<const int64_t> shape) {
  Picture out;
  const size_t rank = shape.size();
  out.height = shape[rank - 2];
  out.width = shape[rank - 1];
  out.channels = rank == 3 ? shape[0] : 1;
  double least = INFINITY, greatest = -INFINITY;
  for (double value : values) {
    if (std::isfinite(value)) {
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
  }
  const bool isUnit = least >= 0.0 && greatest <= 1.0;
  const bool isBytes = least >= 0.0 && greatest <= 255.0 && greatest > 1.0;
  const double low = isUnit || isBytes ? 0.0 : least;
  const double range = isUnit ? 1.0 : isBytes ? 255.0 : std::max(greatest - least, 1e-30);
  const size_t plane = static_cast<size_t>(out.height * out.width);
  const size_t channels = static_cast<size_t>(out.channels);
  out.pixels.resize(plane * channels);
  for (size_t c = 0; c < channels; ++c) {
    for (size_t i = 0; i < plane; ++i) {
      const double value = (values[c * plane + i] - low) / range * 255.0;
      out.pixels[i * channels + c] =
          std::isfinite(value) ? static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)) : 0;
    }
  }
  return out;
}

Picture grid(std::span<const Picture> pictures, int64_t columns) {
  Picture out;
  if (pictures.empty()) {
    return out;
  }
  const Picture &first = pictures[0];
  const int64_t count = static_cast<int64_t>(pictures.size());
  columns = std::min(columns, count);
  const int64_t rows = (count + columns - 1) / columns;
  out.channels = first.channels;
  out.width = columns * (first.width + 1) - 1;
  out.height = rows * (first.height + 1) - 1;
  out.pixels.assign(static_cast<size_t>(out.width * out.height * out.channels), 128);
  for (int64_t n = 0; n < count; ++n) {
    const int64_t x = n % columns * (first.width + 1), y = n / columns * (first.height + 1);
    const size_t row = static_cast<size_t>(first.width * first.channels);
    for (int64_t i = 0; i < first.height; ++i) {
      std::copy_n(pictures[static_cast<size_t>(n)].pixels.begin() +
                      static_cast<std::ptrdiff_t>(static_cast<size_t>(i) * row),
                  row, out.pixels.begin() + ((y + i) * out.width + x) * out.channels);
    }
  }
  return out;
}

std::string pngBytes(const Picture &picture) {
  const size_t row = static_cast<size_t>(picture.width * picture.channels);
  std::string raw;
  for (int64_t y = 0; y < picture.height; ++y) {
    raw += '\0'; // no filter
    raw.append(reinterpret_cast<const char *>(picture.pixels.data()) + static_cast<size_t>(y) * row,
               row);
  }
  uLongf size = ::compressBound(static_cast<uLong>(raw.size()));
  std::string packed(size, '\0');
  ::compress2(reinterpret_cast<Bytef *>(packed.data()), &size,
              reinterpret_cast<const Bytef *>(raw.data()), static_cast<uLong>(raw.size()), 6);
  packed.resize(size);
  std::string header = bigEndian(static_cast<uint64_t>(picture.width)) +
                       bigEndian(static_cast<uint64_t>(picture.height));
  header += '\x08';                                  // bits
  header += picture.channels == 3 ? '\x02' : '\x00'; // RGB or gray
  header += std::string(3, '\0');                    // deflate, adaptive filters, not interlaced
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", packed) + chunk("IEND", "");
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < left ? static_cast<uint8_t>(bytes[i + k]) : 0U);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= left ? digits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

} // namespace ntc::rt::report
