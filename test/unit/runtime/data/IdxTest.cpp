// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IDX folders: values, names of files, and files that lie.
#include "runtime/data/OpenDataset.h"

#include "Scratch.h"

#include <chrono>

namespace ntc::rt::data {
namespace {

Result<std::shared_ptr<const Dataset>> open(const std::string &text, Split split = Split::Train) {
  Result<DataSource> source = DataSource::parse(text);
  if (!source) {
    return source.status();
  }
  return openDataset(*source, split, {});
}

std::string failure(const Scratch &folder) {
  auto dataset = open("mnist:" + folder.path());
  return dataset ? "(no error)" : dataset.status().message();
}

/// Two images of 2x2 with labels 3 and 9.
void writeSound(const Scratch &folder) {
  folder.write("train-images-idx3-ubyte",
               idxBytes({2, 2, 2}, std::string_view("\0\x33\xff\1abcd", 8)));
  folder.write("train-labels-idx1-ubyte", idxBytes({2}, "\3\x09"));
}

/// The message for a sound folder whose images or labels were replaced by `bytes`.
std::string failureWithImages(std::string_view bytes) {
  Scratch folder;
  writeSound(folder);
  folder.write("train-images-idx3-ubyte", bytes);
  return failure(folder);
}
std::string failureWithLabels(std::string_view bytes) {
  Scratch folder;
  writeSound(folder);
  folder.write("train-labels-idx1-ubyte", bytes);
  return failure(folder);
}

TEST(Idx, ScalesAsToTensor) {
  Scratch folder;
  writeSound(folder);
  auto dataset = open("mnist:" + folder.path());
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 2);
  const Field &image = (*dataset)->fields()[0];
  EXPECT_EQ(image.shape, (std::vector<int64_t>{1, 2, 2}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 10);
  float pixels[4];
  int64_t label = 0, row = 0;
  (*dataset)->copyRows(0, {&row, 1}, DType::F32, reinterpret_cast<std::byte *>(pixels));
  (*dataset)->copyRows(1, {&row, 1}, DType::I64, reinterpret_cast<std::byte *>(&label));
  EXPECT_EQ(pixels[0], 0.0f);
  EXPECT_EQ(pixels[1], 0x33 / 255.0f);
  EXPECT_EQ(pixels[2], 1.0f);
  EXPECT_EQ(label, 3);
  double wide[4];
  (*dataset)->copyRows(0, {&row, 1}, DType::F64, reinterpret_cast<std::byte *>(wide));
  EXPECT_EQ(wide[1], static_cast<double>(0x33 / 255.0f));
}

std::vector<std::string> namesOf(const std::string &text) {
  auto dataset = open(text);
  return dataset ? std::vector<std::string>((*dataset)->classNames().begin(),
                                            (*dataset)->classNames().end())
                 : std::vector<std::string>{dataset.status().message()};
}

TEST(Idx, NamesClassesOnlyWhereItIsSaidWhatTheyAre) {
  Scratch folder;
  writeSound(folder);
  EXPECT_TRUE(namesOf("mnist:" + folder.path()).empty());
  EXPECT_TRUE(namesOf("idx:" + folder.path()).empty());
  EXPECT_EQ(namesOf("fashion-mnist:" + folder.path())[9], "Ankle boot");
  const std::string names = folder.write("names.txt", "a\nb\r\nc\nd\ne\nf\ng\nh\ni\nj j\n\n");
  const std::vector<std::string> said = namesOf("idx:" + folder.path() + "?class_names=" + names);
  ASSERT_EQ(said.size(), 10u);
  EXPECT_EQ(said[1], "b");
  EXPECT_EQ(said[9], "j j");
}

TEST(Idx, RefusesNamesThatDoNotFitTheLabels) {
  Scratch folder;
  writeSound(folder);
  const auto problem = [&](std::string_view lines) {
    const std::string file = folder.write("names.txt", lines);
    return namesOf("mnist:" + folder.path() + "?class_names=" + file)[0];
  };
  EXPECT_TRUE(problem("a\nb\n").ends_with("names.txt' names 2 classes, but labels go up to 9"));
  EXPECT_TRUE(problem("a\n\nb\n")
                  .ends_with("line 2: expected the name of a class in UTF-8, found an empty line"));
  EXPECT_TRUE(problem("a\nb\na\n").ends_with("line 3: the name 'a' is also that of line 1"));
  EXPECT_TRUE(problem("a\n\xff\n").ends_with("found other bytes"));
}

TEST(Idx, ScalesEveryByteAsADivisionDoes) {
  Scratch folder;
  std::string bytes(2 * 256, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 7);
  }
  folder.write("train-images-idx3-ubyte", idxBytes({2, 16, 16}, bytes));
  folder.write("train-labels-idx1-ubyte", idxBytes({2}, "\3\x09"));
  auto dataset = open("mnist:" + folder.path());
  ASSERT_TRUE(dataset) << dataset.status().message();
  std::vector<float> pixels(512);
  const std::vector<int64_t> rows = {0, 1};
  (*dataset)->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(pixels.data()));
  for (size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_EQ(pixels[i], static_cast<float>(static_cast<uint8_t>(bytes[i])) / 255.0f) << i;
  }
}

