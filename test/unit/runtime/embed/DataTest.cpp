// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// <ntc/data.hpp>: tensors in memory, classes of the program, splits, transforms, and batches whose
// order depends on seed and epoch alone.
#include <ntc/data.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

namespace {

using namespace ntc::data;

constexpr int64_t kSamples = 50;

/// Sample i has the pixels i, i, i, i, the number i / 2 and the label i mod 3.
struct Arrays {
  std::vector<uint8_t> image;
  std::vector<float> x;
  std::vector<int64_t> label;

  Arrays() {
    for (int64_t i = 0; i < kSamples; ++i) {
      image.insert(image.end(), 4, static_cast<uint8_t>(i));
      x.push_back(0.5f * static_cast<float>(i));
      label.push_back(i % 3);
    }
  }
  Result<Dataset> open(Memory memory = Memory::Copy) const {
    return Dataset::fromTensors({target("label", label, {kSamples}),
                                 tensor("image", image, {kSamples, 1, 2, 2}),
                                 tensor("x", x, {kSamples, 1})},
                                memory, {"zero", "one", "two"});
  }
};

/// x of every sample of an epoch, in order.
std::vector<float> read(DataLoader &loader, uint64_t epoch, int64_t position = 0) {
  std::vector<float> out;
  for (const Batch &batch : loader.epoch(epoch, position)) {
    const auto values = batch.values<float>("x");
    EXPECT_EQ(static_cast<int64_t>(values.size()), batch.size);
    out.insert(out.end(), values.begin(), values.end());
    EXPECT_EQ(batch.position, position + static_cast<int64_t>(out.size()));
  }
  EXPECT_TRUE(loader.status()) << loader.status().message();
  return out;
}

DataLoader make(const Dataset &data, const LoaderOptions &options) {
  auto loader = DataLoader::create(data, options);
  EXPECT_TRUE(loader) << loader.status().message();
  return loader.take();
}

TEST(Tensors, AreFieldsWithLabelsCountedAndInputsFirst) {
  auto data = Arrays().open();
  ASSERT_TRUE(data) << data.status().message();
  EXPECT_EQ(data->size(), kSamples);
  const std::vector<Field> fields = data->fields();
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0].name, "image");
  EXPECT_EQ(fields[0].shape, (std::vector<int64_t>{1, 2, 2}));
  EXPECT_EQ(fields[2].name, "label");
  EXPECT_EQ(fields[2].classes, 3);
  EXPECT_EQ(data->classNames()[1], "one");
  uint8_t pixels[4];
  int64_t label = -1;
  void *const outputs[] = {pixels, nullptr, &label};
  ASSERT_TRUE(data->get(7, outputs));
  EXPECT_EQ(pixels[3], 7);
  EXPECT_EQ(label, 1);
  EXPECT_EQ(data->get(kSamples, outputs).code(), NTC_INVALID_ARGUMENT);
  ASSERT_TRUE(data->summary());
  EXPECT_NE(data->summary()->find("50"), std::string::npos);
}

TEST(Tensors, AreReadInPlaceWhereBorrowed) {
  Arrays arrays;
  auto copied = arrays.open(), borrowed = arrays.open(Memory::Borrow);
  ASSERT_TRUE(copied && borrowed);
  arrays.x[3] = 99.0f;
  DataLoader one = make(*copied, {.batchSize = 8}), other = make(*borrowed, {.batchSize = 8});
  EXPECT_EQ(read(one, 0)[3], 1.5f);
  EXPECT_EQ(read(other, 0)[3], 99.0f);
}

TEST(Tensors, AreRefusedByName) {
  const std::vector<float> x(12);
  const std::vector<int64_t> label = {0, 1, 2, 3};
  auto message = [](const std::vector<Tensor> &tensors) {
    auto data = Dataset::fromTensors(tensors);
    return data ? std::string() : data.status().message();
  };
  EXPECT_NE(message({}).find("at least one tensor"), std::string::npos);
  EXPECT_NE(message({tensor("x", x, {5, 3})}).find("has 12 values"), std::string::npos);
  EXPECT_NE(message({tensor("x", x, {4, 3}), target("label", label, {2, 2})}).find("2 samples"),
            std::string::npos);
  EXPECT_NE(message({tensor("x", x, {4, 3}), target("x", label, {4})}).find("two tensors"),
            std::string::npos);
  EXPECT_NE(message({target("label", label, {4}, 3)}).find("labels from 0 to 2"),
            std::string::npos);
  EXPECT_NE(message({tensor("", x, {4, 3})}).find("needs a name"), std::string::npos);
  EXPECT_NE(message({tensor("x", x, {4, -3})}).find("shape"), std::string::npos);
}

