// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two passes with tables of weights: along the rows, then along the columns.
#include "runtime/data/image/Resize.h"

#include "runtime/data/image/ByteSums.h"
#include "runtime/data/image/Geometry.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace ntc::rt::data {
namespace {

constexpr int kFixedBits = 22;

/// Which inputs make each output of one axis: outputs[i] is the sum of weights[i * width + j] times
/// input first[i] + j, for j below count[i].
struct Weights {
  int64_t width = 0;
  std::vector<int64_t> first, count;
  std::vector<double> weights;
};

Weights triangleWeights(int64_t inputs, int64_t outputs) {
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  const double filter = std::max(scale, 1.0);
  Weights out;
  out.width = static_cast<int64_t>(std::ceil(filter)) * 2 + 1;
  out.weights.resize(static_cast<size_t>(outputs * out.width));
  for (int64_t x = 0; x < outputs; ++x) {
    const double centre = (static_cast<double>(x) + 0.5) * scale;
    const int64_t first = std::max<int64_t>(0, static_cast<int64_t>(centre - filter + 0.5));
    const int64_t end = std::min(inputs, static_cast<int64_t>(centre + filter + 0.5));
    double *row = out.weights.data() + x * out.width, sum = 0.0;
    for (int64_t k = first; k < end; ++k) {
      double away = std::abs((static_cast<double>(k) - centre + 0.5) * (1.0 / filter));
      row[k - first] = std::max(0.0, 1.0 - away);
      sum += row[k - first];
    }
    for (int64_t k = 0; k < end - first; ++k) {
      row[k] = sum != 0.0 ? row[k] / sum : row[k];
    }
    out.first.push_back(first);
    out.count.push_back(end - first);
  }
  return out;
}

template <typename T> struct Arithmetic;

template <> struct Arithmetic<uint8_t> {
  using Weight = int32_t;
  using Sum = int32_t;
  static constexpr Sum start = 1 << (kFixedBits - 1);
  static Weight weight(double value) {
    return static_cast<Weight>(value * (1 << kFixedBits) + 0.5); // never negative
  }
  static uint8_t finish(Sum sum) {
    return static_cast<uint8_t>(std::clamp(sum >> kFixedBits, 0, 255));
  }
};

template <> struct Arithmetic<float> {
  using Weight = float;
  using Sum = float;
  static constexpr Sum start = 0.0f;
  static Weight weight(double value) { return static_cast<float>(value); }
  static float finish(Sum sum) { return sum; }
};

template <typename T> auto numbersOf(const Weights &weights) {
  std::vector<typename Arithmetic<T>::Weight> out(weights.weights.size());
  std::ranges::transform(weights.weights, out.begin(), Arithmetic<T>::weight);
  return out;
}

template <typename T> Planes<T> combineColumns(const Planes<T> &image, const Weights &weights) {
  using A = Arithmetic<T>;
  const auto numbers = numbersOf<T>(weights);
  const int64_t width = static_cast<int64_t>(weights.first.size()), rows = image.size.height;
  Planes<T> out(image.channels, {rows, width});
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < rows; ++y) {
      const T *from = image.row(channel, y);
      T *to = out.row(channel, y);
      for (int64_t x = 0; x < width; ++x) {
        const T *at = from + weights.first[x];
        const auto *weight = numbers.data() + x * weights.width;
        typename A::Sum sum = A::start;
        for (int64_t k = 0; k < weights.count[x]; ++k) {
          sum += static_cast<typename A::Sum>(at[k]) * weight[k];
        }
        to[x] = A::finish(sum);
      }
    }
  }
  return out;
}

template <typename T> Planes<T> combineRows(const Planes<T> &image, const Weights &weights) {
  using A = Arithmetic<T>;
  const auto numbers = numbersOf<T>(weights);
  const int64_t height = static_cast<int64_t>(weights.first.size()), width = image.size.width;
  Planes<T> out(image.channels, {height, width});
  std::vector<typename A::Sum> sums(static_cast<size_t>(width));
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < height; ++y) {
      std::ranges::fill(sums, A::start);
      for (int64_t k = 0; k < weights.count[y]; ++k) {
        const T *from = image.row(channel, weights.first[y] + k);
        const auto weight = numbers[static_cast<size_t>(y * weights.width + k)];
        for (int64_t x = 0; x < width; ++x) {
          sums[x] += static_cast<typename A::Sum>(from[x]) * weight;
        }
      }
      T *to = out.row(channel, y);
      for (int64_t x = 0; x < width; ++x) {
        to[x] = A::finish(sums[x]);
      }
    }
  }
  return out;
}