TEST(Idx, NormalizesInF32) {
  Scratch folder;
  writeSound(folder);
  auto dataset = open("idx:" + folder.path() + "?normalize=0.5,0.25");
  ASSERT_TRUE(dataset) << dataset.status().message();
  float pixels[4];
  int64_t row = 0;
  (*dataset)->copyRows(0, {&row, 1}, DType::F32, reinterpret_cast<std::byte *>(pixels));
  EXPECT_EQ(pixels[0], -2.0f);
  EXPECT_EQ(pixels[1], (0x33 / 255.0f - 0.5f) / 0.25f);
  EXPECT_FALSE(open("idx:" + folder.path() + "?normalize=0.5,0"));
}

TEST(Idx, ReadsCompressedFilesAndTheTestSplit) {
  Scratch folder;
  folder.writeGzip("t10k-images-idx3-ubyte.gz", idxBytes({1, 1, 2}, "\1\2"));
  folder.writeGzip("t10k-labels-idx1-ubyte.gz", idxBytes({1}, "\7"));
  auto dataset = open("idx:" + folder.path(), Split::Test);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 1);
  EXPECT_EQ((*dataset)->fields()[1].classes, 8);
  EXPECT_TRUE(has(open("idx:" + folder.path()).status().message(), "has no file 'train-images"));
}

TEST(Idx, RefusesMissingAndEmptyFiles) {
  Scratch folder;
  EXPECT_TRUE(has(failure(folder), "has no file 'train-images-idx3-ubyte'"));
  EXPECT_TRUE(has(failureWithImages(""),
                  "expected an IDX header of 16 bytes, found 0 (the file is empty)"));
}

TEST(Idx, RefusesWrongMagicTypeAndRank) {
  EXPECT_TRUE(has(failureWithLabels("PK\3\4 something else"),
                  "expected it to begin with the bytes 00000801, found 504b0304"));
  std::string floats = idxBytes({2}, "\1\2");
  floats[2] = '\x0d';
  EXPECT_TRUE(
      has(failureWithLabels(floats), "expected IDX elements of type u8 (8), found type 13 (f32)"));
  EXPECT_TRUE(has(failureWithLabels(idxBytes({2, 1, 1}, "\1\2")),
                  "expected 1 dimension (labels), found 3"));
}

TEST(Idx, RefusesSizesThatTheFileCannotHave) {
  EXPECT_TRUE(has(failureWithImages(idxBytes({0x7fffffff, 0x7fffffff, 0x7fffffff}, "x")),
                  "whose product fits 64 bits"));
  EXPECT_TRUE(has(failureWithImages(idxBytes({2, 60000, 60000}, "x")),
                  "7200000000 bytes, but the file has 17 bytes"));
  EXPECT_TRUE(has(failureWithImages(idxBytes({2, 0, 2}, "")), "found dimension 1 of size 0"));
}

