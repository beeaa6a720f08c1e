// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JPEG files of the size of photographs against Pillow's pixels, bit for bit (photos/, written by
// make_photos.py): rows of blocks, chroma planes and edges that small pictures do not have.
#include "runtime/data/image/ReadImage.h"

#include "runtime/base/Sha256.h"
#include "runtime/data/image/Transform.h"

#include "Scratch.h"

#include <sstream>

namespace ntc::rt::data {
namespace {

constexpr const char *kFolder = NTC_TEST_DATA "/photos/";

std::string digestOf(const Bytes &image) { return hex(sha256(image.values)); }

TEST(Photos, AreDecodedAndResizedAsPillowDoes) {
  std::ifstream file(std::string(kFolder) + "photos.golden");
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) {
    std::string name, mode, digest;
    int64_t channels = 0;
    Size size;
    std::istringstream(line) >> name >> mode >> channels >> size.height >> size.width >> digest;
    Bytes image;
    Status status =
        readImage(kFolder + name, mode == "L" ? PictureMode::Gray : PictureMode::Rgb, image);
    ASSERT_TRUE(status) << name << ": " << status.message();
    if (mode == "64") {
      Result<TransformList> resize = TransformList::parse("Resize(64)");
      ASSERT_TRUE(resize) << resize.status().message();
      Image resized = image;
      ASSERT_TRUE(resize->apply(resized, 0, 0, 0));
      image = std::get<Bytes>(resized);
    }
    EXPECT_EQ(image.channels, channels) << line;
    EXPECT_EQ(image.size, size) << line;
    EXPECT_EQ(digestOf(image), digest) << line;
  }
  EXPECT_EQ(lines, 24);
}

TEST(Photos, OtherColoursAreRefused) {
  Bytes image;
  Status status = readImage(std::string(kFolder) + "cmyk.jpg", PictureMode::Rgb, image);
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_TRUE(has(status.message(), "cmyk.jpg': the JPEG has CMYK colours; convert it to RGB"));
}

TEST(Photos, ThatEndInTheMiddleAreRefused) {
  const Scratch folder;
  for (const char *name : {"420.jpg", "progressive.jpg", "restarts.jpg", "gray.jpg"}) {
    const std::string whole = readAll(kFolder + std::string(name));
    for (size_t eighths : {2, 4, 7}) {
      const std::string path = folder.write("cut.jpg", whole.substr(0, whole.size() * eighths / 8));
      Bytes image;
      Status status = readImage(path, PictureMode::Rgb, image);
      EXPECT_EQ(status.code(), Code::Corrupt) << name << " cut to " << eighths << "/8";
      EXPECT_TRUE(has(status.message(), "cut.jpg': damaged JPEG"));
    }
  }
}

} // namespace
} // namespace ntc::rt::data
