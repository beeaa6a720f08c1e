// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folders of classes and lists of files: order, labels, sizes, and what is broken.
#include "runtime/data/OpenDataset.h"
#include "runtime/data/TransformedDataset.h"
#include "runtime/data/image/ReadImage.h"

#include "Scratch.h"

namespace ntc::rt::data {
namespace {

class Pictures : public testing::Test {
protected:
  /// A PNG whose every pixel is `value`.
  void picture(const std::string &path, uint8_t value, Size size = {4, 6}) {
    std::filesystem::create_directories(std::filesystem::path(folder_ / path).parent_path());
    Result<std::vector<uint8_t>> file = encodePng(Bytes(3, size, value));
    folder_.write(path, {reinterpret_cast<const char *>(file->data()), file->size()});
  }

  Result<std::shared_ptr<const Dataset>> open(const std::string &text, const Known &known = {}) {
    Result<DataSource> source = DataSource::parse(text);
    return source ? openDataset(*source, Split::Train, {}, known)
                  : Result<std::shared_ptr<const Dataset>>(source.status());
  }

  std::string refusal(const std::string &text, const Known &known = {}) {
    auto dataset = open(text, known);
    return dataset ? "(opened)" : dataset.status().message();
  }

  /// The first pixel and the label of every sample.
  static std::vector<std::pair<int, int64_t>> samplesOf(const Dataset &dataset) {
    std::vector<std::pair<int, int64_t>> out;
    for (int64_t i = 0; i < dataset.size(); ++i) {
      Bytes image;
      Status status = dataset.readPicture(i, image);
      EXPECT_TRUE(status) << status.message();
      int64_t label = -1;
      EXPECT_TRUE(
          dataset.readRows(1, {&i, 1}, DType::I64, reinterpret_cast<std::byte *>(&label), {}));
      out.emplace_back(image.values.empty() ? -1 : image.values[0], label);
    }
    return out;
  }

  Scratch folder_;
};

using Samples = std::vector<std::pair<int, int64_t>>;

TEST_F(Pictures, RefuseNamesThatNoRunCouldRecord) {
  picture("b\xff/1.png", 1);
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path()),
                  "the name of class 'b\\xff' is not UTF-8; rename it"));
  picture("p/1.png", 1);
  folder_.write("list.csv", "file,label\np/1.png,\xff\n");
  EXPECT_TRUE(has(refusal("imagelist:" + (folder_ / "list.csv")), "line 2: the name of class"));
  EXPECT_TRUE(
      has(refusal("imagefolder:" + (folder_ / "b\xff")), "write such bytes of a name as %XX"));
}

TEST_F(Pictures, FollowImageFoldersOrder) {
  picture("b/2.png", 20);
  picture("b/10.PNG", 21);
  picture("a/z.png", 10);
  picture("a/deep/a.png", 11);
  picture("Z/x.jpeg", 5);
  folder_.write("a/readme.txt", "no picture");
  auto dataset = open("imagefolder:" + folder_.path());
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(
      std::vector<std::string>((*dataset)->classNames().begin(), (*dataset)->classNames().end()),
      (std::vector<std::string>{"Z", "a", "b"}));
  EXPECT_EQ(samplesOf(**dataset), (Samples{{5, 0}, {10, 1}, {11, 1}, {21, 2}, {20, 2}}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 3);
}

TEST_F(Pictures, GiveBytesDividedBy255WithoutTransforms) {
  picture("a/1.png", 51);
  auto dataset = open("imagefolder:" + folder_.path() + "?mode=gray");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{1, 4, 6}));
  int64_t row = 0;
  std::vector<float> values(24);
  ASSERT_TRUE((*dataset)->readRows(0, {&row, 1}, DType::F32,
                                   reinterpret_cast<std::byte *>(values.data()), {}));
  EXPECT_EQ(values.back(), 0.2f);
}