/// The same for bytes, in vectors. Inputs fewer than a vector's go the plain way.
Bytes combineColumns(const Bytes &image, const Weights &weights) {
  const FixedWeights fixed =
      FixedWeights::of(weights.weights, weights.first, weights.count, image.size.width);
  if (fixed.width == 0) {
    return combineColumns<uint8_t>(image, weights);
  }
  Bytes out(image.channels, {image.size.height, static_cast<int64_t>(weights.first.size())});
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < image.size.height; ++y) {
      sumAlong(image.row(channel, y), fixed, out.row(channel, y));
    }
  }
  return out;
}

Bytes combineRows(const Bytes &image, const Weights &weights) {
  const int64_t height = static_cast<int64_t>(weights.first.size());
  const FixedWeights fixed =
      FixedWeights::of(weights.weights, weights.first, weights.count, INT64_MAX);
  Bytes out(image.channels, {height, image.size.width});
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < height; ++y) {
      const auto at = static_cast<size_t>(y * fixed.width);
      const auto count = static_cast<size_t>(weights.count[static_cast<size_t>(y)]);
      sumAcross(image.row(channel, weights.first[static_cast<size_t>(y)]), image.size.width,
                std::span(fixed.high).subspan(at, count), std::span(fixed.low).subspan(at, count),
                image.size.width, out.row(channel, y));
    }
  }
  return out;
}

template <typename T> Planes<T> resizeTriangle(const Planes<T> &whole, const Box &box, Size size) {
  // Pillow's Resize of a cropped picture sees nothing beyond the crop.
  const bool isPart = box.size != whole.size;
  const Planes<T> part = isPart ? crop(whole, box) : Planes<T>();
  const Planes<T> &image = isPart ? part : whole;
  const bool wide = size.width != image.size.width, high = size.height != image.size.height;
  if (!wide && !high) {
    return image;
  }
  if (!wide) {
    return combineRows(image, triangleWeights(image.size.height, size.height));
  }
  Planes<T> out = combineColumns(image, triangleWeights(image.size.width, size.width));
  return high ? combineRows(out, triangleWeights(image.size.height, size.height)) : out;
}

/// Which inputs the outputs of one axis take. Centres that fall between two inputs make every
/// rounding count: Pillow adds up the scale in f64, PyTorch multiplies in f32.
template <typename T> std::vector<int64_t> chosen(int64_t outputs, int64_t begin, int64_t inputs) {
  std::vector<int64_t> out;
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  const float narrow = static_cast<float>(inputs) / static_cast<float>(outputs);
  double at = 0.5 * scale;
  for (int64_t i = 0; i < outputs; ++i, at += scale) {
    const auto index = static_cast<int64_t>(
        std::is_same_v<T, uint8_t> ? at : std::floor(static_cast<float>(i) * narrow));
    out.push_back(begin + std::min(index, inputs - 1));
  }
  return out;
}

template <typename T> Planes<T> pick(const Planes<T> &image, const Box &box, Size size) {
  const auto rows = chosen<T>(size.height, box.top, box.size.height);
  const auto columns = chosen<T>(size.width, box.left, box.size.width);
  Planes<T> out(image.channels, size);
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < size.height; ++y) {
      const T *from = image.row(channel, rows[static_cast<size_t>(y)]);
      T *to = out.row(channel, y);
      for (int64_t x = 0; x < size.width; ++x) {
        to[x] = from[columns[static_cast<size_t>(x)]];
      }
    }
  }
  return out;
}

} // namespace

Bytes resizeBilinear(const Bytes &image, const Box &box, Size size) {
  return resizeTriangle(image, box, size);
}

Floats resizeBilinear(const Floats &image, const Box &box, Size size) {
  return resizeTriangle(image, box, size);
}

Bytes resizeNearest(const Bytes &image, const Box &box, Size size) {
  return pick(image, box, size);
}

Floats resizeNearest(const Floats &image, const Box &box, Size size) {
  return pick(image, box, size);
}

} // namespace ntc::rt::data
