// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams of tokens in files; sequences with padding, masks and buckets.
#include "runtime/data/ClassSampler.h"
#include "runtime/data/Loader.h"

#include "Archives.h"
#include "Scratch.h"
#include "Values.h"

#include <algorithm>
#include <numeric>

namespace ntc::rt::data {
namespace {

using Numbers = std::vector<int64_t>;

TEST(Tokens, AreReadFromRawFilesAndArrays) {
  Scratch folder;
  const std::string raw = folder.write("t.bin", bytesOf<uint16_t>({7, 0, 65535, 3, 4, 5}));
  auto dataset = open("tokens:" + raw + "?context=2");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 0, DType::I64), (Numbers{7, 0, 65535, 3}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 1, DType::I64), (Numbers{0, 65535, 3, 4}));
  EXPECT_EQ((*dataset)->fields()[1].classes, 65536);
  EXPECT_EQ((*open("tokens:" + raw + "?context=2&vocabulary=70000"))->fields()[1].classes, 70000);
  const std::string array =
      folder.write("t.npy", npy("<i8", "(4,)", bytesOf<int64_t>({1, 2, 3, 2})));
  EXPECT_EQ(valuesOf<int64_t>(**open("tokens:" + array + "?context=3"), 1, DType::I64),
            (Numbers{2, 3, 2}));
  const std::string bytes = folder.write("u8.bin", "\x01\x02\x03");
  EXPECT_EQ((*open("tokens:" + bytes + "?context=1&dtype=u8"))->size(), 2);
}

TEST(Tokens, RefusalsNameTheFile) {
  Scratch folder;
  auto message = [&](std::string_view name, const std::string &content,
                     const std::string &options) {
    auto dataset = open("tokens:" + folder.write(name, content) + "?context=2" + options);
    return dataset ? "accepted" : dataset.status().message();
  };
  EXPECT_TRUE(has(message("a.bin", "abc", ""), "its 3 bytes are no whole number of u16"));
  EXPECT_TRUE(has(message("a.bin", "abcd", ""), "has 2 tokens, too few"));
  EXPECT_TRUE(has(message("a.bin", "abcdef", "&dtype=f32"), "'dtype' cannot be 'f32'"));
  EXPECT_TRUE(has(message("a.bin", bytesOf<uint16_t>({1, 9, 2}), "&vocabulary=9"),
                  "from 0 to 8, found 9 at place 1"));
  EXPECT_TRUE(has(message("a.bin", bytesOf<int32_t>({1, -9, 2}), "&dtype=i32"), "found -9"));
  EXPECT_TRUE(has(message("a.npy", npy("<f4", "(3,)", bytesOf<float>({1, 2, 3})), ""), "f32[3]"));
  EXPECT_TRUE(has(message("a.npy", "", "&dtype=u8"), "names its type itself"));
  EXPECT_TRUE(has(open("tokens:none.bin").status().message(), "none.bin"));
}

TEST(Sequences, OfAFolderHaveAClassPerFile) {
  Scratch folder;
  folder.write("b.txt", "xy\r\n\nz\n");
  folder.write("a.txt", "abc");
  auto dataset = open("sequences:" + folder.path());
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->classNames()[1], "b");
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 0, DType::I64),
            (Numbers{'a', 'b', 'c', 'x', 'y', 256, 'z', 256, 256}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 1, DType::I64), (Numbers{3, 2, 1}));
  EXPECT_EQ(valuesOf<uint8_t>(**dataset, 2, DType::Bool),
            (std::vector<uint8_t>{1, 1, 1, 1, 1, 0, 1, 0, 0}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 3, DType::I64), (Numbers{0, 1, 1}));
  EXPECT_TRUE(has((*dataset)->nameOf(2), "b.txt', line 3"));
  auto cut = open("sequences:" + folder.path() + "?length=2&truncate=yes&pad=-1");
  EXPECT_EQ(valuesOf<int64_t>(**cut, 0, DType::I64), (Numbers{'a', 'b', 'x', 'y', 'z', -1}));
  EXPECT_EQ(valuesOf<float>(**cut, 0, DType::F32).back(), -1.0f);
  EXPECT_TRUE(has(open("sequences:" + folder.path() + "?length=2").status().message(),
                  "a.txt', line 1 has 3 elements, more than the length 2"));
  const Known known{{"a", "c"}, nullptr};
  EXPECT_TRUE(has(open("sequences:" + folder.path(), known).status().message(),
                  "'b' was not in the training data"));
}

