// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the results of random transforms scatter against torchvision's own (distributions.golden,
// written by make_distributions.py), and what MixUp and CutMix draw.
#include "Distribution.h"
#include "RandomPictures.h"
#include "Scratch.h"

#include "runtime/data/ImageDataset.h"
#include "runtime/data/TransformedDataset.h"

#include <array>
#include <numbers>
#include <sstream>

namespace ntc::rt::data {
namespace {

/// A batch of two pictures of 3x8x8 with labels 0 and 1 of five, as in make_distributions.py;
/// what mixing makes of them.
class Mixing {
public:
  explicit Mixing(const std::string &text) {
    auto pixels = std::make_unique<uint8_t[]>(384);
    auto labels = std::make_unique<uint8_t[]>(2);
    for (int64_t k = 0; k < 384; ++k) {
      pixels[k] = static_cast<uint8_t>(k / 192 * 37 + k % 192 * 5);
    }
    labels[1] = 1;
    ImageArrays arrays{2, {3, 8, 8}, 5, std::move(pixels), std::move(labels)};
    Result<TransformList> list = TransformList::parse("ToTensor()," + text);
    EXPECT_TRUE(list) << list.status().message();
    auto made = transformPictures(std::make_shared<ImageDataset>(std::move(arrays), 0.0F, 1.0F),
                                  *list, "pictures");
    mixed_ = mixBatches(made.take(), list->mixes(), 5, "pictures").take();
  }
  /// The first picture of a batch, or its labels.
  std::vector<float> first(size_t field, uint64_t batch) const {
    const std::array<int64_t, 2> rows = {0, 1};
    const size_t count = field == 0 ? 192 : 5;
    std::vector<float> out(2 * count);
    EXPECT_TRUE(mixed_->readRows(field, rows, DType::F32, reinterpret_cast<std::byte *>(out.data()),
                                 {9, 0, batch}));
    out.resize(count);
    return out;
  }

private:
  std::shared_ptr<const Dataset> mixed_;
};

TEST(Scatter, MixUpDrawsItsShareFromBeta) {
  auto shares = [](const std::string &text) {
    const Mixing mixing(text);
    std::vector<double> out;
    for (uint64_t batch = 0; batch < kDraws; ++batch) {
      out.push_back(mixing.first(1, batch)[0]);
    }
    return out;
  };
  expectUniform(shares("MixUp()"), 0, 1, "alpha 1");
  auto arcsine = [](double x) { return std::asin(std::sqrt(x)) * 2 / std::numbers::pi; };
  EXPECT_LE(distanceOf(shares("MixUp(alpha=0.5)"), arcsine), distanceBound(kDraws));
  auto cubic = [](double x) { return x * x * (3 - 2 * x); };
  EXPECT_LE(distanceOf(shares("MixUp(alpha=2)"), cubic), distanceBound(kDraws));
}

TEST(Scatter, CutMixTakesARectangleOfTheOtherPicture) {
  const Mixing mixing("CutMix()");
  std::array<int64_t, 64> places{};
  for (uint64_t batch = 0; batch < kDraws; ++batch) {
    const std::vector<float> made = mixing.first(0, batch), label = mixing.first(1, batch);
    int64_t cut = 0;
    for (size_t k = 0; k < 64; ++k) {
      const bool isOther = made[k] != static_cast<float>(k * 5 % 256) / 255.0F;
      cut += isOther;
      places[k] += isOther;
    }
    EXPECT_NEAR(label[1], static_cast<double>(cut) / 64, 1e-6);
  }
  // The rectangle reaches int(4 sqrt(u)) to both sides of a middle: k with ((k + 1)² - k²) / 16.
  auto cover = [](int64_t reach, int64_t at) {
    int64_t count = 0;
    for (int64_t middle = 0; middle < 8; ++middle) {
      count += middle - reach <= at && at < middle + reach;
    }
    return static_cast<double>(count) / 8;
  };
  for (int64_t k = 0; k < 64; ++k) {
    double share = 0;
    for (int64_t reach = 0; reach < 4; ++reach) {
      share +=
          (2.0 * static_cast<double>(reach) + 1) / 16 * cover(reach, k / 8) * cover(reach, k % 8);
    }
    // 4.5 deviations: 64 places are looked at.
    EXPECT_NEAR(static_cast<double>(places[static_cast<size_t>(k)]) / kDraws, share,
                4.5 * std::sqrt(share * (1 - share) / kDraws))
        << k;
  }
}

/// Two numbers that tell results apart, as in make_distributions.py.
std::array<double, 2> numbersOf(const auto &values) {
  double mean = 0, weighted = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    mean += value / static_cast<double>(values.size());
    weighted += value * (static_cast<double>(i * 7919 % 1000) / 500 - 1);
  }
  return {mean, weighted};
}

TEST(Scatter, IsAsTorchvisions) {
  std::ifstream file(NTC_TEST_DATA "/distributions.golden");
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    std::istringstream head(line);
    int64_t channels = 0;
    Size size;
    std::string text;
    head >> channels >> size.height >> size.width >> text;
    std::array<std::vector<double>, 2> found;
    auto add = [&](const auto &values) {
      const std::array<double, 2> numbers = numbersOf(values);
      found[0].push_back(numbers[0]);
      found[1].push_back(numbers[1]);
    };
    if (text.starts_with("MixUp") || text.starts_with("CutMix")) {
      const Mixing mixing(text);
      for (uint64_t batch = 0; batch < kDraws; ++batch) {
        add(mixing.first(0, batch));
      }
    } else {
      forEachDraw(text, picture(channels, size), [&](const Image &image, uint64_t) {
        std::visit([&](const auto &planes) { add(planes.values); }, image);
      });
    }
    int count = 0;
    for (std::vector<double> &values : found) {
      std::ranges::sort(values);
      ASSERT_TRUE(std::getline(file, line));
      std::istringstream pairs(line);
      double threshold = 0, share = 0;
      for (char colon = 0; pairs >> threshold >> colon >> share; ++count) {
        const auto below = std::ranges::lower_bound(values, threshold) - values.begin();
        EXPECT_NEAR(static_cast<double>(below) / kDraws, share, distanceBound(kDraws, 20000))
            << text << ": below " << threshold;
      }
    }
    EXPECT_GE(count, 1) << text;
  }
  EXPECT_GE(cases, 32);
}

} // namespace
} // namespace ntc::rt::data
