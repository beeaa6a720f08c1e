// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transforms that move pixels. Their arguments and draws are torchvision's; what moves them is in
// Geometry and Resize.
#include "runtime/data/image/Geometry.h"
#include "runtime/data/image/ShapeArguments.h"
#include "runtime/data/image/Transform.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {

namespace {

Status tooSmall(std::string_view name, Size size, Size found) {
  return error(Code::InvalidArgument, name, ": a crop of ", size.height, "x", size.width,
               " does not fit a picture of ", found.height, "x", found.width);
}

class ResizeTransform : public Transform {
public:
  /// A width of 0 stands for: the shorter side becomes `size.height`, the longer at most `longest`
  /// (0: any).
  ResizeTransform(Size size, int64_t longest, Interpolation interpolation)
      : size_(size), longest_(longest), interpolation_(interpolation) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    in.size = in.size.height > 0 && in.size.width > 0 ? target(in.size)
              : size_.width > 0                       ? size_
                                                      : Size{};
    if (in.size.height > kLongestSide || in.size.width > kLongestSide) {
      return error(Code::InvalidArgument, "Resize: a side would have more than ", kLongestSide,
                   " pixels");
    }
    return in;
  }

  Status apply(Image &image, Draws &) const override {
    const Size from = sizeOf(image), to = target(from);
    if (to.height > kLongestSide || to.width > kLongestSide) {
      return error(Code::InvalidArgument, "Resize: a side would have more than ", kLongestSide,
                   " pixels");
    }
    image = std::visit([&](const auto &planes) { return scale(planes, {0, 0, from}, to); }, image);
    return Status::ok();
  }

  Image scale(const auto &planes, const Box &box, Size to) const {
    return interpolation_ == Interpolation::Bilinear ? Image(resizeBilinear(planes, box, to))
                                                     : Image(resizeNearest(planes, box, to));
  }

private:
  Size target(Size from) const {
    if (size_.width > 0) {
      return size_;
    }
    const int64_t shorter = std::min(from.height, from.width);
    const int64_t longer = std::max(from.height, from.width);
    int64_t a = size_.height, b = a * longer / shorter;
    if (longest_ > 0 && b > longest_) {
      a = std::max<int64_t>(1, longest_ * a / b);
      b = longest_;
    }
    return from.height <= from.width ? Size{a, b} : Size{b, a};
  }

  Size size_;
  int64_t longest_;
  Interpolation interpolation_;
};

class CenterCropTransform : public Transform {
public:
  explicit CenterCropTransform(Size size) : size_(size) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    in.size = size_;
    return in;
  }
  Status apply(Image &image, Draws &) const override {
    std::visit([&](auto &planes) { planes = centerCrop(planes, size_); }, image);
    return Status::ok();
  }

private:
  Size size_;
};

struct PaddingRule {
  Padding padding;
  Border border = Border::Constant;
  Fill fill;

  bool isNone() const { return padding.left + padding.top + padding.right + padding.bottom == 0; }
  Size grown(Size size) const {
    return {size.height > 0 ? size.height + padding.top + padding.bottom : 0,
            size.width > 0 ? size.width + padding.left + padding.right : 0};
  }
  Status check(std::string_view name, Size size) const {
    const int64_t widest = std::max(padding.left, padding.right);
    const int64_t highest = std::max(padding.top, padding.bottom);
    const int64_t less = border == Border::Reflect ? 1 : 0;
    const bool mirrors = border == Border::Reflect || border == Border::Symmetric;
    if (mirrors && ((size.width > 0 && widest > size.width - less) ||
                    (size.height > 0 && highest > size.height - less))) {
      return error(Code::InvalidArgument, name, ": a picture of ", size.height, "x", size.width,
                   " is too small to be mirrored by ", std::max(widest, highest), " pixels");
    }
    return Status::ok();
  }
  template <typename T> Planes<T> apply(const Planes<T> &planes) const {
    return pad(planes, padding, border, fill);
  }
};

PaddingRule paddingOf(Arguments &arguments, bool isOptional) {
  PaddingRule rule;
  const std::vector<double> numbers = arguments.numbers("padding", isOptional, 1, 4);
  for (double number : numbers) {
    if (number < 0 || number > kLongestSide || number != std::floor(number)) {
      arguments.refuse("padding", concat("should be whole numbers from 0, found ", number));
      return rule;
    }
  }
  auto side = [&](size_t i) { return static_cast<int64_t>(numbers[i]); };
  if (numbers.size() == 3) {
    arguments.refuse("padding", "should be 1, 2 or 4 numbers, found 3");
  } else if (numbers.size() == 4) {
    rule.padding = {side(0), side(1), side(2), side(3)};
  } else if (!numbers.empty()) {
    const int64_t x = side(0), y = side(numbers.size() - 1);
    rule.padding = {x, y, x, y};
  }
  return rule;
}