TEST_F(Pictures, NameTheFileOfAnotherSize) {
  picture("a/1.png", 1);
  picture("a/2.png", 2, {5, 6});
  auto dataset = open("imagefolder:" + folder_.path());
  ASSERT_TRUE(dataset);
  int64_t row = 1;
  std::vector<float> values(72);
  Status status = (*dataset)->readRows(0, {&row, 1}, DType::F32,
                                       reinterpret_cast<std::byte *>(values.data()), {});
  EXPECT_TRUE(has(status.message(), "a/2.png' has 5x6 pixels, the first picture 4x6"));
  Result<TransformList> list = TransformList::parse("Resize((2,2)),ToTensor()");
  auto resized = transformPictures(*dataset, *list, "pictures");
  ASSERT_TRUE(resized) << resized.status().message();
  EXPECT_TRUE((*resized)->readRows(0, {&row, 1}, DType::F32,
                                   reinterpret_cast<std::byte *>(values.data()), {}));
  EXPECT_FLOAT_EQ(values[0], 2.0f / 255.0f);
}

TEST_F(Pictures, NameABrokenFileAndSkipItOnRequestOnly) {
  for (int i = 0; i < 5; ++i) {
    picture(concat("a/", i, ".png"), static_cast<uint8_t>(i));
  }
  std::filesystem::resize_file(folder_ / "a/3.png", 40);
  auto dataset = open("imagefolder:" + folder_.path());
  ASSERT_TRUE(dataset);
  Bytes image;
  EXPECT_TRUE(has((*dataset)->readPicture(3, image).message(), "a/3.png': damaged PNG"));
  auto kept = open("imagefolder:" + folder_.path() + "?skip=broken");
  ASSERT_TRUE(kept) << kept.status().message();
  EXPECT_EQ(samplesOf(**kept), (Samples{{0, 0}, {1, 0}, {2, 0}, {4, 0}}));
  ASSERT_EQ((*kept)->remarks().size(), 1u);
  EXPECT_TRUE(has((*kept)->remarks()[0], "a/3.png"));
  std::filesystem::resize_file(folder_ / "a/0.png", 0);
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path()), "skip=broken"));
}

TEST_F(Pictures, RefuseFoldersWithoutClassesOrPictures) {
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path()), "has no classes"));
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path() + "/nowhere"), "cannot read folder"));
  picture("a/1.png", 1);
  std::filesystem::create_directories(folder_ / "empty");
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path()), "/empty' has no pictures"));
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path() + "?mode=grey"), "did you mean 'gray'"));
}

TEST_F(Pictures, KeepTheClassesOfTraining) {
  picture("dog/1.png", 1);
  const Known known{{"cat", "dog"}, nullptr};
  auto dataset = open("imagefolder:" + folder_.path(), known);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(samplesOf(**dataset), (Samples{{1, 1}}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 2);
  picture("dot/1.png", 1);
  EXPECT_TRUE(has(refusal("imagefolder:" + folder_.path(), known),
                  "class 'dot' is none that the model was trained for; did you mean 'dog'?"));
}

TEST_F(Pictures, AreListedByATable) {
  picture("files/1.png", 1);
  picture("files/2.png", 2);
  folder_.write("list.csv", "id,file,label\n7,1.png,cat\n8,2.png,ant\n9,1.png,cat\n");
  const std::string list = "imagelist:" + (folder_ / "list.csv");
  auto dataset = open(list + "?image=file&label=label&folder=" + (folder_ / "files"));
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(samplesOf(**dataset), (Samples{{1, 1}, {2, 0}, {1, 1}}));
  EXPECT_TRUE(has(refusal(list + "?image=fill"), "no column 'fill'; did you mean 'file'?"));
  folder_.write("numbers.csv", "file,label\nfiles/2.png,4\nfiles/1.png,0\n");
  auto numbers = open("imagelist:" + (folder_ / "numbers.csv"));
  ASSERT_TRUE(numbers) << numbers.status().message();
  EXPECT_EQ(samplesOf(**numbers), (Samples{{2, 4}, {1, 0}}));
  EXPECT_EQ((*numbers)->fields()[1].classes, 5);
}

} // namespace
} // namespace ntc::rt::data
