// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pixels of samples, and PNG files taken apart again.
#include "runtime/report/Png.h"

#include <gtest/gtest.h>

#include <cmath>
#include <zlib.h>

namespace ntc::rt::report {
namespace {

TEST(Png, ShapesThatArePictures) {
  using Shape = std::vector<int64_t>;
  for (const Shape &shape : {Shape{28, 28}, Shape{1, 28, 28}, Shape{3, 4, 5}}) {
    EXPECT_TRUE(isPicture(shape));
  }
  for (const Shape &shape : {Shape{}, Shape{784}, Shape{2, 4, 4}, Shape{1, 1, 28},
                             Shape{3, 4096, 4}, Shape{1, 3, 4, 4}}) {
    EXPECT_FALSE(isPicture(shape));
  }
}

TEST(Png, ValuesBecomePixelsByTheirRange) {
  const std::vector<int64_t> shape = {2, 2};
  using Bytes = std::vector<uint8_t>;
  EXPECT_EQ(pictureOf(std::vector<double>{0.0, 0.5, 1.0, 0.25}, shape).pixels,
            (Bytes{0, 128, 255, 64}));
  EXPECT_EQ(pictureOf(std::vector<double>{0.0, 7.0, 255.0, 64.0}, shape).pixels,
            (Bytes{0, 7, 255, 64}));
  EXPECT_EQ(pictureOf(std::vector<double>{-1.0, 0.0, 1.0, 3.0}, shape).pixels,
            (Bytes{0, 64, 128, 255}));
  EXPECT_EQ(pictureOf(std::vector<double>{NAN, 0.0, 1.0, 1.0}, shape).pixels[0], 0);
  EXPECT_EQ(pictureOf(std::vector<double>{-2.0, -2.0, -2.0, -2.0}, shape).pixels, Bytes(4, 0));
}

TEST(Png, ChannelsAreInterleaved) {
  const std::vector<double> planes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Picture picture = pictureOf(planes, std::vector<int64_t>{3, 2, 2});
  EXPECT_EQ(picture.channels, 3);
  EXPECT_EQ(picture.pixels, (std::vector<uint8_t>{1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12}));
}

TEST(Png, AGridHasALineBetweenPictures) {
  const Picture one{.width = 2, .height = 2, .channels = 1, .pixels = {1, 2, 3, 4}};
  const Picture all = grid(std::vector<Picture>{one, one, one}, 2);
  EXPECT_EQ(all.width, 5);
  EXPECT_EQ(all.height, 5);
  EXPECT_EQ(all.pixels,
            (std::vector<uint8_t>{1,   2,   128, 1, 2,   3,   4,   128, 3, 4,   128, 128, 128,
                                  128, 128, 1,   2, 128, 128, 128, 3,   4, 128, 128, 128}));
}

TEST(Png, AFileIsItsPixelsAgain) {
  Picture picture{.width = 37, .height = 11, .channels = 3, .pixels = {}};
  for (int i = 0; i < 37 * 11 * 3; ++i) {
    picture.pixels.push_back(static_cast<uint8_t>(i * 31 ^ i >> 3));
  }
  const std::string file = pngBytes(picture);
  ASSERT_TRUE(file.starts_with("\x89PNG\r\n\x1a\n"));
  auto number = [&](size_t at) {
    uint32_t out = 0;
    for (size_t i = 0; i < 4; ++i) {
      out = out << 8 | static_cast<uint8_t>(file[at + i]);
    }
    return out;
  };
  std::string names, data;
  for (size_t at = 8; at < file.size();) {
    const size_t length = number(at);
    const std::string body = file.substr(at + 4, 4 + length);
    EXPECT_EQ(number(at + 8 + length), ::crc32(0, reinterpret_cast<const Bytef *>(body.data()),
                                               static_cast<uInt>(body.size())));
    names += body.substr(0, 4) + " ";
    data = body.starts_with("IDAT") ? body.substr(4) : data;
    at += 12 + length;
  }
  EXPECT_EQ(names, "IHDR IDAT IEND ");
  EXPECT_EQ(number(16), 37U);
  EXPECT_EQ(number(20), 11U);
  std::string raw(11 * (1 + 37 * 3), 'x');
  uLongf size = raw.size();
  ASSERT_EQ(::uncompress(reinterpret_cast<Bytef *>(raw.data()), &size,
                         reinterpret_cast<const Bytef *>(data.data()), data.size()),
            Z_OK);
  ASSERT_EQ(size, raw.size());
  for (size_t y = 0; y < 11; ++y) {
    EXPECT_EQ(raw[y * 112], '\0');
    EXPECT_EQ(raw.substr(y * 112 + 1, 111),
              std::string(picture.pixels.begin() + static_cast<int>(y * 111),
                          picture.pixels.begin() + static_cast<int>(y * 111 + 111)));
  }
}

TEST(Png, Base64HasTheVectorsOfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

} // namespace
} // namespace ntc::rt::report
