// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arguments that several transforms have.
#include "runtime/data/image/ShapeArguments.h"

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
  constexpr std::array<std::string_view, 2> choices = {"nearest", "bilinear"};
  return static_cast<Interpolation>(
      arguments.choice("interpolation", choices, static_cast<size_t>(fallback)));
}

uint8_t fillOf(Arguments &arguments) {
  return static_cast<uint8_t>(arguments.integer("fill", 0, 0, 255));
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
