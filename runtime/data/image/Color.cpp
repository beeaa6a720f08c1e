// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of 256 values where one byte decides, loops over pixels elsewhere.
#include "runtime/data/image/Color.h"

#include "runtime/data/image/Geometry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace ntc::rt::data {
namespace {

using Table = std::array<uint8_t, 256>;

void apply(const Table &table, uint8_t *values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    values[i] = table[values[i]];
  }
}

void apply(const Table &table, Bytes &image) {
  apply(table, image.values.data(), static_cast<int64_t>(image.values.size()));
}

/// plain + factor (value - plain), in f32, towards zero, within [0, 255].
uint8_t blend(uint8_t plain, uint8_t value, float factor) {
  float mixed = static_cast<float>(plain) +
                factor * static_cast<float>(static_cast<int>(value) - static_cast<int>(plain));
  return static_cast<uint8_t>(std::clamp(mixed, 0.0f, 255.0f));
}

/// Blends with one plain value.
void blendAll(Bytes &image, uint8_t plain, double factor) {
  Table table;
  for (size_t i = 0; i < table.size(); ++i) {
    table[i] = blend(plain, static_cast<uint8_t>(i), static_cast<float>(factor));
  }
  apply(table, image);
}

struct Rgb {
  uint8_t r, g, b;
};
struct Hsv {
  uint8_t h, s, v;
};

uint8_t cut(float value) { return static_cast<uint8_t>(std::clamp(value, 0.0f, 255.0f)); }

/// The hexcone model (Smith, "Color gamut transform pairs", SIGGRAPH 1978), each part times 255 and
/// cut to a byte.
Hsv toHsv(Rgb p) {
  const uint8_t greatest = std::max({p.r, p.g, p.b}), least = std::min({p.r, p.g, p.b});
  if (greatest == least) {
    return {0, 0, greatest};
  }
  const float range = static_cast<float>(greatest - least);
  const float r = static_cast<float>(greatest - p.r) / range;
  const float g = static_cast<float>(greatest - p.g) / range;
  const float b = static_cast<float>(greatest - p.b) / range;
  float hue = p.r == greatest ? b - g : p.g == greatest ? 2.0f + r - b : 4.0f + g - r;
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  return {cut(static_cast<float>(hue * 255.0)),
          cut(static_cast<float>(range / static_cast<float>(greatest) * 255.0)), greatest};
}

Rgb toRgb(Hsv p) {
  if (p.s == 0) {
    return {p.v, p.v, p.v};
  }
  const float at = static_cast<float>(p.h * 6.0 / 255.0), sector = std::floor(at);
  const float part = at - sector, saturation = static_cast<float>(p.s / 255.0);
  const double value = p.v;
  auto rounded = [](double number) {
    return static_cast<uint8_t>(std::clamp(std::round(number), 0.0, 255.0));
  };
  const uint8_t low = rounded(value * (1.0 - saturation));
  const uint8_t falling = rounded(value * (1.0 - saturation * part));
  const uint8_t rising = rounded(value * (1.0 - saturation * (1.0 - part)));
  switch (static_cast<int>(sector) % 6) {
  case 0:
    return {p.v, rising, low};
  case 1:
    return {falling, p.v, low};
  case 2:
    return {low, p.v, rising};
  case 3:
    return {low, falling, p.v};
  case 4:
    return {rising, low, p.v};
  default:
    return {p.v, low, falling};
  }
}

std::array<int64_t, 256> histogram(const uint8_t *values, int64_t count) {
  std::array<int64_t, 256> out{};
  for (int64_t i = 0; i < count; ++i) {
    ++out[values[i]];
  }
  return out;
}

/// The picture with every inner pixel replaced by the mean of its neighbourhood, itself counted
/// five times; edges stay.
Bytes smoothed(const Bytes &image) {
  Bytes out = image;
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 1; y + 1 < image.size.height; ++y) {
      const uint8_t *above = image.row(channel, y - 1), *here = image.row(channel, y);
      const uint8_t *below = image.row(channel, y + 1);
      uint8_t *to = out.row(channel, y);
      for (int64_t x = 1; x + 1 < image.size.width; ++x) {
        int sum = 4 * here[x];
        for (int64_t k = x - 1; k <= x + 1; ++k) {
          sum += above[k] + here[k] + below[k];
        }
        to[x] = cut(static_cast<float>(sum) / 13.0f + 0.5f);
      }
    }
  }
  return out;
}

std::vector<float> normalKernel(int64_t size, double sigma) {
  std::vector<float> out(static_cast<size_t>(size));
  for (int64_t i = 0; i < size; ++i) {
    const double x = (static_cast<double>(i) - static_cast<double>(size - 1) * 0.5) / sigma;
    out[static_cast<size_t>(i)] = static_cast<float>(std::exp(-0.5 * x * x));
  }
  const float sum = std::accumulate(out.begin(), out.end(), 0.0f);
  for (float &weight : out) {
    weight /= sum;
  }
  return out;
}

} // namespace

