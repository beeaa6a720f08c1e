// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transforms that change values, all before ToTensor. Their arguments and draws are torchvision's.
#include "runtime/data/image/Color.h"
#include "runtime/data/image/RandAugment.h"
#include "runtime/data/image/ShapeArguments.h"
#include "runtime/data/image/Transform.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {
namespace {

/// One channel of luma becomes as many as asked for, all alike.
Bytes repeated(const Bytes &gray, int64_t channels) {
  Bytes out(channels, gray.size);
  for (int64_t channel = 0; channel < channels; ++channel) {
    std::ranges::copy(gray.values, out.plane(channel));
  }
  return out;
}

class GrayscaleTransform : public Transform {
public:
  /// 0 channels: as many as before.
  GrayscaleTransform(int64_t channels, double probability)
      : channels_(channels), probability_(probability) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    in.channels = channels_ > 0 ? channels_ : in.channels;
    return needBytes(channels_ > 0 ? "Grayscale" : "RandomGrayscale", in);
  }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    if (draws.chance(probability_)) {
      bytes = repeated(grayscale(bytes), channels_ > 0 ? channels_ : bytes.channels);
    }
    return Status::ok();
  }

private:
  int64_t channels_;
  double probability_;
};

/// A factor's range; none where the step is left out.
using MaybeRange = std::optional<Range>;

class ColorJitterTransform : public Transform {
public:
  explicit ColorJitterTransform(std::array<MaybeRange, 4> ranges) : ranges_(ranges) {}

  Result<ImageShape> shapeOf(ImageShape in) const override { return needBytes("ColorJitter", in); }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    std::array<size_t, 4> order = {0, 1, 2, 3};
    for (size_t i = order.size() - 1; i > 0; --i) {
      std::swap(order[i], order[static_cast<size_t>(draws.below(static_cast<int64_t>(i) + 1))]);
    }
    constexpr std::array<void (*)(Bytes &, double), 4> steps = {adjustBrightness, adjustContrast,
                                                                adjustSaturation, adjustHue};
    for (size_t step : order) {
      if (ranges_[step]) {
        steps[step](bytes, draws.uniform(ranges_[step]->low, ranges_[step]->high));
      }
    }
    return Status::ok();
  }

private:
  std::array<MaybeRange, 4> ranges_;
};

class GaussianBlurTransform : public Transform {
public:
  GaussianBlurTransform(int64_t kernelX, int64_t kernelY, Range sigma)
      : kernelX_(kernelX), kernelY_(kernelY), sigma_(sigma) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    Status status = check(in.size);
    return status ? needBytes("GaussianBlur", in) : status;
  }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    const double sigma = draws.uniform(sigma_.low, sigma_.high);
    if (Status status = check(bytes.size); !status) {
      return status;
    }
    gaussianBlur(bytes, kernelX_, kernelY_, sigma, sigma);
    return Status::ok();
  }

private:
  Status check(Size size) const {
    if ((size.width > 0 && kernelX_ / 2 >= size.width) ||
        (size.height > 0 && kernelY_ / 2 >= size.height)) {
      return error(Code::InvalidArgument, "GaussianBlur: a picture of ", size.height, "x",
                   size.width, " is too small for a kernel of ", kernelY_, "x", kernelX_);
    }
    return Status::ok();
  }

  int64_t kernelX_, kernelY_;
  Range sigma_;
};

MadeTransform makeGrayscale(Arguments &arguments) {
  const int64_t channels = arguments.integer("num_output_channels", 1, 1, 3);
  if (channels == 2) {
    arguments.refuse("num_output_channels", "should be 1 or 3, found 2");
  }
  return {std::make_shared<GrayscaleTransform>(channels, 1.0), false, ""};
}

MadeTransform makeRandomGrayscale(Arguments &arguments) {
  const double probability = arguments.number("p", 0.1, 0.0, 1.0);
  return {std::make_shared<GrayscaleTransform>(0, probability), true, ""};
}

/// A number b stands for [max(0, centre - b), centre + b]; no step for 0, and for the centre alone.
MaybeRange jitterRange(Arguments &arguments, std::string_view name, double centre, double least,
                       double most) {
  const std::vector<double> numbers = arguments.numbers(name, true, 1, 2);
  const bool isNone = numbers.size() == 2 ? numbers[0] == centre && numbers[1] == centre
                                          : numbers.empty() || numbers[0] == 0.0;
  if (isNone) {
    return std::nullopt;
  }
  Range range = numbers.size() == 2 ? Range{numbers[0], numbers[1]}
                                    : Range{centre - numbers[0], centre + numbers[0]};
  if (numbers.size() == 1 && centre > 0.0) {
    range.low = std::max(0.0, range.low);
  }
  if (!(least <= range.low && range.low <= range.high && range.high <= most)) {
    arguments.refuse(name,
                     concat("should keep its factor in [", least, ", ", most, "], found ",
                            numbers[0], numbers.size() == 2 ? concat(" and ", numbers[1]) : ""));
    return std::nullopt;
  }
  return range;
}

MadeTransform makeColorJitter(Arguments &arguments) {
  std::array<MaybeRange, 4> ranges;
  constexpr double most = 100.0;
  ranges[0] = jitterRange(arguments, "brightness", 1.0, 0.0, most);
  ranges[1] = jitterRange(arguments, "contrast", 1.0, 0.0, most);
  ranges[2] = jitterRange(arguments, "saturation", 1.0, 0.0, most);
  ranges[3] = jitterRange(arguments, "hue", 0.0, -0.5, 0.5);
  return {std::make_shared<ColorJitterTransform>(ranges), true, ""};
}

MadeTransform makeGaussianBlur(Arguments &arguments) {
  const std::vector<double> kernel = arguments.numbers("kernel_size", false, 1, 2);
  for (double side : kernel) {
    if (side < 1 || side > 255 || std::fmod(side, 2.0) != 1.0) {
      arguments.refuse("kernel_size", concat("should be odd numbers up to 255, found ", side));
    }
  }
  const std::vector<double> sigma = arguments.numbers("sigma", true, 1, 2);
  const Range range = sigma.empty() ? Range{0.1, 2.0} : Range{sigma.front(), sigma.back()};
  if (!(0.0 < range.low && range.low <= range.high && range.high <= 1e3)) {
    arguments.refuse("sigma", concat("should be above 0, the smaller first, found ", range.low,
                                     " and ", range.high));
  }
  const bool isRandom = range.low != range.high;
  if (kernel.empty()) {
    return {nullptr, isRandom, ""};
  }
  return {std::make_shared<GaussianBlurTransform>(static_cast<int64_t>(kernel.front()),
                                                  static_cast<int64_t>(kernel.back()), range),
          isRandom, ""};
}

} // namespace

TransformMaker findColorTransform(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TransformMaker>, 5> makers = {{
      {"Grayscale", makeGrayscale},
      {"RandomGrayscale", makeRandomGrayscale},
      {"ColorJitter", makeColorJitter},
      {"GaussianBlur", makeGaussianBlur},
      {"RandAugment", makeRandAugment},
  }};
  auto found = std::ranges::find(makers, name, &std::pair<std::string_view, TransformMaker>::first);
  return found == makers.end() ? nullptr : found->second;
}

} // namespace ntc::rt::data