void borderOf(Arguments &arguments, PaddingRule &rule) {
  constexpr std::array<std::string_view, 4> borders = {"constant", "edge", "reflect", "symmetric"};
  rule.fill = fillOf(arguments);
  rule.border = static_cast<Border>(arguments.choice("padding_mode", borders, 0));
}

class PadTransform : public Transform {
public:
  explicit PadTransform(PaddingRule rule) : rule_(rule) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    if (Status status = rule_.check("Pad", in.size); !status) {
      return status;
    }
    in.size = rule_.grown(in.size);
    return needFill("Pad", rule_.fill, in);
  }
  Status apply(Image &image, Draws &) const override {
    if (Status status = rule_.check("Pad", sizeOf(image)); !status) {
      return status;
    }
    std::visit([&](auto &planes) { planes = rule_.apply(planes); }, image);
    return Status::ok();
  }

private:
  PaddingRule rule_;
};

class RandomCropTransform : public Transform {
public:
  RandomCropTransform(Size size, PaddingRule rule, bool padIfNeeded)
      : size_(size), rule_(rule), padIfNeeded_(padIfNeeded) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    const Size wide = rule_.grown(in.size);
    Status status = rule_.check("RandomCrop", in.size);
    status = status && wide.height > 0 && wide.width > 0 ? lackingOf(wide).check("RandomCrop", wide)
                                                         : status;
    if (status && !fits(wide) && in.size.height > 0 && in.size.width > 0) {
      status = tooSmall("RandomCrop", size_, wide);
    }
    in.size = size_;
    return status ? needFill("RandomCrop", rule_.fill, in) : status;
  }

  Status apply(Image &image, Draws &draws) const override {
    if (Status status = rule_.check("RandomCrop", sizeOf(image)); !status) {
      return status;
    }
    return std::visit([&](auto &planes) { return cut(planes, draws); }, image);
  }

private:
  bool fits(Size size) const {
    return padIfNeeded_ || (size.height >= size_.height && size.width >= size_.width);
  }

  /// What pad_if_needed adds to both ends of each side.
  PaddingRule lackingOf(Size size) const {
    PaddingRule out = rule_;
    const int64_t x = padIfNeeded_ ? std::max<int64_t>(0, size_.width - size.width) : 0;
    const int64_t y = padIfNeeded_ ? std::max<int64_t>(0, size_.height - size.height) : 0;
    out.padding = {x, y, x, y};
    return out;
  }

  template <typename T> Status cut(Planes<T> &planes, Draws &draws) const {
    if (rule_.isNone() && planes.size == size_) {
      return Status::ok();
    }
    const Planes<T> padded = rule_.isNone() ? Planes<T>() : rule_.apply(planes);
    const Planes<T> *whole = rule_.isNone() ? &planes : &padded;
    if (!fits(whole->size)) {
      return tooSmall("RandomCrop", size_, whole->size);
    }
    Planes<T> grown;
    if (const PaddingRule lacking = lackingOf(whole->size); !lacking.isNone()) {
      if (Status status = lacking.check("RandomCrop", whole->size); !status) {
        return status;
      }
      grown = lacking.apply(*whole);
      whole = &grown;
    }
    const int64_t top = draws.below(whole->size.height - size_.height + 1);
    const int64_t left = draws.below(whole->size.width - size_.width + 1);
    planes = crop(*whole, {top, left, size_});
    return Status::ok();
  }

  Size size_;
  PaddingRule rule_;
  bool padIfNeeded_;
};

class RandomResizedCropTransform : public Transform {
public:
  RandomResizedCropTransform(Size size, Range scale, Range ratio, Interpolation interpolation)
      : size_(size), scale_(scale), ratio_(ratio), resize_(size, 0, interpolation) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    in.size = size_;
    return in;
  }
  Status apply(Image &image, Draws &draws) const override {
    const Box box = choose(sizeOf(image), draws);
    image =
        std::visit([&](const auto &planes) { return resize_.scale(planes, box, size_); }, image);
    return Status::ok();
  }

private:
  Box choose(Size whole, Draws &draws) const {
    const double height = static_cast<double>(whole.height);
    const double width = static_cast<double>(whole.width), area = height * width;
    for (int attempt = 0; attempt < 10; ++attempt) {
      const double target = area * draws.uniform(scale_.low, scale_.high);
      const double ratio = std::exp(draws.uniform(std::log(ratio_.low), std::log(ratio_.high)));
      const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(target * ratio)));
      const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(target / ratio)));
      if (w > 0 && w <= whole.width && h > 0 && h <= whole.height) {
        const int64_t top = draws.below(whole.height - h + 1);
        return {top, draws.below(whole.width - w + 1), {h, w}};
      }
    }
    Size part = whole;
    if (width / height < ratio_.low) {
      part.height = static_cast<int64_t>(std::nearbyint(width / ratio_.low));
    } else if (width / height > ratio_.high) {
      part.width = static_cast<int64_t>(std::nearbyint(height * ratio_.high));
    }
    part = {std::clamp<int64_t>(part.height, 1, whole.height),
            std::clamp<int64_t>(part.width, 1, whole.width)};
    return {(whole.height - part.height) / 2, (whole.width - part.width) / 2, part};
  }

  Size size_;
  Range scale_, ratio_;
  ResizeTransform resize_;
};

