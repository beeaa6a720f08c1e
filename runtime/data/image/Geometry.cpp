// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies of rows, and the two samplers of mapped pictures.
#include "runtime/data/image/Geometry.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ntc::rt::data {
namespace {

constexpr double kRadians = std::numbers::pi / 180.0;

template <typename T> Planes<T> blank(int64_t channels, Size size, const Fill &fill) {
  Planes<T> out(channels, size, static_cast<T>(fill.of(0)));
  for (int64_t channel = 1; channel < channels && fill.count > 1; ++channel) {
    std::fill_n(out.plane(channel), out.pixels(), static_cast<T>(fill.of(channel)));
  }
  return out;
}

/// The input's position for position `at` of a padded axis, -1 for the constant.
int64_t source(int64_t at, int64_t extent, Border border) {
  if (at >= 0 && at < extent) {
    return at;
  }
  switch (border) {
  case Border::Constant:
    return -1;
  case Border::Edge:
    return std::clamp<int64_t>(at, 0, extent - 1);
  case Border::Reflect:
    return at < 0 ? -at : 2 * (extent - 1) - at;
  case Border::Symmetric:
    return at < 0 ? -at - 1 : 2 * extent - 1 - at;
  }
  return -1;
}

int64_t fixed(double value) { return static_cast<int64_t>(std::floor(value * 65536.0 + 0.5)); }

Bytes mapNearest(const Bytes &image, Size size, const AffineMap &map, const Fill &fill) {
  const int64_t a = fixed(map[0]), b = fixed(map[1]), d = fixed(map[3]), e = fixed(map[4]);
  int64_t startX = fixed(map[2] + map[0] * 0.5 + map[1] * 0.5);
  int64_t startY = fixed(map[5] + map[3] * 0.5 + map[4] * 0.5);
  Bytes out = blank<uint8_t>(image.channels, size, fill);
  for (int64_t y = 0; y < size.height; ++y, startX += b, startY += e) {
    for (int64_t x = 0, atX = startX, atY = startY; x < size.width; ++x, atX += a, atY += d) {
      const int64_t fromX = atX >> 16, fromY = atY >> 16;
      if (fromX < 0 || fromX >= image.size.width || fromY < 0 || fromY >= image.size.height) {
        continue;
      }
      for (int64_t channel = 0; channel < image.channels; ++channel) {
        out.row(channel, y)[x] = image.row(channel, fromY)[fromX];
      }
    }
  }
  return out;
}

/// Without turn or shear, columns and rows are chosen once, in f64.
Bytes scaleNearest(const Bytes &image, Size size, const AffineMap &map, const Fill &fill) {
  auto choose = [](int64_t outputs, double start, double step, int64_t inputs) {
    std::vector<int64_t> out(static_cast<size_t>(outputs));
    double at = start + step * 0.5;
    for (int64_t &index : out) {
      index = at < 0.0 || at >= static_cast<double>(inputs) ? -1 : static_cast<int64_t>(at);
      at += step;
    }
    return out;
  };
  const auto columns = choose(size.width, map[2], map[0], image.size.width);
  const auto rows = choose(size.height, map[5], map[4], image.size.height);
  Bytes out = blank<uint8_t>(image.channels, size, fill);
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < size.height; ++y) {
      for (int64_t x = 0; x < size.width; ++x) {
        const int64_t fromX = columns[static_cast<size_t>(x)], fromY = rows[static_cast<size_t>(y)];
        if (fromX >= 0 && fromY >= 0) {
          out.row(channel, y)[x] = image.row(channel, fromY)[fromX];
        }
      }
    }
  }
  return out;
}

double mix(double first, double second, double weight) { return first + (second - first) * weight; }

