// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Archives of arrays and single ones: roles, shapes, mapping, and files that lie.
#include "runtime/data/NpzDataset.h"
#include "runtime/data/OpenDataset.h"

#include "Archives.h"
#include "Scratch.h"
#include "Values.h"

#include <fstream>
#include <unistd.h>

namespace ntc::rt::data {
namespace {

class Npz : public testing::Test {
protected:
  Result<std::shared_ptr<const Dataset>> open(std::span<const artifact::InputSpec> inputs = {}) {
    Result<DataSource> source = DataSource::parse("npz:" + (folder_ / "d.npz"));
    return openDataset(*source, Split::Train, inputs);
  }
  std::string failure(const std::vector<std::pair<std::string, std::string>> &entries) {
    folder_.write("d.npz", zip(entries));
    auto dataset = open();
    return dataset ? "(no error)" : dataset.status().message();
  }
  const std::string x_ = npy("<f4", "(2, 3)", bytesOf<float>({1, 2, 3, 4, 5, 6}));
  const std::string y_ = npy("<i8", "(2,)", bytesOf<int64_t>({4, 0}));
  Scratch folder_;
};

TEST_F(Npz, ArraysAreFieldsAndTargetsComeLast) {
  folder_.write("d.npz", zip({{"y.npy", y_}, {"x.npy", x_}}));
  auto dataset = open();
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 2);
  const Field &x = (*dataset)->fields()[0], &y = (*dataset)->fields()[1];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.shape, (std::vector<int64_t>{3}));
  EXPECT_TRUE(y.isTarget);
  EXPECT_EQ(y.classes, 5);
  double row[3];
  int64_t one = 1;
  (*dataset)->copyRows(0, {&one, 1}, DType::F64, reinterpret_cast<std::byte *>(row));
  EXPECT_EQ(row[2], 6.0);
}

TEST_F(Npz, TheModelsNamesDecideWhatIsATarget) {
  folder_.write("d.npz", zip({{"x.npy", x_}, {"answer.npy", y_}}));
  artifact::InputSpec answer{"answer", DType::I64, {2}};
  answer.isTarget = true;
  auto dataset = open(std::span(&answer, 1));
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_TRUE((*dataset)->fields()[1].isTarget);
  EXPECT_FALSE((*open())->fields()[1].isTarget);
}

TEST_F(Npz, RefusesArraysThatDoNotMatch) {
  std::string three = npy("<i8", "(3,)", bytesOf<int64_t>({0, 1, 2}));
  EXPECT_TRUE(has(failure({{"x.npy", x_}, {"y.npy", three}}),
                  "array 'x' has 2 samples, but array 'y' has 3"));
  EXPECT_TRUE(has(failure({{"x.npy", npy("<f4", "()", bytesOf<float>({1}))}}), "found shape []"));
  EXPECT_TRUE(has(failure({}), "holds no arrays"));
  EXPECT_TRUE(has(failure({{"x.npy", npy("|b1", "(2,)", "\1\2")}}), "found 2 at element 1"));
}

TEST_F(Npz, EveryTruncationIsRefused) {
  const std::string whole = zip({{"x.npy", x_}, {"y.npy", y_}});
  for (size_t length = 0; length < whole.size(); ++length) {
    folder_.write("d.npz", whole.substr(0, length));
    EXPECT_FALSE(open()) << "truncated to " << length << " bytes";
  }
}

