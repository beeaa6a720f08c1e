// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Changing the values of a picture of bytes, with the arithmetic of Pillow, which torchvision uses
// for pictures. Pictures have 1 channel (gray) or 3 (red, green, blue); hue and saturation leave
// gray ones as they are.
#pragma once

#include "runtime/data/image/Image.h"

namespace ntc::rt::data {

/// Luma of ITU-R 601 in 16-bit fixed point, (19595 r + 38470 g + 7471 b + 2^15) >> 16: one channel.
/// A gray picture stays.
Bytes grayscale(const Bytes &image);

/// Each moves the picture away from (factor above 1) or towards a plain version of itself (below
/// 1): black, its mean gray, its grays, itself smoothed. Values are cut off towards zero and kept
/// in [0, 255].
void adjustBrightness(Bytes &image, double factor);
void adjustContrast(Bytes &image, double factor);
void adjustSaturation(Bytes &image, double factor);
void adjustSharpness(Bytes &image, double factor);

/// Turns the hue by `turns` of the circle, in [-0.5, 0.5], with hue, saturation and value in bytes.
void adjustHue(Bytes &image, double turns);

/// Keeps the upper `bits` bits of every value, 0 to 8.
void posterize(Bytes &image, int bits);
/// Inverts values that are at least `threshold`.
void solarize(Bytes &image, double threshold);
/// Stretches each channel to [0, 255].
void autoContrast(Bytes &image);
/// Flattens each channel's histogram.
void equalize(Bytes &image);

/// Convolution with a normal density of deviation `sigmaX`, `sigmaY` at `kernelX` x `kernelY` whole
/// offsets (odd numbers), normalized to sum 1, edges mirrored at their pixels; f32, rounded to the
/// nearest byte. Requires kernels below twice the picture's sides.
void gaussianBlur(Bytes &image, int64_t kernelX, int64_t kernelY, double sigmaX, double sigmaY);

} // namespace ntc::rt::data