TEST(Sequences, OfATableNameTheirColumns) {
  Scratch folder;
  const std::string path = folder.write("t.csv", "kind,say\nno,hi\nyes,\"a, b\"\n");
  auto dataset = open("sequences:" + path + "?text=say&label=kind");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 1, DType::I64), (Numbers{2, 4}));
  EXPECT_EQ((*dataset)->fields()[3].classes, 2);
  EXPECT_EQ((*open("sequences:" + path + "?text=say"))->fields().size(), 3u);
  EXPECT_TRUE(has(open("sequences:" + path).status().message(), "text=COLUMN"));
  const std::string plain = folder.write("p.csv", "label,text\nno,hi\nyes,hey\n");
  EXPECT_EQ((*open("sequences:" + plain))->fields()[3].classes, 2);
  EXPECT_TRUE(
      has(open("sequences:" + path + "?text=sya").status().message(), "did you mean 'say'"));
}

TEST(Sequences, OfAnArchiveMayHaveLabelsOfElements) {
  Scratch folder;
  auto write = [&](const std::string &offsets, const std::string &y) {
    return folder.write("s.npz",
                        zip({{"x.npy", npy("<f4", "(3, 2)", bytesOf<float>({1, 2, 3, 4, 5, 6}))},
                             {"offsets.npy", offsets},
                             {"y.npy", y}}));
  };
  const std::string offsets = npy("<i8", "(3,)", bytesOf<int64_t>({0, 1, 3}));
  auto dataset = open(
      "sequences:" + write(offsets, npy("<i4", "(3,)", bytesOf<int32_t>({1, 0, 2}))) + "?pad=9");
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<float>(**dataset, 0, DType::F32),
            (std::vector<float>{1, 2, 9, 9, 3, 4, 5, 6}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 3, DType::I64), (Numbers{1, -100, 0, 2}));
  dataset = open("sequences:" + write(offsets, npy("<f8", "(2,)", bytesOf<double>({0.5, -1}))));
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<double>(**dataset, 3, DType::F64), (std::vector<double>{0.5, -1}));
  const std::string y = npy("<i4", "(2,)", bytesOf<int32_t>({0, 1}));
  for (const Numbers &bad : {Numbers{0, 1, 4}, Numbers{1, 1, 3}, Numbers{0, 4, 3}}) {
    EXPECT_TRUE(
        has(open("sequences:" + write(npy("<i8", "(3,)", bytesOf(bad)), y)).status().message(),
            "'offsets' should rise from 0 to 3"));
  }
  EXPECT_TRUE(has(open("sequences:" + write(offsets, npy("<i4", "(1,)", bytesOf<int32_t>({0}))))
                      .status()
                      .message(),
                  "'y' should have 2 or 3 rows"));
  EXPECT_TRUE(
      has(open("sequences:" + write(offsets, y) + "?by=bytes").status().message(), "is for texts"));
}

TEST(Sequences, RefuseOptionsThatDoNotFit) {
  Scratch folder;
  const std::string path = folder.write("t.txt", "abcd\nab\n");
  auto message = [&](const std::string &options) {
    auto dataset = open("sequences:" + path + options);
    return dataset ? "accepted" : dataset.status().message();
  };
  EXPECT_EQ(message("?buckets=2,4"), "accepted");
  EXPECT_TRUE(has(message("?buckets=4,2"), "ascending lengths"));
  EXPECT_TRUE(has(message("?buckets=2,"), "ascending lengths"));
  EXPECT_TRUE(has(message("?buckets=2,3"), "more than the length 3"));
  EXPECT_TRUE(has(message("?buckets=8&length=4"), "longer than the length 4"));
  EXPECT_TRUE(has(message("?truncate=maybe"), "yes or no"));
  EXPECT_TRUE(has(message("?label=x"), "name columns of a .csv"));
  EXPECT_TRUE(has(open("sequences:" + folder.path() + "/none").status().message(), "none"));
}

