// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What random transforms draw, seen in the pictures that they make, against the distributions that
// torchvision documents.
#include "Distribution.h"

#include "runtime/data/image/Color.h"
#include "runtime/data/image/Geometry.h"
#include "runtime/data/image/Resize.h"
#include "runtime/data/image/Transform.h"

#include "RandomPictures.h"

#include <array>
#include <functional>
#include <map>
#include <numbers>
#include <numeric>

namespace ntc::rt::data {
namespace {

/// A number of each draw.
std::vector<double> measured(std::string_view text, const Bytes &plain, auto number) {
  std::vector<double> out;
  forEachDraw(text, plain,
              [&](const Image &image, uint64_t i) { out.push_back(number(image, i)); });
  return out;
}

Bytes constant(std::array<uint8_t, 3> colour, Size size) {
  Bytes out(3, size);
  for (int64_t c = 0; c < 3; ++c) {
    std::fill_n(out.plane(c), out.pixels(), colour[static_cast<size_t>(c)]);
  }
  return out;
}

uint8_t firstOf(const Image &image, int64_t channel = 0) {
  return std::get<Bytes>(image).plane(channel)[0];
}

TEST(Distribution, ColorJitterDrawsFactorsUniformly) {
  // Pillow cuts the blend to a whole number.
  auto factor = [](double zero, double one) {
    return [=](const Image &image, uint64_t i) {
      return (firstOf(image) + fraction(i) - zero) / (one - zero);
    };
  };
  const Bytes gray = constant({160, 160, 160}, {2, 2});
  expectUniform(measured("ColorJitter(brightness=0.5)", gray, factor(0, 160)), 0.5, 1.5,
                "brightness");
  Bytes halves = constant({140, 140, 140}, {2, 2}); // the mean is 100
  for (int64_t c = 0; c < 3; ++c) {
    std::fill_n(halves.row(c, 1), 2, uint8_t{60});
  }
  expectUniform(measured("ColorJitter(contrast=(0.25,2))", halves, factor(100, 140)), 0.25, 2,
                "contrast");
  // The luma is 118.
  const Bytes orange = constant({200, 100, 0}, {2, 2});
  expectUniform(measured("ColorJitter(saturation=(0.5,1.5))", orange, factor(118, 200)), 0.5, 1.5,
                "saturation");
}

TEST(Distribution, ColorJitterDrawsHuesUniformly) {
  // The hue moves by whole 255ths, cut towards zero: 51 of them below 0.2.
  const Bytes red = constant({250, 60, 20}, {1, 1});
  std::map<std::vector<uint8_t>, size_t> kinds;
  std::vector<double> shares;
  for (int step = 0; step < 51; ++step) {
    Bytes turned = red;
    adjustHue(turned, (step + 0.5) / 255);
    const auto [found, isNew] = kinds.emplace(turned.values, shares.size());
    shares.resize(kinds.size());
    shares[found->second] += 1.0 / 51;
  }
  ASSERT_GT(kinds.size(), 40U);
  std::vector<int64_t> counts(kinds.size());
  forEachDraw("ColorJitter(hue=(0,0.2))", red, [&](const Image &image, uint64_t) {
    auto found = kinds.find(std::get<Bytes>(image).values);
    ASSERT_NE(found, kinds.end());
    ++counts[found->second];
  });
  EXPECT_LE(chiSquareShare(counts, shares), 1.0);
}

TEST(Distribution, ColorJitterTakesItsStepsInEveryOrder) {
  const Bytes plain = picture(3, {8, 9});
  std::array<std::function<void(Bytes &)>, 4> steps = {
      [](Bytes &image) { adjustBrightness(image, 0.6); },
      [](Bytes &image) { adjustContrast(image, 1.8); },
      [](Bytes &image) { adjustSaturation(image, 0.3); },
      [](Bytes &image) { adjustHue(image, 0.2); }};
  std::map<std::vector<uint8_t>, int64_t> seen;
  std::array<size_t, 4> order = {0, 1, 2, 3};
  do {
    Bytes image = plain;
    for (size_t step : order) {
      steps[step](image);
    }
    seen[image.values] = 0;
  } while (std::ranges::next_permutation(order).found);
  ASSERT_EQ(seen.size(), 24U);
  forEachDraw("ColorJitter((0.6,0.6),(1.8,1.8),(0.3,0.3),(0.2,0.2))", plain,
              [&](const Image &image, uint64_t) {
                auto found = seen.find(std::get<Bytes>(image).values);
                ASSERT_NE(found, seen.end());
                ++found->second;
              });
  std::vector<int64_t> counts;
  for (const auto &[image, count] : seen) {
    counts.push_back(count);
  }
  EXPECT_LE(chiSquareShare(counts, std::vector<double>(24, 1.0 / 24)), 1.0);
}

/// A round spot with soft edges, (x, y) pixels from the middle of a picture of odd sides.
Bytes spotAt(double x, double y, int64_t side) {
  Bytes out(1, {side, side});
  const double middle = static_cast<double>(side - 1) / 2;
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const double distance = std::hypot(static_cast<double>(column) - middle - x,
                                         static_cast<double>(row) - middle - y);
      out.row(0, row)[column] = static_cast<uint8_t>(255 * std::clamp(4.5 - distance, 0.0, 1.0));
    }
  }
  return out;
}

