// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transforms and mixes through the loader: independent of workers, batches and where reading began.
#include "runtime/data/TransformedDataset.h"

#include "runtime/data/ImageDataset.h"
#include "runtime/data/Loader.h"

#include "Scratch.h"

#include <numeric>
#include <set>

namespace ntc::rt::data {
namespace {

/// Picture i of 3x8x8 has values that tell it from all others; its label is i mod 5.
std::shared_ptr<const Dataset> pictures(int64_t samples) {
  auto pixels = std::make_unique<uint8_t[]>(samples * 192);
  auto labels = std::make_unique<uint8_t[]>(samples);
  for (int64_t i = 0; i < samples; ++i) {
    for (int64_t k = 0; k < 192; ++k) {
      pixels[i * 192 + k] = static_cast<uint8_t>(i * 37 + k * 5);
    }
    labels[i] = static_cast<uint8_t>(i % 5);
  }
  ImageArrays arrays{samples, {3, 8, 8}, 5, std::move(pixels), std::move(labels)};
  return std::make_shared<ImageDataset>(std::move(arrays), 0.0f, 1.0f);
}

std::shared_ptr<const Dataset> transformed(int64_t samples, std::string_view text) {
  Result<TransformList> list = TransformList::parse(text);
  EXPECT_TRUE(list) << list.status().message();
  auto out = transformPictures(pictures(samples), *list, "pictures");
  EXPECT_TRUE(out) << out.status().message();
  if (list->mixes().empty()) {
    return out.take();
  }
  auto mixed = mixBatches(out.take(), list->mixes(), 0, "pictures");
  EXPECT_TRUE(mixed) << mixed.status().message();
  return mixed.take();
}

constexpr std::string_view kRandom = "RandomCrop(8,padding=2),RandomHorizontalFlip(),ColorJitter(0."
                                     "4,0.4,0.4,0.1),RandomRotation(20),"
                                     "ToTensor(),Normalize(0.5,0.25),RandomErasing()";

/// All values of an epoch from sample `cursor` on, pictures and labels one after another.
std::vector<float> readAll(Loader &loader, uint64_t epoch, int64_t cursor, int64_t labels) {
  std::vector<float> out;
  loader.start(epoch, cursor);
  while (const Batch *batch = loader.next()) {
    const auto *images = static_cast<const float *>(batch->arrays[0]);
    out.insert(out.end(), images, images + batch->size * 192);
    const auto *targets = static_cast<const float *>(batch->arrays[1]);
    out.insert(out.end(), targets, targets + batch->size * labels);
  }
  EXPECT_TRUE(loader.status()) << loader.status().message();
  return out;
}

std::unique_ptr<Loader> loaderOf(std::shared_ptr<const Dataset> dataset, int64_t workers) {
  auto out = Loader::create(std::move(dataset), {{0, DType::F32}, {1, DType::F32}},
                            {.batchSize = 6, .seed = 42, .workers = workers});
  EXPECT_TRUE(out) << out.status().message();
  EXPECT_EQ((*out)->workers(), workers);
  return out.take();
}

TEST(TransformedDataset, IsTheSameWithAnyNumberOfWorkers) {
  for (const std::string &text :
       {std::string(kRandom), concat(kRandom, ",MixUp(alpha=0.4),CutMix()")}) {
    auto dataset = transformed(50, text);
    const int64_t labels = dataset->fields()[1].elements();
    auto alone = loaderOf(dataset, 0);
    const std::vector<float> first = readAll(*alone, 0, 0, labels);
    const std::vector<float> second = readAll(*alone, 1, 0, labels);
    ASSERT_EQ(first.size(), static_cast<size_t>(50 * (192 + labels)));
    EXPECT_NE(first, second);
    for (int64_t workers : {1, 2, 7}) {
      auto several = loaderOf(dataset, workers);
      EXPECT_EQ(readAll(*several, 0, 0, labels), first) << workers << " workers, " << text;
      EXPECT_EQ(readAll(*several, 1, 0, labels), second) << workers << " workers, " << text;
    }
  }
}

TEST(TransformedDataset, ContinuesInMidEpoch) {
  auto dataset = transformed(50, concat(kRandom, ",CutMix(alpha=2)"));
  auto whole = loaderOf(dataset, 2);
  const std::vector<float> all = readAll(*whole, 3, 0, 5);
  for (int64_t cursor : {6, 30, 48}) {
    auto rest = loaderOf(dataset, 2);
    const std::vector<float> expected(all.begin() + cursor * (192 + 5), all.end());
    EXPECT_EQ(readAll(*rest, 3, cursor, 5), expected) << "after " << cursor << " samples";
  }
}

/// PyTorch draws anew for every sample that a sampler with replacement gives again.
TEST(TransformedDataset, RepetitionsOfASampleDiffer) {
  auto dataset = transformed(2, "ToTensor(),RandomErasing(p=1,value='random')");
  const std::vector<double> weights = {1.0, 3.0};
  auto loaderWith = [&](int64_t workers) {
    auto out = Loader::create(dataset, {{0, DType::F32}, {1, DType::F32}},
                              {.batchSize = 5,
                               .seed = 42,
                               .sampler = *weightedSampler(weights, 20, 42),
                               .workers = workers});
    EXPECT_TRUE(out) << out.status().message();
    return out.take();
  };
  const std::vector<float> all = readAll(*loaderWith(0), 0, 0, 1);
  std::set<std::vector<float>> different;
  for (auto at = all.begin(); at != all.end();) { // batches of 5 pictures and 5 labels
    for (int i = 0; i < 5; ++i, at += 192) {
      different.emplace(at, at + 192);
    }
    at += 5;
  }
  EXPECT_EQ(different.size(), 20u);
  EXPECT_EQ(readAll(*loaderWith(3), 0, 0, 1), all);
  EXPECT_EQ(readAll(*loaderWith(2), 0, 10, 1),
            std::vector<float>(all.begin() + 2 * (5 * 192 + 5), all.end()));
}

TEST(TransformedDataset, KeepsNamesAndRemarks) {
  class Named : public ArrayDataset {
  public:
    Named() : ArrayDataset(1, {}) {}
    std::span<const Field> fields() const override { return fields_; }
    std::optional<PictureField> pictures() const override { return PictureField{0, 1, {2, 2}}; }
    std::string nameOf(int64_t) const override { return "'cat.png'"; }
    std::span<const std::string> remarks() const override { return remarks_; }

  private:
    std::vector<Field> fields_ = {{"image", DType::U8, {1, 2, 2}}, {"y", DType::I64, {}, true, 3}};
    std::vector<std::string> remarks_ = {"left out 'dog.png'"};
  };
  auto list = TransformList::parse("ToTensor(),MixUp()");
  auto made = *transformPictures(std::make_shared<Named>(), *list, "pictures");
  for (const auto &dataset : {made, *mixBatches(made, list->mixes(), 0, "pictures")}) {
    EXPECT_EQ(dataset->nameOf(0), "'cat.png'");
    EXPECT_EQ(dataset->remarks().size(), 1u);
  }
}

TEST(TransformedDataset, EqualsTheSetsOwnScaling) {
  auto plain = pictures(7);
  auto made = transformed(7, "ToTensor()");
  std::vector<int64_t> rows(7);
  std::iota(rows.begin(), rows.end(), 0);
  std::vector<float> a(7 * 192), b(7 * 192);
  plain->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(a.data()));
  ASSERT_TRUE(made->readRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(b.data()), {}));
  EXPECT_EQ(a, b);
}

