// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments that several transforms have: sizes, ranges, interpolations, fills.
#pragma once

#include "runtime/data/image/Geometry.h"
#include "runtime/data/image/Transform.h"

namespace ntc::rt::data {

/// The longest side that a transform may make.
inline constexpr int64_t kLongestSide = 16384;

struct Range {
  double low = 0.0, high = 0.0;
};

/// What a size of one number means.
enum class Sides : uint8_t {
  OneIsBoth,
  OneIsTheShorter, ///< the answer's width is 0
};

/// "size": one or two whole numbers, height first.
Size sizeArgument(Arguments &arguments, Sides sides);

/// Two numbers in [least, most], the smaller first.
Range rangeOf(Arguments &arguments, std::string_view name, Range fallback, double least,
              double most);

/// A number d for [-d, d], or two numbers, within [-most, most]; it must be there.
Range symmetricRangeOf(Arguments &arguments, std::string_view name, double most);

/// "interpolation": nearest or bilinear, also by Pillow's numbers 0 and 2.
Interpolation interpolationOf(Arguments &arguments, Interpolation fallback);

/// "fill": a number from 0 to 255, or one for each channel; None is 0.
Fill fillOf(Arguments &arguments);
/// "center": (x, y) in pixels; nothing for None.
std::optional<Point> centerOf(Arguments &arguments);

/// Refuses a fill that has not as many numbers as the picture has channels.
Result<ImageShape> needFill(std::string_view name, const Fill &fill, const Result<ImageShape> &in);

/// Refuses pictures after ToTensor.
Result<ImageShape> needBytes(std::string_view name, const ImageShape &in);
/// Refuses pictures before ToTensor.
Result<ImageShape> needFloats(std::string_view name, const ImageShape &in);

} // namespace ntc::rt::data