/// Where a spot is, from the middle.
std::pair<double, double> placeOf(const Image &image) {
  const Bytes &bytes = std::get<Bytes>(image);
  double sum = 0, x = 0, y = 0;
  for (int64_t row = 0; row < bytes.size.height; ++row) {
    for (int64_t column = 0; column < bytes.size.width; ++column) {
      const double value = bytes.row(0, row)[column];
      sum += value;
      x += value * static_cast<double>(column);
      y += value * static_cast<double>(row);
    }
  }
  return {x / sum - static_cast<double>(bytes.size.width - 1) / 2,
          y / sum - static_cast<double>(bytes.size.height - 1) / 2};
}

double degrees(double radians) { return radians * 180 / std::numbers::pi; }

TEST(Distribution, RotationsAreUniformAndCounterClockwise) {
  const Bytes right = spotAt(24, 0, 61);
  auto turned = [](const Image &image, uint64_t) {
    const auto [x, y] = placeOf(image);
    return degrees(std::atan2(-y, x)); // rows go down
  };
  expectUniform(measured("RandomRotation((-70,40),interpolation=bilinear)", right, turned), -70, 40,
                "RandomRotation");
  expectUniform(measured("RandomAffine((-40,70),interpolation=bilinear)", right,
                         [&](const Image &image, uint64_t i) { return -turned(image, i); }),
                -40, 70, "RandomAffine turns clockwise");
}

TEST(Distribution, AffineScalesAndShearsAreUniform) {
  auto scale = [](const Image &image, uint64_t) {
    const auto [x, y] = placeOf(image);
    return std::hypot(x, y) / 16;
  };
  expectUniform(
      measured("RandomAffine(0,scale=(0.5,1.6),interpolation=bilinear)", spotAt(16, 0, 61), scale),
      0.5, 1.6, "scale");
  auto shearX = [](const Image &image, uint64_t) {
    const auto [x, y] = placeOf(image);
    return degrees(std::atan2(-x, y));
  };
  expectUniform(
      measured("RandomAffine(0,shear=(-10,25),interpolation=bilinear)", spotAt(0, 20, 61), shearX),
      -10, 25, "shear along x");
  auto shearY = [](const Image &image, uint64_t) {
    const auto [x, y] = placeOf(image);
    return degrees(std::atan2(-y, x));
  };
  expectUniform(measured("RandomAffine(0,shear=(0,0,-30,5),interpolation=bilinear)",
                         spotAt(20, 0, 61), shearY),
                -30, 5, "shear along y");
}

