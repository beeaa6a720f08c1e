// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moving pixels without changing them: crops, borders, flips, and maps of the plane.
#pragma once

#include "runtime/data/image/Resize.h"

#include <array>
#include <optional>

namespace ntc::rt::data {

/// What stands where nothing of a picture is: one value, or one for each channel.
struct Fill {
  std::array<double, 4> values{};
  size_t count = 1;

  double of(int64_t channel) const { return values[count == 1 ? 0 : static_cast<size_t>(channel)]; }
  bool fits(int64_t channels) const {
    return count == 1 || static_cast<int64_t>(count) == channels;
  }
};

/// What is beyond a picture's edge, by torchvision's names of padding modes.
enum class Border : uint8_t {
  Constant,
  Edge,      ///< the edge's pixel again and again
  Reflect,   ///< mirrored at the edge's pixel: cb|abc|ba
  Symmetric, ///< mirrored at the edge: ba|abc|cb
};

struct Padding {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
};

/// The picture with a border. A reflected border needs paddings below the picture's size, a
/// symmetric one not above it; the caller has checked. `fill`, the constant's value, fits.
template <typename T>
Planes<T> pad(const Planes<T> &image, const Padding &padding, Border border, const Fill &fill);

/// The part `box`, which lies within.
template <typename T> Planes<T> crop(const Planes<T> &image, const Box &box);

template <typename T> void flipHorizontally(Planes<T> &image);
template <typename T> void flipVertically(Planes<T> &image);

/// The part of the size `size` about the middle: its top is (height - size.height) / 2 rounded to
/// the nearest whole number, halves to the even one (Python's round), its left likewise. A picture
/// that is too small gets a border of zeros first, the larger part at the right and the bottom.
template <typename T> Planes<T> centerCrop(const Planes<T> &image, Size size);

enum class Interpolation : uint8_t { Nearest, Bilinear };

/// (x, y) of the input for (x, y) of the output: {a, b, c, d, e, f} is (a x + b y + c, d x + e y +
/// f), in pixels whose centres are at halves.
using AffineMap = std::array<double, 6>;

/// Output pixel by pixel, the input's at the mapped centre; `fill` where that is outside. As
/// Pillow's transform: nearest in fixed point of 2^-16, bilinear with the edges repeated.
Bytes mapAffine(const Bytes &image, Size size, const AffineMap &map, Interpolation interpolation,
                const Fill &fill);

/// A place in pixels, from the left and the top.
struct Point {
  double x = 0.0, y = 0.0;
};

/// The picture turned counter-clockwise about `centre`, nothing for its middle, by `degrees`, in
/// its own size. About the middle quarter turns of square pictures and half turns are exact.
Bytes rotate(const Bytes &image, double degrees, Interpolation interpolation, const Fill &fill,
             const std::optional<Point> &centre = std::nullopt);

/// torchvision's affine: turned by `degrees` (clockwise), sheared by x and y degrees and scaled
/// about `centre`, then moved by whole pixels.
struct Affine {
  double degrees = 0.0;
  double moveX = 0.0, moveY = 0.0; ///< pixels
  double scale = 1.0;
  double shearX = 0.0, shearY = 0.0; ///< degrees
};
AffineMap inverseOf(const Affine &affine, Point centre);

} // namespace ntc::rt::data