Bytes mapBilinear(const Bytes &image, Size size, const AffineMap &map, const Fill &fill) {
  const double width = static_cast<double>(image.size.width);
  const double height = static_cast<double>(image.size.height);
  auto column = [&](int64_t x) { return std::clamp<int64_t>(x, 0, image.size.width - 1); };
  auto line = [&](int64_t y) { return std::clamp<int64_t>(y, 0, image.size.height - 1); };
  Bytes out = blank<uint8_t>(image.channels, size, fill);
  for (int64_t y = 0; y < size.height; ++y) {
    for (int64_t x = 0; x < size.width; ++x) {
      const double centreX = static_cast<double>(x) + 0.5, centreY = static_cast<double>(y) + 0.5;
      double atX = map[0] * centreX + map[1] * centreY + map[2];
      double atY = map[3] * centreX + map[4] * centreY + map[5];
      if (!(atX >= 0.0 && atX < width && atY >= 0.0 && atY < height)) {
        continue;
      }
      atX -= 0.5;
      atY -= 0.5;
      const double floorX = std::floor(atX), floorY = std::floor(atY);
      const int64_t left = static_cast<int64_t>(floorX), top = static_cast<int64_t>(floorY);
      for (int64_t channel = 0; channel < image.channels; ++channel) {
        auto along = [&](int64_t row) {
          const uint8_t *from = image.row(channel, line(row));
          return mix(from[column(left)], from[column(left + 1)], atX - floorX);
        };
        out.row(channel, y)[x] =
            static_cast<uint8_t>(mix(along(top), along(top + 1), atY - floorY));
      }
    }
  }
  return out;
}

/// Pillow rounds the sines of a rotation to 15 decimal places, so that right angles are exact.
double rounded(double value) { return std::nearbyint(value * 1e15) / 1e15; }

Bytes turnQuarter(const Bytes &image) {
  const int64_t side = image.size.width;
  Bytes out(image.channels, image.size);
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < side; ++y) {
      for (int64_t x = 0; x < side; ++x) {
        out.row(channel, side - 1 - x)[y] = image.row(channel, y)[x];
      }
    }
  }
  return out;
}

} // namespace

template <typename T>
Planes<T> pad(const Planes<T> &image, const Padding &padding, Border border, const Fill &fill) {
  const Size size{image.size.height + padding.top + padding.bottom,
                  image.size.width + padding.left + padding.right};
  Planes<T> out = blank<T>(image.channels, size, fill);
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < size.height; ++y) {
      const int64_t fromY = source(y - padding.top, image.size.height, border);
      if (fromY < 0) {
        continue;
      }
      const T *from = image.row(channel, fromY);
      T *to = out.row(channel, y);
      std::copy_n(from, image.size.width, to + padding.left);
      if (border == Border::Constant) {
        continue;
      }
      for (int64_t x = 0; x < padding.left; ++x) {
        to[x] = from[source(x - padding.left, image.size.width, border)];
      }
      for (int64_t x = padding.left + image.size.width; x < size.width; ++x) {
        to[x] = from[source(x - padding.left, image.size.width, border)];
      }
    }
  }
  return out;
}

template <typename T> Planes<T> crop(const Planes<T> &image, const Box &box) {
  Planes<T> out(image.channels, box.size);
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < box.size.height; ++y) {
      std::copy_n(image.row(channel, box.top + y) + box.left, box.size.width, out.row(channel, y));
    }
  }
  return out;
}

template <typename T> void flipHorizontally(Planes<T> &image) {
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < image.size.height; ++y) {
      T *row = image.row(channel, y);
      std::reverse(row, row + image.size.width);
    }
  }
}

template <typename T> void flipVertically(Planes<T> &image) {
  for (int64_t channel = 0; channel < image.channels; ++channel) {
    for (int64_t y = 0; y < image.size.height / 2; ++y) {
      T *row = image.row(channel, y);
      std::swap_ranges(row, row + image.size.width, image.row(channel, image.size.height - 1 - y));
    }
  }
}