TEST(Distribution, AffineMovesByRoundedUniformPixels) {
  // round(u) of u uniform in [-10.25, 10.25] and in [-4.1, 4.1].
  auto sharesOf = [](double most) {
    std::vector<double> out;
    for (double k = -std::nearbyint(most); k <= std::nearbyint(most); ++k) {
      out.push_back((std::min(most, k + 0.5) - std::max(-most, k - 0.5)) / (2 * most));
    }
    return out;
  };
  Bytes plain(1, {41, 41});
  plain.row(0, 20)[20] = 255;
  std::vector<int64_t> across(21), down(9);
  double product = 0;
  forEachDraw("RandomAffine(0,translate=(0.25,0.1))", plain, [&](const Image &image, uint64_t) {
    const auto [x, y] = placeOf(image);
    ++across.at(static_cast<size_t>(x + 10));
    ++down.at(static_cast<size_t>(y + 4));
    product += x * y;
  });
  EXPECT_LE(chiSquareShare(across, sharesOf(10.25)), 1.0);
  EXPECT_LE(chiSquareShare(down, sharesOf(4.1)), 1.0);
  // Both are independent: the mean of the product has the product of both deviations, 5.9 and 2.4.
  EXPECT_NEAR(product / kDraws, 0.0, 3.3 * 5.92 * 2.37 / std::sqrt(kDraws));
}

TEST(Distribution, GaussianBlurDrawsSigmaUniformly) {
  // A point of 255 under a kernel of 3x3 keeps 255 w² with w = 1 / (1 + 2 exp(-1 / 2 sigma²)).
  Bytes point(1, {5, 5});
  point.row(0, 2)[2] = 255;
  std::vector<double> kept = measured("GaussianBlur(3)", point, [](const Image &image, uint64_t) {
    return static_cast<double>(std::get<Bytes>(image).row(0, 2)[2]);
  });
  std::ranges::sort(kept);
  for (int value = 60; value <= 255; ++value) { // 0.1 keeps 255, 2 keeps 36
    const double w = std::sqrt((value - 0.5) / 255),
                 sigma = std::sqrt(-0.5 / std::log((1 / w - 1) / 2));
    const double share =
        static_cast<double>(std::ranges::lower_bound(kept, value) - kept.begin()) / kDraws;
    EXPECT_NEAR(share, (2.0 - sigma) / 1.9, distanceBound(kDraws)) << value;
  }
}

TEST(Distribution, ChancesAreIndependent) {
  const Bytes plain = picture(3, {6, 7});
  Bytes across = plain, down = plain, both = plain, gray = plain;
  flipHorizontally(across);
  flipVertically(down);
  flipHorizontally(both);
  flipVertically(both);
  std::array<int64_t, 4> counts{};
  forEachDraw("RandomHorizontalFlip(),RandomVerticalFlip(p=0.2)", plain,
              [&](const Image &image, uint64_t) {
                const auto &values = std::get<Bytes>(image).values;
                const Bytes *all[] = {&plain, &across, &down, &both};
                for (size_t i = 0; i < 4; ++i) {
                  counts[i] += values == all[i]->values;
                }
              });
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), int64_t{0}), int64_t{kDraws});
  EXPECT_LE(chiSquareShare(counts, std::array{0.4, 0.4, 0.1, 0.1}), 1.0);
  std::array<int64_t, 2> grays{};
  forEachDraw("RandomGrayscale(p=0.15)", plain, [&](const Image &image, uint64_t) {
    ++grays[std::get<Bytes>(image).values == plain.values ? 0 : 1];
  });
  EXPECT_LE(chiSquareShare(grays, std::array{0.85, 0.15}), 1.0);
}

/// Boxes of parts of a square of side 200: sizes by area and ratio, places evenly.
void expectBoxes(const std::vector<Box> &boxes, Size ratioOf, double leastArea, double mostArea,
                 double leastRatio, double mostRatio) {
  std::vector<double> areas, ratios, tops, lefts;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const Box &box = boxes[i];
    const double dither = fraction(i) - 0.5, other = fraction(3 * i + 1) - 0.5;
    const double h = static_cast<double>(box.size.height) + dither;
    const double w = static_cast<double>(box.size.width) + other;
    areas.push_back(h * w / 40000);
    ratios.push_back(std::log(ratioOf.height ? h / w : w / h));
    auto place = [](int64_t at, int64_t size, double within) {
      return (static_cast<double>(at) + within) / static_cast<double>(200 - size + 1);
    };
    tops.push_back(place(box.top, box.size.height, dither + 0.5));
    lefts.push_back(place(box.left, box.size.width, other + 0.5));
  }
  expectUniform(areas, leastArea, mostArea, "areas");
  expectUniform(ratios, std::log(leastRatio), std::log(mostRatio), "logarithms of ratios");
  expectUniform(tops, 0, 1, "tops");
  expectUniform(lefts, 0, 1, "left sides");
}

