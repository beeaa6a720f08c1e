// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile pictures: whatever the bytes, the decoder answers with a picture of the size that it
// announced or with a status, and never allocates by a declared size that the file cannot back.
#include "runtime/data/image/ReadImage.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  using namespace ntc::rt::data;
  auto announced = imageSize({data, size});
  for (PictureMode mode : {PictureMode::Rgb, PictureMode::Gray}) {
    Bytes image;
    if (!decodeImage({data, size}, mode, image)) {
      continue;
    }
    const size_t values = static_cast<size_t>(image.channels * image.pixels());
    if (!announced || image.size != *announced || image.values.size() != values ||
        image.channels != (mode == PictureMode::Rgb ? 3 : 1)) {
      std::abort();
    }
  }
  return 0;
}
