// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Archives of arrays: roles, shapes, and archives that lie.
#include "runtime/data/OpenDataset.h"

#include "Scratch.h"

namespace ntc::rt::data {
namespace {

/// A .npy file of version 1.0.
std::string npy(std::string_view type, std::string_view shape, std::string_view values) {
  std::string dict = "{'descr': '" + std::string(type) +
                     "', 'fortran_order': False, 'shape': " + std::string(shape) + ", }";
  dict.append(64 - (10 + dict.size() + 1) % 64, ' ');
  dict += '\n';
  std::string out = "\x93NUMPY\x01";
  out += '\0';
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict + std::string(values);
}

void append(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
  }
}

/// A zip archive with stored entries.
std::string zip(const std::vector<std::pair<std::string, std::string>> &entries) {
  std::string out, directory;
  for (const auto &[name, bytes] : entries) {
    uint64_t crc =
        crc32(0, reinterpret_cast<const Bytef *>(bytes.data()), static_cast<uInt>(bytes.size()));
    std::string common;
    append(common, 20, 2);
    append(common, 0, 8); // flags, method, time, date
    append(common, crc, 4);
    append(common, bytes.size(), 4);
    append(common, bytes.size(), 4);
    append(common, name.size(), 2);
    append(common, 0, 2);
    append(directory, 0x02014b50, 4);
    append(directory, 20, 2);
    directory += common;
    append(directory, 0, 2 + 2 + 2 + 4);
    append(directory, out.size(), 4);
    directory += name;
    append(out, 0x04034b50, 4);
    out += common + name + bytes;
  }
  const size_t start = out.size();
  out += directory;
  append(out, 0x06054b50, 4);
  append(out, 0, 4);
  append(out, entries.size(), 2);
  append(out, entries.size(), 2);
  append(out, directory.size(), 4);
  append(out, start, 4);
  append(out, 0, 2);
  return out;
}

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

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

} // namespace
} // namespace ntc::rt::data
