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

/// "interpolation": nearest or bilinear.
Interpolation interpolationOf(Arguments &arguments, Interpolation fallback);

/// "fill": a byte.
uint8_t fillOf(Arguments &arguments);

/// Refuses pictures after ToTensor.
Result<ImageShape> needBytes(std::string_view name, const ImageShape &in);
/// Refuses pictures before ToTensor.
Result<ImageShape> needFloats(std::string_view name, const ImageShape &in);

} // namespace ntc::rt::data
