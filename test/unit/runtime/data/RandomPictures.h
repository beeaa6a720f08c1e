// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A picture with the same numbers as in the scripts that write golden files, and what random
// transforms make of one in draw after draw.
#pragma once

#include "runtime/data/image/Transform.h"

#include <gtest/gtest.h>

namespace ntc::rt::data {

constexpr uint64_t kDraws = 4000;

/// The same numbers as in make_transforms.py.
inline Bytes picture(int64_t channels, Size size) {
  Bytes out(channels, size);
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t y = 0; y < size.height; ++y) {
      for (int64_t x = 0; x < size.width; ++x) {
        out.row(c, y)[x] = static_cast<uint8_t>(
            (c * 57 + y * 11 + x * 6 + (x * y * 7 + c * x * 5) % 53) % 224 + 16);
      }
    }
  }
  return out;
}

/// What a list makes of a picture in draw after draw.
inline void forEachDraw(std::string_view text, const Bytes &plain, auto see,
                        uint64_t draws = kDraws) {
  Result<TransformList> list = TransformList::parse(text);
  ASSERT_TRUE(list) << list.status().message();
  for (uint64_t i = 0; i < draws; ++i) {
    Image image = plain;
    Status status = list->apply(image, 21, 0, i);
    ASSERT_TRUE(status) << status.message();
    see(image, i);
  }
}

} // namespace ntc::rt::data
