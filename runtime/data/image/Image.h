// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pictures in memory: planes of bytes as they are decoded, or of f32 after ToTensor. Channel after
// channel, row after row, without gaps, so that a picture of f32 is a model's (C, H, W) as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace ntc::rt::data {

/// Pixels of a picture's two sides.
struct Size {
  int64_t height = 0;
  int64_t width = 0;
  bool operator==(const Size &) const = default;
};

/// `channels` planes of `height` rows of `width` values.
template <typename T> struct Planes {
  int64_t channels = 0;
  Size size;
  std::vector<T> values;

  Planes() = default;
  Planes(int64_t channels, Size size, T value = T{})
      : channels(channels), size(size),
        values(static_cast<size_t>(channels * size.height * size.width), value) {}

  int64_t pixels() const { return size.height * size.width; }
  T *plane(int64_t channel) { return values.data() + channel * pixels(); }
  const T *plane(int64_t channel) const { return values.data() + channel * pixels(); }
  T *row(int64_t channel, int64_t y) { return plane(channel) + y * size.width; }
  const T *row(int64_t channel, int64_t y) const { return plane(channel) + y * size.width; }
};

using Bytes = Planes<uint8_t>;
using Floats = Planes<float>;

/// Values from 0 to 255, or numbers after ToTensor.
using Image = std::variant<Bytes, Floats>;

inline Size sizeOf(const Image &image) {
  return std::visit([](const auto &planes) { return planes.size; }, image);
}
inline int64_t channelsOf(const Image &image) {
  return std::visit([](const auto &planes) { return planes.channels; }, image);
}

/// The most pixels of a picture that is read or made.
inline constexpr int64_t kMostPixels = int64_t{1} << 28;

} // namespace ntc::rt::data