TEST_F(Npz, ArraysThatStayInTheFileAreReadAsTheOthers) {
  const std::string narrow = npy("<u2", "(2, 2)", bytesOf<uint16_t>({1, 65535, 3, 4}));
  const std::string whole = zip({{"x.npy", x_}, {"narrow.npy", narrow}, {"y.npy", y_}});
  folder_.write("d.npz", whole);
  Result<DataSource> source = DataSource::parse("npz:" + (folder_ / "d.npz"));
  for (uint64_t mappedFrom : {uint64_t{1} << 20, uint64_t{0}}) {
    auto dataset = openNpz(*source, {}, mappedFrom);
    ASSERT_TRUE(dataset) << dataset.status().message();
    EXPECT_EQ(valuesOf<float>(**dataset, 0, DType::F32), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(valuesOf<int32_t>(**dataset, 1, DType::I32), (std::vector<int32_t>{1, 65535, 3, 4}));
    EXPECT_EQ((*dataset)->fields()[2].classes, 5);
    EXPECT_EQ(valuesOf<int64_t>(**dataset, 2, DType::I64), (std::vector<int64_t>{4, 0}));
  }
  // A flipped bit of the values.
  std::string damaged = whole;
  damaged[damaged.find(bytesOf<float>({5, 6}))] ^= 1;
  folder_.write("d.npz", damaged);
  EXPECT_TRUE(has(openNpz(*source, {}, 0).status().message(), "'x.npy': is damaged: its CRC-32"));
}

class NpyFiles : public testing::Test {
protected:
  Scratch folder_;
  const std::string x_ =
      folder_.write("x.npy", npy("<f8", "(3, 2)", bytesOf<double>({1, 2, 3, 4, 5, 6})));
  const std::string mask_ = folder_.write("mask.npy", npy("|b1", "(3,)", {"\1\0\1", 3}));
  const std::string y_ = folder_.write("y.npy", npy("|i1", "(3,)", "\2\1\2"));
};

TEST_F(NpyFiles, EachIsAFieldCalledAsItsFile) {
  auto dataset = open("npy:" + x_ + "?inputs=" + mask_ + "&target=" + y_);
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ((*dataset)->size(), 3);
  ASSERT_EQ((*dataset)->fields().size(), 3u);
  EXPECT_EQ((*dataset)->fields()[1].name, "mask");
  const Field &y = (*dataset)->fields()[2];
  EXPECT_EQ(y.name, "y");
  EXPECT_TRUE(y.isTarget);
  EXPECT_EQ(y.classes, 3);
  EXPECT_EQ(valuesOf<float>(**dataset, 0, DType::F32), (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(valuesOf<float>(**dataset, 1, DType::F32), (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(valuesOf<int64_t>(**dataset, 2, DType::I64), (std::vector<int64_t>{2, 1, 2}));
}

TEST_F(NpyFiles, ColumnMajorArraysAreTurned) {
  std::string turned = npy("<f4", "(2, 2)", bytesOf<float>({1, 3, 2, 4}));
  turned.replace(turned.find("False"), 5, "True ");
  auto dataset = open("npy:" + folder_.write("t.npy", turned));
  ASSERT_TRUE(dataset) << dataset.status().message();
  EXPECT_EQ(valuesOf<float>(**dataset, 0, DType::F32), (std::vector<float>{1, 2, 3, 4}));
}

/// Megabytes of files that the process holds, of which the kernel tells.
double heldMegabytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0, resident = 0, shared = 0;
  file >> total >> resident >> shared;
  return shared * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

TEST_F(NpyFiles, ReadingAllOfAFileHoldsAPartOfIt) {
  constexpr int64_t samples = 16, width = 1 << 20;
  folder_.write("big.npy", npy("|u1", "(16, 1048576)", std::string(samples * width, 'x')));
  std::vector<std::byte> row(width);
  for (uint64_t kept : {uint64_t{64} << 20, uint64_t{4} << 20}) {
    auto dataset = openNpy(*DataSource::parse("npy:" + (folder_ / "big.npy")), kept);
    ASSERT_TRUE(dataset) << dataset.status().message();
    const double before = heldMegabytes();
    for (int64_t i = 0; i < samples; ++i) {
      (*dataset)->copyRows(0, std::span(&i, 1), DType::U8, row.data());
      EXPECT_EQ(row.back(), std::byte{'x'});
    }
    const double held = heldMegabytes() - before;
    if (kept > 16 << 20) {
      EXPECT_GT(held, 12.0);
    } else {
      EXPECT_LT(held, 6.0);
    }
  }
}

TEST_F(NpyFiles, RefusesFilesByName) {
  auto message = [](const std::string &text) { return open(text).status().message(); };
  const std::string two = folder_.write("two.npy", npy("<i8", "(2,)", bytesOf<int64_t>({0, 1})));
  const std::string short_ = folder_.write("short.npy", readAll(x_).substr(0, 150));
  const std::string text = folder_.write("text.npy", "a,b\n");
  const std::string bad = folder_.write("bad.npy", npy("|b1", "(3,)", "\1\1\2"));
  EXPECT_TRUE(has(message("npy:" + x_ + "?target=" + two),
                  "'" + x_ + "' has 3 samples, but '" + two + "' has 2"));
  EXPECT_TRUE(has(message("npy:" + short_), "'" + short_ + "': shape [3, 2] of <f8"));
  EXPECT_TRUE(has(message("npy:" + text), "'" + text + "': does not begin as a .npy array"));
  EXPECT_TRUE(has(message("npy:" + bad), "found 2 at element 2"));
  EXPECT_TRUE(has(message("npy:" + x_ + "?target=" + x_), "called 'x' already"));
  EXPECT_TRUE(has(message("npy:" + x_ + "?target=" + y_ + ","), "divided by commas"));
  EXPECT_TRUE(has(message("npy:" + x_ + "?targets=" + y_), "did you mean 'target'"));
  EXPECT_TRUE(has(message("npy:nowhere.npy"), "nowhere.npy"));
  EXPECT_TRUE(has(message("x.npy"), "write 'npy:x.npy?target=LABELS.npy'"));
}

} // namespace
} // namespace ntc::rt::data
