// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RandAugment (Cubuk et al., "RandAugment: practical automated data augmentation with a reduced
// search space", 2019) with torchvision's table of magnitudes.
#pragma once

#include "runtime/data/image/Geometry.h"
#include "runtime/data/image/Transform.h"

namespace ntc::rt::data {

enum class AugmentOp : uint8_t {
  Identity,
  ShearX,
  ShearY,
  TranslateX,
  TranslateY,
  Rotate,
  Brightness,
  Color,
  Contrast,
  Sharpness,
  Posterize,
  Solarize,
  AutoContrast,
  Equalize,
};
inline constexpr int kAugmentOps = 14;

/// The magnitude of `op` at `magnitude` of `bins` steps for a picture of `size`: radians' tangent,
/// pixels, degrees, factor less 1, bits or threshold.
double augmentMagnitude(AugmentOp op, int64_t magnitude, int64_t bins, Size size);
/// Applies one operation. The sign of the magnitude is the direction.
void augment(Bytes &image, AugmentOp op, double magnitude, Interpolation interpolation,
             const Fill &fill);

/// RandAugment(num_ops=2, magnitude=9, num_magnitude_bins=31, interpolation=nearest, fill=0).
MadeTransform makeRandAugment(Arguments &arguments);

} // namespace ntc::rt::data
