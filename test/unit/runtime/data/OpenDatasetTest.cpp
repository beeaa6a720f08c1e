// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Synthetic data, and which field feeds which input.
#include "runtime/data/OpenDataset.h"

#include "Scratch.h"

#include <cmath>

namespace ntc::rt::data {
namespace {

artifact::InputSpec input(std::string name, DType dtype, std::vector<int64_t> shape,
                          bool isTarget = false, int64_t classes = 0) {
  artifact::InputSpec out;
  out.name = std::move(name);
  out.dtype = dtype;
  out.shape = std::move(shape);
  out.isTarget = isTarget;
  out.classes = classes;
  return out;
}

std::shared_ptr<const Dataset> synthetic(const std::string &text,
                                         std::span<const artifact::InputSpec> inputs) {
  Result<DataSource> source = DataSource::parse(text);
  EXPECT_TRUE(source) << source.status().message();
  auto dataset = openDataset(*source, Split::Train, inputs);
  EXPECT_TRUE(dataset) << dataset.status().message();
  return *dataset;
}

TEST(Synthetic, HasTheShapesOfTheModelAndNormalValues) {
  std::vector<artifact::InputSpec> inputs = {input("image", DType::F32, {8, 1, 28, 28}),
                                             input("label", DType::I64, {8}, true, 10)};
  auto dataset = synthetic("synthetic?samples=200", inputs);
  EXPECT_EQ(dataset->size(), 200);
  EXPECT_EQ(dataset->fields()[0].shape, (std::vector<int64_t>{1, 28, 28}));
  std::vector<float> image(784);
  double sum = 0, squares = 0;
  std::vector<int> count(10);
  for (int64_t i = 0; i < 200; ++i) {
    int64_t label = -1;
    dataset->copyRows(0, {&i, 1}, DType::F32, reinterpret_cast<std::byte *>(image.data()));
    dataset->copyRows(1, {&i, 1}, DType::I64, reinterpret_cast<std::byte *>(&label));
    ASSERT_TRUE(label >= 0 && label < 10);
    ++count[static_cast<size_t>(label)];
    for (float value : image) {
      sum += value;
      squares += double{value} * value;
    }
  }
  // 156,800 normals: the mean's standard error is 0.0025, the variance's 0.0036; five of each are
  // allowed.
  EXPECT_NEAR(sum / (200 * 784), 0.0, 0.0126);
  EXPECT_NEAR(squares / (200 * 784), 1.0, 0.018);
  for (int each : count) {
    EXPECT_GT(each, 0);
  }
}

TEST(Synthetic, DependsOnTheSeedOnly) {
  std::vector<artifact::InputSpec> inputs = {input("x", DType::F64, {1, 5})};
  auto read = [&](const std::string &text, int64_t row) {
    std::vector<double> out(5);
    synthetic(text, inputs)
        ->copyRows(0, {&row, 1}, DType::F64, reinterpret_cast<std::byte *>(out.data()));
    return out;
  };
  EXPECT_EQ(read("synthetic?seed=3", 1), read("synthetic?seed=3", 1));
  EXPECT_NE(read("synthetic?seed=3", 1), read("synthetic?seed=4", 1));
  EXPECT_NE(read("synthetic?seed=3", 1), read("synthetic?seed=3", 2));
}

/// Whichever sample is read first, and across the end of the pool of values: sample 1337 of 784
/// values is values 1048208 to 1048572 of the pool, then 0 to 418.
TEST(Synthetic, ValuesDoNotDependOnWhatWasReadBefore) {
  std::vector<artifact::InputSpec> wide = {input("x", DType::F32, {1, 784})};
  std::vector<artifact::InputSpec> narrow = {input("x", DType::F32, {1, 1})};
  auto images = synthetic("synthetic?samples=2000", wide);
  auto values = synthetic("synthetic?samples=2000000", narrow);
  for (int64_t row : {1337, 1336, 1, 0, 1338}) {
    std::vector<float> image(784), expected(784);
    std::vector<int64_t> rows;
    for (int64_t i = 0; i < 784; ++i) {
      rows.push_back((row * 784 + i) % 1048573);
    }
    images->copyRows(0, {&row, 1}, DType::F32, reinterpret_cast<std::byte *>(image.data()));
    values->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(expected.data()));
    EXPECT_EQ(image, expected) << "sample " << row;
  }
}

class Bindings : public testing::Test {
protected:
  Bindings() {
    folder_.write("train-images-idx3-ubyte", idxBytes({2, 2, 2}, "12345678"));
    folder_.write("train-labels-idx1-ubyte", idxBytes({2}, "\3\x09"));
    auto source = DataSource::parse("idx:" + folder_.path());
    dataset_ = openDataset(*source, Split::Train, {}).take();
  }
  std::string failure(std::vector<artifact::InputSpec> inputs) {
    auto bindings = bindInputs(*dataset_, inputs, "idx");
    return bindings ? "(no error)" : bindings.status().message();
  }
  Scratch folder_;
  std::shared_ptr<const Dataset> dataset_;
};

TEST_F(Bindings, GoByNameThenByRole) {
  std::vector<artifact::InputSpec> byName = {input("label", DType::I32, {4}, true, 10),
                                             input("image", DType::F64, {4, 1, 2, 2})};
  auto bindings = bindInputs(*dataset_, byName, "idx");
  ASSERT_TRUE(bindings) << bindings.status().message();
  EXPECT_EQ((*bindings)[0].field, 1u);
  EXPECT_EQ((*bindings)[0].dtype, DType::I32);
  EXPECT_EQ((*bindings)[1].field, 0u);
  EXPECT_EQ(failure({input("x", DType::F32, {4, 4}), input("t", DType::I64, {4}, true)}),
            "(no error)");
}

TEST_F(Bindings, RefuseWhatDoesNotFit) {
  EXPECT_TRUE(has(failure({input("x", DType::F32, {4, 5})}),
                  "expects samples of shape [5], found input 'image' f32[1, 2, 2]"));
  EXPECT_TRUE(has(failure({input("x", DType::I64, {4, 4})}), "expects i64, found input 'image'"));
  EXPECT_TRUE(has(failure({input("t", DType::I64, {4}, true, 5)}),
                  "expects labels from 0 to 4, found labels up to 9"));
  EXPECT_TRUE(has(failure({input("x", DType::F32, {4, 4}), input("z", DType::F32, {4, 4})}),
                  "has nothing for the model's input 'z'"));
}

TEST(Conversions, FollowTheTable) {
  Field label{"y", DType::I64, {}, true, 10}, number{"x", DType::F64, {}, false, 0};
  Field whole{"n", DType::I64, {}, false, 0}, half{"h", DType::F16, {}, false, 0};
  EXPECT_TRUE(canConvert(label, DType::I32));
  EXPECT_TRUE(canConvert(label, DType::U8));
  EXPECT_TRUE(canConvert(label, DType::F32));
  EXPECT_FALSE(canConvert(number, DType::I64));
  EXPECT_TRUE(canConvert(number, DType::F32));
  EXPECT_FALSE(canConvert(whole, DType::I32));
  EXPECT_FALSE(canConvert(half, DType::F32));
  EXPECT_TRUE(canConvert(half, DType::F16));
}

} // namespace
} // namespace ntc::rt::data
