// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Archives of arrays: roles, shapes, and archives that lie.
#include "runtime/data/OpenDataset.h"

#include "Archives.h"
#include "Scratch.h"

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

} // namespace
} // namespace ntc::rt::data