template <typename T> Planes<T> centerCrop(const Planes<T> &image, Size size) {
  const int64_t missingX = std::max<int64_t>(0, size.width - image.size.width);
  const int64_t missingY = std::max<int64_t>(0, size.height - image.size.height);
  if (missingX > 0 || missingY > 0) {
    const Padding border{missingX / 2, missingY / 2, (missingX + 1) / 2, (missingY + 1) / 2};
    return centerCrop(pad(image, border, Border::Constant, {}), size);
  }
  auto middle = [](int64_t whole, int64_t part) {
    return static_cast<int64_t>(std::nearbyint(static_cast<double>(whole - part) / 2.0));
  };
  return crop(image,
              {middle(image.size.height, size.height), middle(image.size.width, size.width), size});
}

template Bytes pad(const Bytes &, const Padding &, Border, const Fill &);
template Floats pad(const Floats &, const Padding &, Border, const Fill &);
template Bytes crop(const Bytes &, const Box &);
template Floats crop(const Floats &, const Box &);
template void flipHorizontally(Bytes &);
template void flipHorizontally(Floats &);
template void flipVertically(Bytes &);
template void flipVertically(Floats &);
template Bytes centerCrop(const Bytes &, Size);
template Floats centerCrop(const Floats &, Size);

Bytes mapAffine(const Bytes &image, Size size, const AffineMap &map, Interpolation interpolation,
                const Fill &fill) {
  if (interpolation == Interpolation::Bilinear) {
    return mapBilinear(image, size, map, fill);
  }
  return map[1] == 0.0 && map[3] == 0.0 ? scaleNearest(image, size, map, fill)
                                        : mapNearest(image, size, map, fill);
}

Bytes rotate(const Bytes &image, double degrees, Interpolation interpolation, const Fill &fill,
             const std::optional<Point> &centre) {
  double angle = std::fmod(degrees, 360.0);
  angle += angle < 0.0 ? 360.0 : 0.0;
  const bool isSquare = image.size.height == image.size.width;
  if (angle == 0.0) {
    return image;
  }
  if (!centre && (angle == 180.0 || (isSquare && angle == 270.0))) {
    Bytes out = image;
    flipHorizontally(out);
    flipVertically(out);
    return angle == 180.0 ? out : turnQuarter(out);
  }
  if (!centre && isSquare && angle == 90.0) {
    return turnQuarter(image);
  }
  const double turn = -angle * kRadians;
  const double cosine = rounded(std::cos(turn)), sine = rounded(std::sin(turn));
  const Point middle{static_cast<double>(image.size.width) / 2.0,
                     static_cast<double>(image.size.height) / 2.0};
  const auto [x, y] = centre.value_or(middle);
  const AffineMap map = {cosine, sine,   -cosine * x - sine * y + x,
                         -sine,  cosine, sine * x - cosine * y + y};
  return mapAffine(image, image.size, map, interpolation, fill);
}

AffineMap inverseOf(const Affine &affine, Point centre) {
  const double turn = affine.degrees * kRadians;
  const double shearX = affine.shearX * kRadians, shearY = affine.shearY * kRadians;
  // The forward map is turn * shear * scale about the centre; its inverse in closed form.
  const double a = std::cos(turn - shearY) / std::cos(shearY);
  const double b = -std::cos(turn - shearY) * std::tan(shearX) / std::cos(shearY) - std::sin(turn);
  const double c = std::sin(turn - shearY) / std::cos(shearY);
  const double d = -std::sin(turn - shearY) * std::tan(shearX) / std::cos(shearY) + std::cos(turn);
  AffineMap out = {d / affine.scale,  -b / affine.scale, 0.0,
                   -c / affine.scale, a / affine.scale,  0.0};
  const double x = -centre.x - affine.moveX, y = -centre.y - affine.moveY;
  out[2] = out[0] * x + out[1] * y + centre.x;
  out[5] = out[3] * x + out[4] * y + centre.y;
  return out;
}

} // namespace ntc::rt::data