enum class Axis : uint8_t { Horizontal, Vertical };

class FlipTransform : public Transform {
public:
  FlipTransform(Axis axis, double probability) : axis_(axis), probability_(probability) {}

  Result<ImageShape> shapeOf(ImageShape in) const override { return in; }
  Status apply(Image &image, Draws &draws) const override {
    if (draws.chance(probability_)) {
      std::visit(
          [&](auto &planes) {
            axis_ == Axis::Horizontal ? flipHorizontally(planes) : flipVertically(planes);
          },
          image);
    }
    return Status::ok();
  }

private:
  Axis axis_;
  double probability_;
};

class RandomRotationTransform : public Transform {
public:
  RandomRotationTransform(Range degrees, Interpolation interpolation, std::optional<Point> center,
                          const Fill &fill)
      : degrees_(degrees), interpolation_(interpolation), center_(center), fill_(fill) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    return needFill("RandomRotation", fill_, needBytes("RandomRotation", in));
  }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    const double degrees = draws.uniform(degrees_.low, degrees_.high);
    bytes = rotate(bytes, degrees, interpolation_, fill_, center_);
    return Status::ok();
  }

private:
  Range degrees_;
  Interpolation interpolation_;
  std::optional<Point> center_;
  Fill fill_;
};

struct AffineRanges {
  Range degrees;
  double moveX = 0.0, moveY = 0.0; ///< greatest, as parts of the sides
  Range scale{1.0, 1.0};
  Range shearX, shearY;
};

class RandomAffineTransform : public Transform {
public:
  RandomAffineTransform(AffineRanges ranges, Interpolation interpolation, const Fill &fill,
                        std::optional<Point> center)
      : ranges_(ranges), interpolation_(interpolation), fill_(fill), center_(center) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    return needFill("RandomAffine", fill_, needBytes("RandomAffine", in));
  }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    const double width = static_cast<double>(bytes.size.width);
    const double height = static_cast<double>(bytes.size.height);
    auto move = [&](double most) { return std::nearbyint(draws.uniform(-most, most)); };
    Affine affine;
    affine.degrees = draws.uniform(ranges_.degrees.low, ranges_.degrees.high);
    affine.moveX = move(ranges_.moveX * width);
    affine.moveY = move(ranges_.moveY * height);
    affine.scale = draws.uniform(ranges_.scale.low, ranges_.scale.high);
    affine.shearX = draws.uniform(ranges_.shearX.low, ranges_.shearX.high);
    affine.shearY = draws.uniform(ranges_.shearY.low, ranges_.shearY.high);
    const Point center = center_.value_or(Point{width / 2.0, height / 2.0});
    bytes = mapAffine(bytes, bytes.size, inverseOf(affine, center), interpolation_, fill_);
    return Status::ok();
  }

private:
  AffineRanges ranges_;
  Interpolation interpolation_;
  Fill fill_;
  std::optional<Point> center_;
};

std::string sizeText(Size size) { return concat("(", size.height, ",", size.width, ")"); }

MadeTransform makeResize(Arguments &arguments) {
  const Size size = sizeArgument(arguments, Sides::OneIsTheShorter);
  const Interpolation interpolation = interpolationOf(arguments, Interpolation::Bilinear);
  const std::vector<double> longest = arguments.numbers("max_size", true, 1, 1);
  if (!longest.empty() && (size.width > 0 || longest[0] < static_cast<double>(size.height))) {
    arguments.refuse("max_size", "needs a size of one number that is not above it");
  }
  if (!arguments.truth("antialias", true)) {
    arguments.refuse("antialias", "cannot be False; pictures are always shrunk with antialias");
  }
  const int64_t most = longest.empty() ? 0 : static_cast<int64_t>(longest[0]);
  return {std::make_shared<ResizeTransform>(size, most, interpolation), false, ""};
}

MadeTransform makeCenterCrop(Arguments &arguments) {
  return {std::make_shared<CenterCropTransform>(sizeArgument(arguments, Sides::OneIsBoth)), false,
          ""};
}

