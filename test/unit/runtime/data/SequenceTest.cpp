// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text by characters and bytes, and tensors of a mapped file.
#include "runtime/data/OpenDataset.h"
#include "runtime/format/Safetensors.h"

#include "Scratch.h"
#include "Values.h"

namespace ntc::rt::data {
namespace {

TEST(Text, GivesCharactersAndTheNextOnes) {
  Scratch folder;
  const std::string path = folder.write("t.txt", "abéabc");
  auto dataset = open("text:" + path + "?context=2");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(
      std::vector<std::string>((*dataset)->classNames().begin(), (*dataset)->classNames().end()),
      (std::vector<std::string>{"a", "b", "c", "é"}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 0, DType::I64), (std::vector<int64_t>{0, 1, 3, 0}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 1, DType::I64), (std::vector<int64_t>{1, 3, 0, 1}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 4);
  EXPECT_EQ((*open("text:" + path + "?context=2&stride=1"))->size(), 4);
  EXPECT_EQ((*open("text:" + path + "?context=5"))->size(), 1);
  EXPECT_TRUE(has(open("text:" + path + "?context=6").status().message(), "has 6 tokens, too few"));
  const Known known{{"a", "b"}, nullptr};
  EXPECT_TRUE(has(open("text:" + path + "?context=2", known).status().message(),
                  "at byte 2, which was not in the training data"));
}

TEST(Text, ReadsBytes) {
  Scratch folder;
  const std::string path = folder.write("t.txt", "a\xff!");
  EXPECT_TRUE(
      has(open("text:" + path + "?context=1").status().message(), "not UTF-8 text at byte 1"));
  auto dataset = open("text:" + path + "?context=2&by=bytes");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<int32_t>(**dataset, 1, DType::I32), (std::vector<int32_t>{255, 33}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 256);
  EXPECT_TRUE(has(open("text:" + path + "?by=words").status().message(), "'words'"));
}

TEST(TensorFile, GivesTensorsFromTheMapping) {
  Scratch folder;
  const std::vector<float> x = {1, 2, 3, 4, 5, 6};
  const std::vector<uint8_t> y = {2, 0, 1};
  auto bytes = [](const auto &values) {
    return std::span(reinterpret_cast<const uint8_t *>(values.data()),
                     values.size() * sizeof(values[0]));
  };
  const std::string path = folder / "t.safetensors";
  ASSERT_TRUE(format::writeSafetensors(
      path, {{"label", DType::U8, {3}, bytes(y)}, {"image", DType::F32, {3, 2}, bytes(x)}}, {},
      format::Checksum::Without));
  auto dataset = open("safetensors:" + path);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 3);
  EXPECT_EQ((*dataset)->fields()[0].name, "image");
  EXPECT_EQ((*dataset)->fields()[1].classes, 3);
  EXPECT_EQ(valuesOf<float>(**dataset, 0, DType::F32), x);
  EXPECT_EQ(valuesOf<double>(**dataset, 0, DType::F64), std::vector<double>(x.begin(), x.end()));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 1, DType::I64), (std::vector<int64_t>{2, 0, 1}));
  ASSERT_TRUE(format::writeSafetensors(
      path, {{"y", DType::U8, {3}, bytes(y)}, {"x", DType::F32, {2, 3}, bytes(x)}}, {},
      format::Checksum::Without));
  EXPECT_TRUE(has(open("safetensors:" + path).status().message(), "has 2 samples, but tensor 'y'"));
}

} // namespace
} // namespace ntc::rt::data
