// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scaling pictures with the numbers of torchvision's Resize.
#pragma once

#include "runtime/data/image/Image.h"

namespace ntc::rt::data {

/// A part of a picture.
struct Box {
  int64_t top = 0;
  int64_t left = 0;
  Size size;
};

/// The part `box` of the picture, which lies within, scaled to `size` with a triangle filter that
/// widens when the picture shrinks (bilinear with antialias).
///
/// Output pixel x has its centre at c = left + (x + 1/2) s for the scale s = box width / width; it
/// is the mean of the pixels k with weight max(0, 1 - |k + 1/2 - c| / max(s, 1)), along each row,
/// then along each column. Bytes follow Pillow's fixed point: weights in 2^-22, both passes rounded
/// to bytes; bit for bit as Pillow up to 12. Pillow 13 takes the columns first where the height
/// shrinks much more than the width, and then rounds otherwise: by 1 of 255. Floats are computed in
/// f32 with weights in f64.
Bytes resizeBilinear(const Bytes &image, const Box &box, Size size);
Floats resizeBilinear(const Floats &image, const Box &box, Size size);

/// Output pixel x takes the pixel that holds its centre, floor((x + 1/2) s): Pillow's rule for
/// bytes. Floats take floor(x s), as PyTorch's interpolate(mode="nearest") does for tensors.
Bytes resizeNearest(const Bytes &image, const Box &box, Size size);
Floats resizeNearest(const Floats &image, const Box &box, Size size);

} // namespace ntc::rt::data