TEST(Distribution, ResizedCropsHaveUniformAreasAndLogUniformRatios) {
  // No box of these is larger than the picture, so that none is drawn again. Nearest of a larger
  // result shows the first and last row and column of the box.
  Bytes ramps(2, {200, 200});
  for (int64_t y = 0; y < 200; ++y) {
    std::iota(ramps.row(0, y), ramps.row(0, y) + 200, uint8_t{0});
    std::fill_n(ramps.row(1, y), 200, static_cast<uint8_t>(y));
  }
  std::vector<Box> boxes;
  const std::string sizes = "scale=(0.05,0.25),ratio=(0.5,3)";
  forEachDraw(
      "RandomResizedCrop(200," + sizes + ",interpolation=nearest)", ramps,
      [&](const Image &image, uint64_t) {
        const Bytes &bytes = std::get<Bytes>(image);
        const int64_t left = bytes.row(0, 0)[0], top = bytes.row(1, 0)[0];
        boxes.push_back(
            {top, left, {bytes.row(1, 199)[199] - top + 1, bytes.row(0, 0)[199] - left + 1}});
      });
  expectBoxes(boxes, {0, 1}, 0.05, 0.25, 0.5, 3);
  // The same draws by bilinear scaling: the crop, scaled.
  const Bytes plain = picture(3, {200, 200});
  forEachDraw(
      "RandomResizedCrop((9,7)," + sizes + ")", plain,
      [&](const Image &image, uint64_t i) {
        const Bytes part = crop(plain, boxes[i]);
        EXPECT_EQ(std::get<Bytes>(image).values,
                  resizeBilinear(part, {0, 0, part.size}, {9, 7}).values);
      },
      50);
}

TEST(Distribution, ErasedBoxesHaveUniformAreasAndLogUniformRatios) {
  const Bytes plain = picture(1, {200, 200});
  std::vector<Box> boxes;
  int64_t kept = 0;
  auto see = [&](const Image &image, uint64_t) {
    const Floats &floats = std::get<Floats>(image);
    Box box{200, 200, {0, 0}};
    int64_t count = 0, bottom = 0, right = 0;
    for (int64_t y = 0; y < 200; ++y) {
      for (int64_t x = 0; x < 200; ++x) {
        if (floats.row(0, y)[x] == -9.0F) {
          ++count;
          box.top = std::min(box.top, y);
          box.left = std::min(box.left, x);
          bottom = y;
          right = std::max(right, x);
        }
      }
    }
    box.size = {bottom - box.top + 1, right - box.left + 1};
    kept += count == 0;
    if (count > 0) {
      ASSERT_EQ(count, box.size.height * box.size.width);
      boxes.push_back(box);
    }
  };
  forEachDraw("ToTensor(),RandomErasing(p=0.7,scale=(0.02,0.2),ratio=(0.3,3.3),value=-9)", plain,
              see, 3000);
  expectBoxes(boxes, {1, 0}, 0.02, 0.2, 0.3, 3.3);
  const std::array<int64_t, 2> counts = {kept, 3000 - kept};
  EXPECT_LE(chiSquareShare(counts, std::array{0.3, 0.7}), 1.0);
}

TEST(Distribution, ErasingNoiseIsNormal) {
  std::vector<double> noise;
  forEachDraw(
      "ToTensor(),RandomErasing(p=1,value='random')", constant({255, 255, 255}, {12, 12}),
      [&](const Image &image, uint64_t) {
        const auto &values = std::get<Floats>(image).values;
        std::ranges::copy_if(values, std::back_inserter(noise), [](float v) { return v != 1.0F; });
      },
      300);
  ASSERT_GT(noise.size(), 10000U);
  EXPECT_LE(distanceOf(noise, [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }),
            distanceBound(static_cast<double>(noise.size())));
}

} // namespace
} // namespace ntc::rt::data