TEST(DataLoader, OrderDependsOnSeedAndEpochAlone) {
  auto data = Arrays().open();
  ASSERT_TRUE(data);
  DataLoader loader = make(*data, {.batchSize = 8, .shuffle = true, .workers = 0, .seed = 3});
  EXPECT_EQ(loader.size(), 7);
  const std::vector<float> first = read(loader, 0), second = read(loader, 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(std::set<float>(first.begin(), first.end()).size(), static_cast<size_t>(kSamples));
  for (int64_t workers : {1, 2, 7}) {
    DataLoader other =
        make(*data, {.batchSize = 8, .shuffle = true, .workers = workers, .seed = 3});
    EXPECT_EQ(read(other, 0), first) << workers;
    EXPECT_EQ(read(other, 1), second) << workers;
    EXPECT_EQ(read(other, 1, 16), std::vector<float>(second.begin() + 16, second.end()));
  }
  DataLoader dropping = make(*data, {.batchSize = 8, .dropLast = true});
  EXPECT_EQ(read(dropping, 0).size(), 48u);
}

TEST(DataLoader, GivesColumnsAsAsked) {
  auto data = Arrays().open();
  ASSERT_TRUE(data);
  DataLoader loader =
      make(*data, {.batchSize = 4, .columns = {{"x", NTC_F64, "input"}, {"label", NTC_I32}}});
  const Batch *batch = loader.next();
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->tensors.size(), 2u);
  EXPECT_STREQ(batch->tensors[0].name, "input");
  EXPECT_EQ(batch->values<double>("input")[3], 1.5);
  EXPECT_EQ(batch->values<int32_t>("label")[2], 2);
  EXPECT_TRUE(batch->values<float>("input").empty());
  auto wrong = DataLoader::create(*data, {.columns = {{"label", NTC_BF16}}});
  EXPECT_NE(wrong.status().message().find("'label' of i64"), std::string::npos);
  wrong = DataLoader::create(*data, {.columns = {{"y", NTC_F32}}});
  EXPECT_NE(wrong.status().message().find("no field 'y'"), std::string::npos);
}

TEST(DataLoader, DrawsByWeightsAndSamplers) {
  auto data = Arrays().open();
  ASSERT_TRUE(data);
  std::vector<double> weights(kSamples, 0.0);
  weights[7] = weights[8] = 1.0;
  DataLoader loader = make(*data, {.batchSize = 10, .weights = weights});
  for (float x : read(loader, 0)) {
    EXPECT_TRUE(x == 3.5f || x == 4.0f) << x;
  }
  // Those of the whole are weights of its parts too.
  auto part = data->subset({3, 8, 9});
  ASSERT_TRUE(part);
  DataLoader ofPart = make(*part, {.batchSize = 3, .weights = weights});
  EXPECT_EQ(read(ofPart, 0), (std::vector<float>{4.0f, 4.0f, 4.0f}));
  DataLoader stratified = make(*data, {.batchSize = 10, .sampler = "stratified"});
  EXPECT_EQ(read(stratified, 0).size(), static_cast<size_t>(kSamples));
  EXPECT_FALSE(DataLoader::create(*data, {.sampler = "stratifed"}));
  EXPECT_FALSE(DataLoader::create(*data, {.shuffle = true, .sampler = "random"}));
  EXPECT_FALSE(DataLoader::create(*data, {.weights = {1.0}}));
  EXPECT_FALSE(DataLoader::create(*data, {.batchSize = 0}));
}