MadeTransform makePad(Arguments &arguments) {
  PaddingRule rule = paddingOf(arguments, false);
  borderOf(arguments, rule);
  return {std::make_shared<PadTransform>(rule), false, ""};
}

MadeTransform makeRandomCrop(Arguments &arguments) {
  const Size size = sizeArgument(arguments, Sides::OneIsBoth);
  PaddingRule rule = paddingOf(arguments, true);
  const bool padIfNeeded = arguments.truth("pad_if_needed", false);
  borderOf(arguments, rule);
  return {std::make_shared<RandomCropTransform>(size, rule, padIfNeeded), true,
          concat("CenterCrop(", sizeText(size), ")")};
}

MadeTransform makeRandomResizedCrop(Arguments &arguments) {
  const Size size = sizeArgument(arguments, Sides::OneIsBoth);
  const Range scale = rangeOf(arguments, "scale", {0.08, 1.0}, 0.0, 1.0);
  const Range ratio = rangeOf(arguments, "ratio", {3.0 / 4.0, 4.0 / 3.0}, 1e-3, 1e3);
  const Interpolation interpolation = interpolationOf(arguments, Interpolation::Bilinear);
  if (!arguments.truth("antialias", true)) {
    arguments.refuse("antialias", "cannot be False; pictures are always shrunk with antialias");
  }
  const int64_t shorter = std::min(size.height, size.width);
  const bool isSquare = size.height == size.width;
  return {std::make_shared<RandomResizedCropTransform>(size, scale, ratio, interpolation), true,
          isSquare ? concat("Resize(", shorter, "),CenterCrop(", shorter, ")")
                   : concat("Resize(", sizeText(size), ")")};
}

template <Axis axis> MadeTransform makeFlip(Arguments &arguments) {
  return {std::make_shared<FlipTransform>(axis, arguments.number("p", 0.5, 0.0, 1.0)), true, ""};
}

MadeTransform makeRandomRotation(Arguments &arguments) {
  const Range degrees = symmetricRangeOf(arguments, "degrees", 360.0);
  const Interpolation interpolation = interpolationOf(arguments, Interpolation::Nearest);
  if (arguments.truth("expand", false)) {
    arguments.refuse("expand", "cannot be True; a batch needs pictures of one size");
  }
  const std::optional<Point> center = centerOf(arguments);
  return {
      std::make_shared<RandomRotationTransform>(degrees, interpolation, center, fillOf(arguments)),
      true, ""};
}

MadeTransform makeRandomAffine(Arguments &arguments) {
  AffineRanges ranges;
  ranges.degrees = symmetricRangeOf(arguments, "degrees", 360.0);
  const std::vector<double> move = arguments.numbers("translate", true, 2, 2);
  if (!move.empty()) {
    ranges.moveX = move[0];
    ranges.moveY = move[1];
    if (std::min(move[0], move[1]) < 0.0 || std::max(move[0], move[1]) > 1.0) {
      arguments.refuse("translate", "should be two numbers from 0 to 1");
    }
  }
  ranges.scale = rangeOf(arguments, "scale", {1.0, 1.0}, 1e-3, 1e3);
  const std::vector<double> shear = arguments.numbers("shear", true, 1, 4);
  for (double degrees : shear) {
    if (std::abs(degrees) >= 90.0) {
      arguments.refuse("shear", concat("should be below 90 degrees, found ", degrees));
    }
  }
  if (shear.size() == 1) {
    ranges.shearX = {-shear[0], shear[0]};
  } else if (shear.size() == 3) {
    arguments.refuse("shear", "should be 1, 2 or 4 numbers, found 3");
  } else if (!shear.empty()) {
    ranges.shearX = {shear[0], shear[1]};
    ranges.shearY = shear.size() == 4 ? Range{shear[2], shear[3]} : Range{};
  }
  const Interpolation interpolation = interpolationOf(arguments, Interpolation::Nearest);
  const Fill fill = fillOf(arguments);
  return {std::make_shared<RandomAffineTransform>(ranges, interpolation, fill, centerOf(arguments)),
          true, ""};
}

} // namespace

TransformMaker findShapeTransform(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TransformMaker>, 9> makers = {{
      {"Resize", makeResize},
      {"CenterCrop", makeCenterCrop},
      {"Pad", makePad},
      {"RandomCrop", makeRandomCrop},
      {"RandomResizedCrop", makeRandomResizedCrop},
      {"RandomHorizontalFlip", makeFlip<Axis::Horizontal>},
      {"RandomVerticalFlip", makeFlip<Axis::Vertical>},
      {"RandomRotation", makeRandomRotation},
      {"RandomAffine", makeRandomAffine},
  }};
  auto found = std::ranges::find(makers, name, &std::pair<std::string_view, TransformMaker>::first);
  return found == makers.end() ? nullptr : found->second;
}

} // namespace ntc::rt::data
