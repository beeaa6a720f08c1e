// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of operations.
#include "runtime/data/image/RandAugment.h"

#include "runtime/data/image/Color.h"
#include "runtime/data/image/ShapeArguments.h"

#include <cmath>
#include <numbers>

namespace ntc::rt::data {
namespace {

double degreesOf(double tangent) { return std::atan(tangent) * 180.0 / std::numbers::pi; }

/// Whether the operation has two directions.
bool isSigned(AugmentOp op) { return op >= AugmentOp::ShearX && op <= AugmentOp::Sharpness; }

class RandAugmentTransform : public Transform {
public:
  RandAugmentTransform(int64_t ops, int64_t magnitude, int64_t bins, Interpolation interpolation,
                       const Fill &fill)
      : ops_(ops), magnitude_(magnitude), bins_(bins), interpolation_(interpolation), fill_(fill) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    return needFill("RandAugment", fill_, needBytes("RandAugment", in));
  }
  Status apply(Image &image, Draws &draws) const override {
    Bytes &bytes = std::get<Bytes>(image);
    for (int64_t i = 0; i < ops_; ++i) {
      const auto op = static_cast<AugmentOp>(draws.below(kAugmentOps));
      double magnitude = augmentMagnitude(op, magnitude_, bins_, bytes.size);
      if (isSigned(op) && draws.chance(0.5)) {
        magnitude = -magnitude;
      }
      augment(bytes, op, magnitude, interpolation_, fill_);
    }
    return Status::ok();
  }

private:
  int64_t ops_, magnitude_, bins_;
  Interpolation interpolation_;
  Fill fill_;
};

} // namespace

double augmentMagnitude(AugmentOp op, int64_t magnitude, int64_t bins, Size size) {
  const double part =
      bins > 1 ? static_cast<double>(magnitude) / static_cast<double>(bins - 1) : 0.0;
  switch (op) {
  case AugmentOp::ShearX:
  case AugmentOp::ShearY:
    return 0.3 * part;
  case AugmentOp::TranslateX:
    return 150.0 / 331.0 * static_cast<double>(size.width) * part;
  case AugmentOp::TranslateY:
    return 150.0 / 331.0 * static_cast<double>(size.height) * part;
  case AugmentOp::Rotate:
    return 30.0 * part;
  case AugmentOp::Brightness:
  case AugmentOp::Color:
  case AugmentOp::Contrast:
  case AugmentOp::Sharpness:
    return 0.9 * part;
  case AugmentOp::Posterize:
    return 8.0 - std::nearbyint(4.0 * part);
  case AugmentOp::Solarize:
    return 255.0 - 255.0 * part;
  case AugmentOp::Identity:
  case AugmentOp::AutoContrast:
  case AugmentOp::Equalize:
    return 0.0;
  }
  return 0.0;
}

void augment(Bytes &image, AugmentOp op, double magnitude, Interpolation interpolation,
             const Fill &fill) {
  auto map = [&](const Affine &affine, double x, double y) {
    image = mapAffine(image, image.size, inverseOf(affine, {x, y}), interpolation, fill);
  };
  // Shears keep the corner, moves have no centre that matters.
  const double x = static_cast<double>(image.size.width) / 2.0;
  const double y = static_cast<double>(image.size.height) / 2.0;
  switch (op) {
  case AugmentOp::Identity:
    return;
  case AugmentOp::ShearX:
    return map({.shearX = degreesOf(magnitude)}, 0.0, 0.0);
  case AugmentOp::ShearY:
    return map({.shearY = degreesOf(magnitude)}, 0.0, 0.0);
  case AugmentOp::TranslateX:
    return map({.moveX = std::trunc(magnitude)}, x, y);
  case AugmentOp::TranslateY:
    return map({.moveY = std::trunc(magnitude)}, x, y);
  case AugmentOp::Rotate:
    image = rotate(image, magnitude, interpolation, fill);
    return;
  case AugmentOp::Brightness:
    return adjustBrightness(image, 1.0 + magnitude);
  case AugmentOp::Color:
    return adjustSaturation(image, 1.0 + magnitude);
  case AugmentOp::Contrast:
    return adjustContrast(image, 1.0 + magnitude);
  case AugmentOp::Sharpness:
    return adjustSharpness(image, 1.0 + magnitude);
  case AugmentOp::Posterize:
    return posterize(image, static_cast<int>(magnitude));
  case AugmentOp::Solarize:
    return solarize(image, magnitude);
  case AugmentOp::AutoContrast:
    return autoContrast(image);
  case AugmentOp::Equalize:
    return equalize(image);
  }
}

MadeTransform makeRandAugment(Arguments &arguments) {
  const int64_t ops = arguments.integer("num_ops", 2, 0, 16);
  const int64_t magnitude = arguments.integer("magnitude", 9, 0, 1000);
  const int64_t bins = arguments.integer("num_magnitude_bins", 31, 1, 1001);
  if (magnitude >= bins) {
    arguments.refuse("magnitude",
                     concat("should be below num_magnitude_bins ", bins, ", found ", magnitude));
  }
  const Interpolation interpolation = interpolationOf(arguments, Interpolation::Nearest);
  return {std::make_shared<RandAugmentTransform>(ops, magnitude, bins, interpolation,
                                                 fillOf(arguments)),
          true, ""};
}

} // namespace ntc::rt::data