TEST(Sequences, ByCharactersKeepThoseOfTheTrainingData) {
  Scratch folder;
  folder.write("b.txt", "bé\n");
  folder.write("a.txt", "éab");
  auto dataset = open("sequences:" + folder.path() + "?by=chars");
  ASSERT_TRUE(dataset) << dataset.status().message();
  const Known known = knownOf(**dataset);
  EXPECT_EQ(known.classes, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(known.characters, (std::vector<std::string>{"a", "b", "é"}));
  // The token behind all others is the padding's.
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 0, DType::I64), (Numbers{2, 0, 1, 1, 2, 3}));
  Scratch other;
  const std::string path = other.write("t.csv", "say,kind\néb,b\n");
  auto later = open("sequences:" + path + "?text=say&label=kind&by=chars", known);
  ASSERT_TRUE(later) << later.status().message();
  EXPECT_EQ(valuesOf<int64_t>(**later, 0, DType::I64), (Numbers{2, 1}));
  EXPECT_EQ(valuesOf<int64_t>(**later, 3, DType::I64), (Numbers{1}));
  other.write("t.csv", "say,kind\naxb,b\n");
  EXPECT_TRUE(
      has(open("sequences:" + path + "?text=say&label=kind&by=chars", known).status().message(),
          "t.csv', line 2 has the character 'x' at byte 1, which was not in the training data"));
  other.write("t.csv", "say,kind\na\xff,b\n");
  EXPECT_TRUE(has(open("sequences:" + path + "?text=say&by=chars").status().message(),
                  "t.csv', line 2 is not UTF-8 text at byte 1"));
}

/// Batches of one bucket each; the same order for any number of workers and from any place.
TEST(Sequences, BucketsMakeBatchesOfLikeLength) {
  Scratch folder;
  std::string lines;
  for (int i = 0; i < 300; ++i) {
    lines += std::string(static_cast<size_t>(1 + i * 7 % 30), 'a') + "\n";
  }
  std::shared_ptr<const Dataset> dataset =
      *open("sequences:" + folder.write("t.txt", lines) + "?buckets=8,16,32");
  auto sampler = samplerOf(*parseSampler("bucketed"), *dataset, nullptr, 16, 5);
  ASSERT_TRUE(sampler) << sampler.status().message();
  std::vector<int64_t> rows(300), again(300), next(300);
  (*sampler)->order(0)->rows(0, rows);
  (*sampler)->order(1)->rows(0, next);
  EXPECT_NE(rows, next);
  const auto order = (*sampler)->order(0);
  for (int64_t at : {0, 1, 17, 200, 290}) {
    order->rows(at, std::span(again).subspan(static_cast<size_t>(at)));
    EXPECT_TRUE(std::equal(again.begin() + at, again.end(), rows.begin() + at)) << at;
  }
  int mixed = 0;
  auto bucketOf = [&](int64_t row) {
    return (dataset->lengthOf(row) + 7) / 8 > 2 ? 3 : (dataset->lengthOf(row) + 7) / 8;
  };
  for (size_t begin = 0; begin + 16 <= rows.size(); begin += 16) {
    for (size_t i = begin; i < begin + 16; ++i) {
      if (bucketOf(rows[i]) != bucketOf(rows[begin])) {
        ++mixed;
        break;
      }
    }
  }
  EXPECT_LE(mixed, 2) << "only what is left of the buckets is mixed";
  std::ranges::sort(rows);
  std::vector<int64_t> all(300);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(rows, all);
  std::vector<std::vector<int64_t>> read;
  for (int64_t workers : {0, 1, 2, 7}) {
    auto loader =
        Loader::create(dataset, {{0, DType::I64}},
                       {.batchSize = 16, .seed = 5, .sampler = *sampler, .workers = workers});
    ASSERT_TRUE(loader) << loader.status().message();
    (*loader)->start(3, 48);
    auto &values = read.emplace_back();
    while (const Batch *batch = (*loader)->next()) {
      const auto *x = static_cast<const int64_t *>(batch->arrays[0]);
      values.insert(values.end(), x, x + batch->size * 32);
      values.push_back(batch->length);
      for (int64_t i = 0; i < batch->size; ++i) {
        EXPECT_TRUE(std::all_of(x + i * 32 + batch->length, x + (i + 1) * 32,
                                [](int64_t token) { return token == 256; }));
      }
    }
    EXPECT_EQ(values, read[0]) << workers;
  }
  EXPECT_TRUE(has(
      samplerOf(*parseSampler("bucketed"), **open("sequences:" + folder / "t.txt"), nullptr, 16, 5)
          .status()
          .message(),
      "no option buckets"));
}

} // namespace
} // namespace ntc::rt::data
