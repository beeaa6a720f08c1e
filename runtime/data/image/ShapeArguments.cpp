// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments that several transforms have.
#include "runtime/data/image/ShapeArguments.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {

Size sizeArgument(Arguments &arguments, Sides sides) {
  const std::vector<double> numbers = arguments.numbers("size", false, 1, 2);
  for (double number : numbers) {
    if (number < 1 || number > kLongestSide || number != std::floor(number)) {
      arguments.refuse(
          "size", concat("should be whole numbers from 1 to ", kLongestSide, ", found ", number));
      return {1, 1};
    }
  }
  if (numbers.empty()) {
    return {1, 1};
  }
  const auto first = static_cast<int64_t>(numbers[0]);
  if (numbers.size() == 2) {
    return {first, static_cast<int64_t>(numbers[1])};
  }
  return {first, sides == Sides::OneIsBoth ? first : 0};
}

Range rangeOf(Arguments &arguments, std::string_view name, Range fallback, double least,
              double most) {
  const std::vector<double> numbers = arguments.numbers(name, true, 2, 2);
  if (numbers.empty()) {
    return fallback;
  }
  if (!(least <= numbers[0] && numbers[0] <= numbers[1] && numbers[1] <= most)) {
    arguments.refuse(name, concat("should be two numbers from ", least, " to ", most,
                                  ", the smaller first, found ", numbers[0], " and ", numbers[1]));
    return fallback;
  }
  return {numbers[0], numbers[1]};
}

Range symmetricRangeOf(Arguments &arguments, std::string_view name, double most) {
  const std::vector<double> numbers = arguments.numbers(name, false, 1, 2);
  if (numbers.empty()) {
    return {};
  }
  const Range range =
      numbers.size() == 1 ? Range{-numbers[0], numbers[0]} : Range{numbers[0], numbers[1]};
  if (!(-most <= range.low && range.low <= range.high && range.high <= most)) {
    arguments.refuse(name, concat("should be a number from 0 to ", most,
                                  " or two, the smaller first, found ", numbers[0],
                                  numbers.size() == 2 ? concat(" and ", numbers[1]) : ""));
    return {};
  }
  return range;
}

Interpolation interpolationOf(Arguments &arguments, Interpolation fallback) {
  // To Pillow's pictures both kinds of nearest are one.
  constexpr std::array<std::string_view, 3> choices = {"nearest", "bilinear", "nearest_exact"};
  constexpr std::array<double, 3> codes = {0.0, 2.0, 0.0};
  const size_t chosen =
      arguments.choice("interpolation", choices, static_cast<size_t>(fallback), codes);
  return chosen == 1 ? Interpolation::Bilinear : Interpolation::Nearest;
}

Fill fillOf(Arguments &arguments) {
  Fill fill;
  const std::vector<double> numbers = arguments.numbers("fill", true, 1, fill.values.size());
  for (double number : numbers) {
    if (!(number >= 0.0 && number <= 255.0)) {
      arguments.refuse("fill", concat("should be numbers from 0 to 255, found ", number));
      return fill;
    }
  }
  std::ranges::copy(numbers, fill.values.begin());
  fill.count = std::max<size_t>(1, numbers.size());
  return fill;
}

std::optional<Point> centerOf(Arguments &arguments) {
  const std::vector<double> numbers = arguments.numbers("center", true, 2, 2);
  return numbers.empty() ? std::nullopt : std::optional(Point{numbers[0], numbers[1]});
}

Result<ImageShape> needFill(std::string_view name, const Fill &fill, const Result<ImageShape> &in) {
  if (in && !fill.fits(in->channels)) {
    return error(Code::InvalidArgument, name, ": fill has ", fill.count,
                 " numbers, the picture has ", in->channels, " channels");
  }
  return in;
}

Result<ImageShape> needBytes(std::string_view name, const ImageShape &in) {
  if (in.isFloat) {
    return error(Code::InvalidArgument, name, " must come before ToTensor");
  }
  return in;
}

Result<ImageShape> needFloats(std::string_view name, const ImageShape &in) {
  if (!in.isFloat) {
    return error(Code::InvalidArgument, name, " must come after ToTensor");
  }
  return in;
}

} // namespace ntc::rt::data