/// Pictures and label probabilities of one batch of all samples.
struct Mixed {
  std::vector<float> images, labels;
};

Mixed mixedBatch(int64_t samples, std::string_view text, uint64_t batch) {
  auto dataset = transformed(samples, text);
  std::vector<int64_t> rows(static_cast<size_t>(samples));
  std::iota(rows.begin(), rows.end(), 0);
  Mixed out{std::vector<float>(static_cast<size_t>(samples * 192)),
            std::vector<float>(static_cast<size_t>(samples * 5))};
  const Reading reading{9, 0, batch};
  EXPECT_TRUE(dataset->readRows(0, rows, DType::F32,
                                reinterpret_cast<std::byte *>(out.images.data()), reading));
  EXPECT_TRUE(dataset->readRows(1, rows, DType::F32,
                                reinterpret_cast<std::byte *>(out.labels.data()), reading));
  return out;
}

TEST(MixUp, WeighsPicturesAndLabelsAlike) {
  const Mixed plain = mixedBatch(4, "ToTensor(),MixUp(alpha=1000)", 0);
  std::vector<float> own(4 * 192);
  std::vector<int64_t> rows = {0, 1, 2, 3};
  pictures(4)->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(own.data()));
  const float share = plain.labels[0]; // sample 0 has label 0, the one before it (3) label 3
  EXPECT_NEAR(share, 0.5, 0.1);
  EXPECT_FLOAT_EQ(plain.labels[3], 1.0f - share);
  for (size_t i = 0; i < 4; ++i) {
    for (size_t k = 0; k < 192; ++k) {
      const float expected = own[i * 192 + k] * share + own[(i + 3) % 4 * 192 + k] * (1 - share);
      EXPECT_NEAR(plain.images[i * 192 + k], expected, 1e-6);
    }
  }
}

TEST(MixUp, DrawsFromTheBetaDistribution) {
  double sum = 0, squares = 0;
  for (uint64_t batch = 0; batch < 4000; ++batch) {
    const double share = mixedBatch(2, "ToTensor(),MixUp(alpha=0.4)", batch).labels[0];
    sum += share;
    squares += share * share;
  }
  const double mean = sum / 4000, variance = squares / 4000 - mean * mean;
  EXPECT_NEAR(mean, 0.5, 0.03);
  EXPECT_NEAR(variance, 1.0 / (4.0 * (2 * 0.4 + 1.0)), 0.01); // of Beta(a, a)
}

TEST(CutMix, LabelsFollowTheAreaThatWasCut) {
  for (uint64_t batch = 0; batch < 50; ++batch) {
    const Mixed mixed = mixedBatch(2, "ToTensor(),CutMix()", batch);
    std::vector<float> own(2 * 192);
    std::vector<int64_t> rows = {0, 1};
    pictures(2)->copyRows(0, rows, DType::F32, reinterpret_cast<std::byte *>(own.data()));
    int64_t kept = 0;
    for (size_t k = 0; k < 64; ++k) {
      kept += mixed.images[k] == own[k] ? 1 : 0;
      EXPECT_TRUE(mixed.images[k] == own[k] || mixed.images[k] == own[192 + k]);
    }
    EXPECT_NEAR(mixed.labels[0], static_cast<double>(kept) / 64.0, 1e-6);
  }
}

TEST(MixBatches, RefusesWhatHasNoLabel) {
  auto refused = mixBatches(pictures(3), {}, 3, "pictures");
  EXPECT_TRUE(has(refused.status().message(), "labels from 0 to 2, found labels up to 4"));
}

} // namespace
} // namespace ntc::rt::data