Bytes grayscale(const Bytes &image) {
  if (image.channels != 3) {
    return image;
  }
  Bytes out(1, image.size);
  const uint8_t *r = image.plane(0), *g = image.plane(1), *b = image.plane(2);
  for (int64_t i = 0; i < image.pixels(); ++i) {
    out.values[static_cast<size_t>(i)] =
        static_cast<uint8_t>((19595u * r[i] + 38470u * g[i] + 7471u * b[i] + 32768u) >> 16);
  }
  return out;
}

void adjustBrightness(Bytes &image, double factor) { blendAll(image, 0, factor); }

void adjustContrast(Bytes &image, double factor) {
  const Bytes gray = grayscale(image);
  int64_t sum = 0;
  for (uint8_t value : gray.values) {
    sum += value;
  }
  const double mean = static_cast<double>(sum) / static_cast<double>(gray.values.size());
  blendAll(image, static_cast<uint8_t>(mean + 0.5), factor);
}

void adjustSaturation(Bytes &image, double factor) {
  if (image.channels != 3) {
    return;
  }
  const Bytes gray = grayscale(image);
  for (int64_t channel = 0; channel < 3; ++channel) {
    uint8_t *values = image.plane(channel);
    for (int64_t i = 0; i < image.pixels(); ++i) {
      values[i] = blend(gray.values[static_cast<size_t>(i)], values[i], static_cast<float>(factor));
    }
  }
}

void adjustSharpness(Bytes &image, double factor) {
  const Bytes plain = smoothed(image);
  for (size_t i = 0; i < image.values.size(); ++i) {
    image.values[i] = blend(plain.values[i], image.values[i], static_cast<float>(factor));
  }
}

void adjustHue(Bytes &image, double turns) {
  if (image.channels != 3) {
    return;
  }
  const auto shift = static_cast<uint8_t>(static_cast<int>(turns * 255.0));
  uint8_t *r = image.plane(0), *g = image.plane(1), *b = image.plane(2);
  for (int64_t i = 0; i < image.pixels(); ++i) {
    Hsv hsv = toHsv({r[i], g[i], b[i]});
    hsv.h = static_cast<uint8_t>(hsv.h + shift);
    Rgb rgb = toRgb(hsv);
    r[i] = rgb.r;
    g[i] = rgb.g;
    b[i] = rgb.b;
  }
}

void posterize(Bytes &image, int bits) {
  const auto mask = static_cast<uint8_t>(0xff << (8 - bits));
  for (uint8_t &value : image.values) {
    value &= mask;
  }
}

void solarize(Bytes &image, double threshold) {
  for (uint8_t &value : image.values) {
    value = value < threshold ? value : static_cast<uint8_t>(255 - value);
  }
}

void autoContrast(Bytes &image) {
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    uint8_t *values = image.plane(channel);
    auto [least, greatest] = std::minmax_element(values, values + image.pixels());
    const double low = *least, high = *greatest;
    if (high <= low) {
      continue;
    }
    const double scale = 255.0 / (high - low), offset = -low * scale;
    Table table;
    for (size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<uint8_t>(
          std::clamp(static_cast<int>(static_cast<double>(i) * scale + offset), 0, 255));
    }
    apply(table, values, image.pixels());
  }
}

void equalize(Bytes &image) {
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    uint8_t *values = image.plane(channel);
    const auto counts = histogram(values, image.pixels());
    auto last = std::find_if(counts.rbegin(), counts.rend(), [](int64_t n) { return n != 0; });
    const int64_t step = (image.pixels() - *last) / 255;
    if (step == 0) {
      continue;
    }
    Table table;
    int64_t sum = step / 2;
    for (size_t i = 0; i < table.size(); ++i) {
      table[i] = static_cast<uint8_t>(std::min<int64_t>(sum / step, 255));
      sum += counts[i];
    }
    apply(table, values, image.pixels());
  }
}

void gaussianBlur(Bytes &image, int64_t kernelX, int64_t kernelY, double sigmaX, double sigmaY) {
  const auto across = normalKernel(kernelX, sigmaX), down = normalKernel(kernelY, sigmaY);
  const Bytes wide =
      pad(image, {kernelX / 2, kernelY / 2, kernelX / 2, kernelY / 2}, Border::Reflect, {});
  std::vector<float> lines(static_cast<size_t>(wide.size.height * image.size.width));
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < wide.size.height; ++y) {
      const uint8_t *from = wide.row(channel, y);
      float *to = lines.data() + y * image.size.width;
      for (int64_t x = 0; x < image.size.width; ++x) {
        to[x] = 0.0f;
        for (int64_t k = 0; k < kernelX; ++k) {
          to[x] += across[static_cast<size_t>(k)] * static_cast<float>(from[x + k]);
        }
      }
    }
    for (int64_t y = 0; y < image.size.height; ++y) {
      for (int64_t x = 0; x < image.size.width; ++x) {
        float sum = 0.0f;
        for (int64_t k = 0; k < kernelY; ++k) {
          sum += down[static_cast<size_t>(k)] *
                 lines[static_cast<size_t>((y + k) * image.size.width + x)];
        }
        image.row(channel, y)[x] = cut(std::nearbyint(sum));
      }
    }
  }
}

} // namespace ntc::rt::data