TEST(Idx, RefusesTruncatedAndTooLongContent) {
  EXPECT_TRUE(has(failureWithImages(idxBytes({2, 2, 2}, "1234567")),
                  "is truncated: expected 8 bytes for [2, 2, 2], found 7"));
  EXPECT_TRUE(has(failureWithImages(idxBytes({2, 2, 2}, "123456789")),
                  "expected 8 bytes after the header for [2, 2, 2], found more"));
}

TEST(Idx, RefusesCountsThatDiffer) {
  const std::string message = failureWithLabels(idxBytes({3}, "\1\2\3"));
  EXPECT_TRUE(has(message, "has 2 images, but"));
  EXPECT_TRUE(has(message, "has 3 labels"));
}

TEST(Idx, RefusesLabelsOutOfRange) {
  EXPECT_TRUE(has(failureWithLabels(idxBytes({2}, "\3\x0a")),
                  "expected labels from 0 to 9, found 10 at sample 1"));
}

TEST(Idx, EveryTruncationOfACompressedFileIsRefused) {
  Scratch folder;
  writeSound(folder);
  std::filesystem::remove(folder / "train-images-idx3-ubyte");
  std::string path =
      folder.writeGzip("train-images-idx3-ubyte.gz", idxBytes({2, 2, 2}, "12345678"));
  const std::string whole = readAll(path);
  ASSERT_EQ(failure(folder), "(no error)");
  for (size_t length = 0; length < whole.size(); ++length) {
    folder.write("train-images-idx3-ubyte.gz", whole.substr(0, length));
    EXPECT_NE(failure(folder), "(no error)") << "truncated to " << length << " bytes";
  }
}

TEST(Idx, EveryFlippedByteOfACompressedFileIsRefusedOrHarmless) {
  Scratch folder;
  writeSound(folder);
  std::filesystem::remove(folder / "train-images-idx3-ubyte");
  std::string path =
      folder.writeGzip("train-images-idx3-ubyte.gz", idxBytes({2, 2, 2}, "12345678"));
  const std::string whole = readAll(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0xff);
    folder.write("train-images-idx3-ubyte.gz", flipped);
    auto dataset = open("mnist:" + folder.path());
    // Bytes 4..9 of a gzip header (time, hints, system) carry no data.
    EXPECT_EQ(dataset.isOk(), at >= 4 && at < 10) << "byte " << at;
  }
}

TEST(Idx, OpensDebiansFashionMnistQuickly) {
  auto begin = std::chrono::steady_clock::now();
  auto dataset = open("fashion-mnist");
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!dataset && dataset.status().code() == Code::NotFound) {
    GTEST_SKIP() << dataset.status().message();
  }
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 60000);
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{1, 28, 28}));
  RecordProperty("seconds", std::to_string(seconds));
  auto test = open("fashion-mnist?split=test&samples=100");
  ASSERT_TRUE(test);
  EXPECT_EQ((*test)->size(), 100);
}

TEST(Cifar10, ReadsRecordsAndRefusesOddSizes) {
  Scratch folder;
  std::string record(3073, '\x33');
  record[0] = 4;
  folder.write("test_batch.bin", record + record);
  auto dataset = open("cifar10:" + folder.path(), Split::Test);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 2);
  EXPECT_EQ((*dataset)->fields()[0].shape, (std::vector<int64_t>{3, 32, 32}));
  EXPECT_EQ((*dataset)->classNames()[3], "cat");
  folder.write("batches.meta.txt", "A\nB\nC\nD\nE\nF\nG\nH\nI\nJ\n\n");
  dataset = open("cifar10:" + folder.path(), Split::Test);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->classNames()[3], "D");
  folder.write("test_batch.bin", record + "x");
  EXPECT_TRUE(has(open("cifar10:" + folder.path(), Split::Test).status().message(),
                  "expected a multiple of 3073 bytes"));
  record[0] = 10;
  folder.write("test_batch.bin", record);
  EXPECT_TRUE(has(open("cifar10:" + folder.path(), Split::Test).status().message(),
                  "expected labels from 0 to 9, found 10"));
}

} // namespace
} // namespace ntc::rt::data