TEST(Splits, ArePartsOfTheWhole) {
  auto data = Arrays().open();
  ASSERT_TRUE(data);
  auto parts = randomSplit(*data, "10", 5);
  ASSERT_TRUE(parts) << parts.status().message();
  EXPECT_EQ(parts->train.size(), 40);
  EXPECT_EQ(parts->validation.size(), 10);
  auto folds = kFold(*data, 5, 5, true);
  ASSERT_TRUE(folds) << folds.status().message();
  std::set<float> seen;
  for (Parts &part : *folds) {
    DataLoader loader = make(part.validation, {.batchSize = 50});
    for (float x : read(loader, 0)) {
      EXPECT_TRUE(seen.insert(x).second);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(kSamples));
  EXPECT_FALSE(kFold(*data, 1));
  EXPECT_FALSE(kFold(*data, 51));
  EXPECT_FALSE(randomSplit(*data, "50"));
  EXPECT_FALSE(randomSplit(*data, "half"));
  auto subset = data->subset({4, 4, 2});
  ASSERT_TRUE(subset);
  DataLoader loader = make(*subset, {.batchSize = 3});
  EXPECT_EQ(read(loader, 0), (std::vector<float>{2.0f, 2.0f, 1.0f}));
  EXPECT_FALSE(data->subset({50}));
  EXPECT_FALSE(data->subset({}));
}

TEST(Transforms, ChangePicturesInMemory) {
  auto data = Arrays().open();
  ASSERT_TRUE(data);
  auto made = data->transform("RandomCrop(2, padding=1), ToTensor()");
  ASSERT_TRUE(made) << made.status().message();
  EXPECT_EQ(made->fields()[0].dtype, NTC_F32);
  made = data->transform("ToTensor()");
  ASSERT_TRUE(made);
  DataLoader loader = make(*made, {.batchSize = 5});
  EXPECT_EQ(loader.next()->values<float>("image")[4 * 4], 4.0f / 255.0f);
  EXPECT_FALSE(data->transform("ToTensr()"));
  const std::vector<float> x(4);
  auto numbers = Dataset::fromTensors({tensor("x", x, {4, 1})});
  ASSERT_TRUE(numbers);
  EXPECT_FALSE(numbers->transform("ToTensor()"));
}

class Squares : public ntc::dataset::Dataset {
public:
  explicit Squares(int64_t size) : size_(size) {}
  int64_t size() const override { return size_; }
  std::vector<ntc::dataset::Field> fields() const override {
    return {{"x", NTC_F32, {1}}, {"y", NTC_F32, {1}, true}};
  }
  void get(int64_t index, void *const *outputs) const override {
    if (index == 13) {
      throw std::runtime_error("thirteen is missing");
    }
    for (int i = 0; i < 2; ++i) {
      if (outputs[i]) {
        const auto x = static_cast<float>(index);
        *static_cast<float *>(outputs[i]) = i == 0 ? x : x * x;
      }
    }
  }

private:
  int64_t size_;
};

TEST(Classes, AreDataSets) {
  auto data = ntc::data::Dataset::fromClass(std::make_unique<Squares>(10));
  ASSERT_TRUE(data) << data.status().message();
  DataLoader loader = make(*data, {.batchSize = 10, .workers = 2});
  const Batch *batch = loader.next();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->values<float>("y")[9], 81.0f);
  EXPECT_FALSE(ntc::data::Dataset::fromClass(std::make_unique<Squares>(0)));
  EXPECT_EQ(ntc::data::Dataset::fromClass(nullptr).status().code(), NTC_INVALID_ARGUMENT);
  data = ntc::data::Dataset::fromClass(std::make_unique<Squares>(20));
  ASSERT_TRUE(data);
  DataLoader broken = make(*data, {.batchSize = 10});
  EXPECT_TRUE(broken.next());
  EXPECT_FALSE(broken.next());
  EXPECT_NE(broken.status().message().find("thirteen is missing"), std::string::npos);
}

TEST(Files, AreOpenedByTheirTexts) {
  auto data = ntc::data::Dataset::open("npz:absent.npz");
  ASSERT_FALSE(data);
  EXPECT_EQ(data.status().code(), NTC_NOT_FOUND);
  EXPECT_NE(data.status().message().find("absent.npz"), std::string::npos);
  EXPECT_EQ(ntc::data::Dataset::open("npx:absent.npz").status().code(), NTC_INVALID_ARGUMENT);
}

} // namespace
