// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PNG and JPEG against Pillow's pixels (pictures.golden, written by make_pictures.py), and what is
// damaged.
#include "runtime/data/image/ReadImage.h"

#include "Scratch.h"

#include <map>
#include <random>
#include <sstream>

namespace ntc::rt::data {
namespace {

std::vector<uint8_t> fromHex(const std::string &hex) {
  std::vector<uint8_t> out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return out;
}

struct Golden {
  std::string name, mode;
  std::vector<uint8_t> file, pixels;
  int64_t channels = 0;
  Size size;
};

std::vector<Golden> goldens() {
  std::vector<Golden> out;
  std::ifstream file(NTC_TEST_DATA "/pictures.golden");
  for (std::string head, body; std::getline(file, head) && std::getline(file, body);) {
    Golden golden;
    std::string hex, pixels;
    std::istringstream(head) >> golden.name >> golden.mode >> hex;
    std::istringstream(body) >> golden.channels >> golden.size.height >> golden.size.width >>
        pixels;
    golden.file = fromHex(hex);
    golden.pixels = fromHex(pixels);
    out.push_back(std::move(golden));
  }
  return out;
}

PictureMode modeOf(const Golden &golden) {
  return golden.mode == "RGB" ? PictureMode::Rgb : PictureMode::Gray;
}

TEST(ReadImage, DecodesAsPillowDoes) {
  const std::vector<Golden> all = goldens();
  ASSERT_EQ(all.size(), 22u);
  for (const Golden &golden : all) {
    Bytes image;
    Status status = decodeImage(golden.file, modeOf(golden), image);
    ASSERT_TRUE(status) << golden.name << ": " << status.message();
    EXPECT_EQ(image.channels, golden.channels) << golden.name;
    EXPECT_EQ(image.size, golden.size) << golden.name;
    EXPECT_EQ(image.values, golden.pixels) << golden.name << " as " << golden.mode;
    Result<Size> size = imageSize(golden.file);
    ASSERT_TRUE(size) << size.status().message();
    EXPECT_EQ(*size, golden.size);
  }
}

TEST(ReadImage, WritesPngsThatItReads) {
  for (int64_t channels : {1, 3}) {
    Bytes image(channels, {5, 9});
    for (size_t i = 0; i < image.values.size(); ++i) {
      image.values[i] = static_cast<uint8_t>(i * 7);
    }
    Result<std::vector<uint8_t>> file = encodePng(image);
    ASSERT_TRUE(file) << file.status().message();
    Bytes back;
    ASSERT_TRUE(decodeImage(*file, channels == 3 ? PictureMode::Rgb : PictureMode::Gray, back));
    EXPECT_EQ(back.values, image.values);
  }
}

TEST(ReadImage, RefusesTruncatedFiles) {
  for (const Golden &golden : goldens()) {
    for (size_t part = 0; part < 8; ++part) {
      Bytes image;
      const size_t bytes = golden.file.size() * part / 8;
      Status status = decodeImage(std::span(golden.file).first(bytes), PictureMode::Rgb, image);
      EXPECT_FALSE(status) << golden.name << " cut to " << bytes << " bytes";
      EXPECT_EQ(status.code(), Code::Corrupt) << status.message();
    }
  }
}

TEST(ReadImage, RefusesWhatIsNoPicture) {
  Scratch folder;
  Bytes image;
  const std::string text = folder.write("text.png", "this is no picture");
  Status status = readImage(text, PictureMode::Rgb, image);
  EXPECT_TRUE(has(status.message(), "text.png': expected a PNG or JPEG picture, found neither"));
  EXPECT_TRUE(has(readImage(folder.write("e.jpg", ""), PictureMode::Rgb, image).message(),
                  "the file is empty"));
  EXPECT_EQ(readImage(folder / "no.png", PictureMode::Rgb, image).code(), Code::NotFound);
}

TEST(ReadImage, DoesNotBelieveADeclaredSize) {
  std::vector<uint8_t> png = goldens().front().file; // IHDR: length, type, width, height at 16, 20
  Bytes image;
  for (size_t i = 16; i < 24; ++i) {
    png[i] = 0x7f;
  }
  EXPECT_FALSE(decodeImage(png, PictureMode::Rgb, image)); // by its checksum, before any memory
  for (const Golden &golden : goldens()) {
    if (!isJpeg(golden.file)) {
      continue;
    }
    // SOF0 or SOF2: marker, length, precision, then height and width, two bytes each.
    std::vector<uint8_t> jpeg = golden.file;
    for (size_t i = 2; i + 9 < jpeg.size(); ++i) {
      if (jpeg[i] == 0xff && (jpeg[i + 1] == 0xc0 || jpeg[i + 1] == 0xc2)) {
        jpeg[i + 5] = jpeg[i + 7] = 0xff;
        break;
      }
    }
    Status status = decodeImage(jpeg, PictureMode::Rgb, image);
    EXPECT_FALSE(status) << golden.name;
    EXPECT_TRUE(has(status.message(), "65297")) << status.message();
  }
}

TEST(ReadImage, SurvivesDamageAnywhere) {
  std::mt19937 random(3);
  for (const Golden &golden : goldens()) {
    for (int round = 0; round < 200; ++round) {
      std::vector<uint8_t> file = golden.file;
      for (int flips = 0; flips < 3; ++flips) {
        file[random() % file.size()] = static_cast<uint8_t>(random());
      }
      Bytes image;
      Status status = decodeImage(file, PictureMode::Rgb, image);
      EXPECT_TRUE(!status || image.values.size() == static_cast<size_t>(3 * image.pixels()));
    }
  }
}

} // namespace
} // namespace ntc::rt::data
