// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Transforms against torchvision's results (transforms.golden, written by make_transforms.py),
// their draws by distribution, and what is refused.
#include "runtime/data/image/Transform.h"
#include "runtime/data/image/RandAugment.h"

#include "RandomPictures.h"
#include "Scratch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

namespace ntc::rt::data {
namespace {

TransformList parsed(std::string_view text) {
  Result<TransformList> list = TransformList::parse(text);
  EXPECT_TRUE(list) << text << ": " << list.status().message();
  return list ? list.take() : TransformList();
}

std::string refusal(std::string_view text, ImageShape shape = {3, {32, 32}, false}) {
  Result<TransformList> list = TransformList::parse(text);
  if (!list) {
    return list.status().message();
  }
  Result<ImageShape> out = list->shapeOf(shape);
  return out ? "accepted" : out.status().message();
}

constexpr std::array<std::string_view, kAugmentOps> kOps = {
    "Identity", "ShearX",   "ShearY",    "TranslateX", "TranslateY", "Rotate",       "Brightness",
    "Color",    "Contrast", "Sharpness", "Posterize",  "Solarize",   "AutoContrast", "Equalize"};

/// Runs a list, or one operation as augment('Name',magnitude).
Image transformed(const Bytes &from, const std::string &text) {
  if (!text.starts_with("augment(")) {
    Image image = from;
    Status status = parsed(text).apply(image, 1, 2, 3);
    EXPECT_TRUE(status) << text << ": " << status.message();
    return image;
  }
  Result<std::vector<Call>> calls = parseCalls(text);
  const Call &call = calls->front();
  const auto op = std::ranges::find(kOps, call.arguments[0].word) - kOps.begin();
  Bytes image = from;
  augment(image, static_cast<AugmentOp>(op), call.arguments[1].numbers[0], Interpolation::Nearest,
          {});
  return image;
}

std::vector<double> valuesOf(const Image &image) {
  return std::visit(
      [](const auto &planes) {
        return std::vector<double>(planes.values.begin(), planes.values.end());
      },
      image);
}

/// What may differ, of 1 for floats and of 255 for bytes. Only the bilinear samplers and the sums
/// of a blur are computed in another order than theirs, and crops that are made wider and lower at
/// once: Pillow 13 scales those along the columns first, others and all of earlier Pillows along
/// the rows first.
double toleranceOf(const std::string &text, bool isBytes) {
  const bool isSum = text.find("bilinear") != std::string::npos || text.starts_with("Gaussian") ||
                     text.starts_with("RandomResizedCrop");
  return isBytes ? (isSum ? 1.0 : 0.0) : 1e-6 * 4;
}

TEST(Transform, GivesTorchvisionsValues) {
  std::ifstream file(NTC_TEST_DATA "/transforms.golden");
  ASSERT_TRUE(file);
  int cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    std::istringstream head(line);
    int64_t channels = 0;
    Size size;
    std::string text, kind, hex;
    head >> channels >> size.height >> size.width >> text;
    ASSERT_TRUE(std::getline(file, line));
    std::istringstream body(line);
    int64_t c = 0, h = 0, w = 0;
    body >> kind >> c >> h >> w;
    std::vector<double> expected;
    if (kind == "bytes") {
      body >> hex;
      for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        expected.push_back(std::stoi(hex.substr(i, 2), nullptr, 16));
      }
    } else {
      for (double value = 0; body >> value;) {
        expected.push_back(value);
      }
    }
    const Image result = transformed(picture(channels, size), text);
    EXPECT_EQ(channelsOf(result), c) << text;
    EXPECT_EQ(sizeOf(result), (Size{h, w})) << text;
    const std::vector<double> values = valuesOf(result);
    ASSERT_EQ(values.size(), expected.size()) << text;
    double worst = 0.0;
    size_t at = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::abs(values[i] - expected[i]) > worst) {
        worst = std::abs(values[i] - expected[i]);
        at = i;
      }
    }
    EXPECT_LE(worst, toleranceOf(text, kind == "bytes"))
        << text << " of " << size.height << "x" << size.width << ": value " << at << " is "
        << values[at] << ", torchvision's is " << expected[at];
  }
  EXPECT_GE(cases, 60);
}

/// Means over samples of what a list makes of a plain picture.
double meanOver(std::string_view text, Size size, auto measure, int samples = 4000) {
  const TransformList list = parsed(text);
  double sum = 0.0;
  for (int i = 0; i < samples; ++i) {
    Image image = picture(3, size);
    Status status = list.apply(image, 11, 0, static_cast<uint64_t>(i));
    EXPECT_TRUE(status) << status.message();
    sum += measure(image);
  }
  return sum / samples;
}

TEST(Transform, FlipsAsOftenAsAsked) {
  const Bytes plain = picture(3, {4, 5});
  auto isFlipped = [&](const Image &image) {
    return std::get<Bytes>(image).values != plain.values ? 1.0 : 0.0;
  };
  // 4000 draws: a standard deviation of 0.008.
  EXPECT_NEAR(meanOver("RandomHorizontalFlip()", {4, 5}, isFlipped), 0.5, 0.04);
  EXPECT_NEAR(meanOver("RandomVerticalFlip(p=0.2)", {4, 5}, isFlipped), 0.2, 0.04);
}

TEST(Transform, CropsEveryPlaceEquallyOften) {
  const TransformList list = parsed("RandomCrop((2,3))");
  const Bytes plain = picture(1, {4, 6});
  std::array<int, 12> seen{};
  for (uint64_t i = 0; i < 12000; ++i) {
    Image image = plain;
    ASSERT_TRUE(list.apply(image, 5, 1, i));
    for (int64_t top = 0; top < 3; ++top) {
      for (int64_t left = 0; left < 4; ++left) {
        seen[static_cast<size_t>(top * 4 + left)] +=
            crop(plain, {top, left, {2, 3}}).values == std::get<Bytes>(image).values;
      }
    }
  }
  for (int count : seen) {
    EXPECT_NEAR(count, 1000, 150); // five standard deviations of 30
  }
}

/// pad_if_needed pads by the mode, as padding does.
TEST(Transform, CropsOfSmallPicturesArePaddedByTheMode) {
  const Image gray = Bytes(1, {5, 6}, 200);
  for (const char *mode : {"edge", "reflect", "symmetric", "constant,fill=200"}) {
    const std::string text = concat("RandomCrop((9,8),pad_if_needed=True,padding_mode=", mode, ")");
    Image image = gray;
    Status status = parsed(text).apply(image, 1, 0, 0);
    ASSERT_TRUE(status) << status.message();
    EXPECT_EQ(std::get<Bytes>(image).values, std::vector<uint8_t>(72, 200)) << text;
  }
  Image image = gray;
  const TransformList far = parsed("RandomCrop(12,pad_if_needed=True,padding_mode=reflect)");
  EXPECT_TRUE(has(far.apply(image, 1, 0, 0).message(), "too small to be mirrored by 7 pixels"));
  EXPECT_FALSE(far.shapeOf({1, {5, 6}, false}));
}

TEST(Transform, ErasesTheShareOfTheAreaThatTorchvisionErases) {
  auto erased = [](const Image &image) {
    const auto &values = std::get<Floats>(image).values;
    return static_cast<double>(std::ranges::count(values, -9.0f)) /
           static_cast<double>(values.size());
  };
  // The mean of torchvision 0.29 over 20,000 pictures of 3x32x32 is 0.1749.
  EXPECT_NEAR(meanOver("ToTensor(),RandomErasing(p=1,value=-9)", {32, 32}, erased), 0.1749, 0.007);
}

TEST(Transform, ResizedCropsCoverTheirScale) {
  // A vertical ramp: the mean of a crop's range is its height.
  const TransformList list = parsed("RandomResizedCrop(16,scale=(0.25,0.25),ratio=(1,1))");
  Bytes ramp(1, {128, 128});
  for (int64_t y = 0; y < 128; ++y) {
    std::fill_n(ramp.row(0, y), 128, static_cast<uint8_t>(y));
  }
  double low = 255, high = 0;
  for (uint64_t i = 0; i < 500; ++i) {
    Image image = ramp;
    ASSERT_TRUE(list.apply(image, 5, 1, i));
    const auto &values = std::get<Bytes>(image).values;
    EXPECT_NEAR(values.back() - values.front(), 60, 2); // 64 rows, averaged by fours
    low = std::min<double>(low, values.front());
    high = std::max<double>(high, values.back());
  }
  EXPECT_LT(low, 4);
  EXPECT_GT(high, 123);
}

/// torchvision draws each of its 14 operations equally often, and each direction of those that have
/// two.
TEST(Transform, RandAugmentDrawsOperationsEquallyOften) {
  constexpr int kDraws = 5600;
  const Size size{24, 24};
  std::vector<std::pair<int, Bytes>> outcomes; // operation and what it makes of the picture
  for (int op = 0; op < kAugmentOps; ++op) {
    const auto which = static_cast<AugmentOp>(op);
    const double magnitude = augmentMagnitude(which, 9, 31, size);
    const bool hasDirections = which >= AugmentOp::ShearX && which <= AugmentOp::Sharpness;
    for (double sign : hasDirections ? std::vector<double>{1, -1} : std::vector<double>{1}) {
      Bytes image = picture(3, size);
      augment(image, which, sign * magnitude, Interpolation::Nearest, {});
      for (const auto &[other, made] : outcomes) {
        ASSERT_NE(image.values, made.values) << op << " and " << other << " cannot be told apart";
      }
      outcomes.emplace_back(op, std::move(image));
    }
  }
  std::vector<int> counts(outcomes.size(), 0);
  const TransformList one = parsed("RandAugment(num_ops=1)"), two = parsed("RandAugment()");
  int unchanged = 0;
  for (int i = 0; i < kDraws; ++i) {
    Image image = picture(3, size);
    ASSERT_TRUE(one.apply(image, 3, 0, static_cast<uint64_t>(i)));
    auto found = std::ranges::find_if(outcomes, [&](const auto &outcome) {
      return outcome.second.values == std::get<Bytes>(image).values;
    });
    ASSERT_NE(found, outcomes.end());
    ++counts[static_cast<size_t>(found - outcomes.begin())];
    image = picture(3, size);
    ASSERT_TRUE(two.apply(image, 3, 0, static_cast<uint64_t>(i)));
    unchanged += std::get<Bytes>(image).values == outcomes[0].second.values ? 1 : 0;
  }
  // Five standard deviations of a binomial count.
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const int op = outcomes[i].first;
    const auto ways = std::ranges::count(outcomes, op, &std::pair<int, Bytes>::first);
    const double share = 1.0 / kAugmentOps / static_cast<double>(ways);
    const double deviation = std::sqrt(kDraws * share * (1 - share));
    EXPECT_NEAR(counts[i], kDraws * share, 5 * deviation) << "operation " << op;
  }
  // Two operations are drawn independently: twice Identity leaves the picture.
  const double share = 1.0 / kAugmentOps / kAugmentOps;
  EXPECT_NEAR(unchanged, kDraws * share, 5 * std::sqrt(kDraws * share));
}

TEST(Transform, DrawsDependOnSeedEpochAndSampleAlone) {
  const TransformList list = parsed("RandomCrop(20),ColorJitter(0.5,0.5,0.5,0.2),RandAugment(),"
                                    "ToTensor(),RandomErasing(p=1,value='random')");
  auto made = [&](uint64_t seed, uint64_t epoch, uint64_t sample) {
    Image image = picture(3, {32, 32});
    EXPECT_TRUE(list.apply(image, seed, epoch, sample));
    return std::get<Floats>(image).values;
  };
  const auto first = made(1, 2, 3);
  made(4, 4, 4);
  EXPECT_EQ(first, made(1, 2, 3));
  EXPECT_NE(first, made(2, 2, 3));
  EXPECT_NE(first, made(1, 3, 3));
  EXPECT_NE(first, made(1, 2, 4));
  EXPECT_NE(first, made(1, 2, 3 + (uint64_t{1} << 32)));
}

TEST(Transform, EvaluationKeepsWhatIsNotRandom) {
  EXPECT_EQ(parsed("RandomResizedCrop(32), RandomHorizontalFlip(), ColorJitter(0.4), ToTensor(), "
                   "Normalize((0.5,), (0.5,)), RandomErasing(), MixUp()")
                .evaluationText(),
            "Resize(32),CenterCrop(32),ToTensor(),Normalize((0.5,), (0.5,))");
  EXPECT_EQ(parsed("RandomCrop(28,padding=2);ToTensor").evaluationText(),
            "CenterCrop((28,28)),ToTensor");
  EXPECT_FALSE(parsed("Resize(8),ToTensor()").isRandom());
}

TEST(Transform, AcceptsPythonAsItIsPasted) {
  const TransformList list =
      parsed("transforms.RandomCrop(size=(4, 5), padding=[1, 2], fill=0),\n  v2.ToTensor(),\n"
             "transforms.Normalize(mean=[0.5, 0.5, 0.5], std=[0.2, 0.2, 0.2]),");
  Result<ImageShape> shape = list.shapeOf({3, {8, 8}, false});
  ASSERT_TRUE(shape) << shape.status().message();
  EXPECT_EQ(shape->size, (Size{4, 5}));
}

TEST(Transform, ComposeIsTakenOff) {
  const std::string plain = "RandomCrop(32, padding=4), ToTensor()";
  for (const char *pasted : {"transforms.Compose([RandomCrop(32, padding=4), ToTensor()])",
                             " v2.Compose( [\n  RandomCrop(32, padding=4), ToTensor(),\n] )\n"}) {
    auto list = TransformList::parse(pasted);
    ASSERT_TRUE(list) << list.status().message();
    EXPECT_EQ(list->text(), TransformList::parse(plain)->text());
  }
  for (const char *wrong : {"Compose", "Compose(", "Compose([", "Compose([]", "Compose([])",
                            "Compose(ToTensor())", "Compose([ToTensor()"}) {
    EXPECT_FALSE(TransformList::parse(wrong)) << wrong;
  }
}

TEST(Transform, AChoiceOfMixesIsTheirList) {
  const auto list = TransformList::parse(
      "ToTensor(), v2.RandomChoice([v2.CutMix(num_classes=10), MixUp(alpha=0.2, num_classes=10)])");
  ASSERT_TRUE(list) << list.status().message();
  ASSERT_EQ(list->mixes().size(), 2u);
  EXPECT_EQ(list->mixes()[1].alpha, 0.2);
  auto again = TransformList::parse(list->text());
  ASSERT_TRUE(again) << again.status().message();
  EXPECT_EQ(again->text(), list->text());
  EXPECT_TRUE(has(refusal("RandomChoice([Pad(1), Pad(2)]), ToTensor()"),
                  "RandomChoice takes MixUp and CutMix, found Pad"));
  for (const char *wrong :
       {"RandomChoice", "RandomChoice(", "RandomChoice([", "RandomChoice([MixUp()",
        "RandomChoice([MixUp()]", "RandomChoice(MixUp())"}) {
    EXPECT_FALSE(TransformList::parse(wrong)) << wrong;
  }
}

TEST(Transform, NormalizationAtTheEndIsArithmetic) {
  auto end = splitNormalizedEnd("transforms.Compose([Resize(8), ToTensor(), Normalize((0.5, 0.25), "
                                "std=2), v2.Normalize(mean=[1], std=[4, 3])])");
  ASSERT_TRUE(end) << end.status().message();
  EXPECT_EQ(end->before, "Resize(8), ToTensor()");
  ASSERT_EQ(end->steps.size(), 2u);
  EXPECT_EQ(end->steps[0].mean, (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(end->steps[0].deviation, std::vector<double>{2});
  EXPECT_EQ(end->steps[1].deviation, (std::vector<double>{4, 3}));
  end = splitNormalizedEnd("ToTensor(), Normalize(0.5, 0.5), CenterCrop(4)");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->before, "ToTensor(), Normalize(0.5, 0.5), CenterCrop(4)");
  EXPECT_TRUE(end->steps.empty());
  EXPECT_FALSE(splitNormalizedEnd("ToTensor(), Normalize(0.5)"));
  EXPECT_FALSE(splitNormalizedEnd("ToTensor(), Normalize(0.5, 0)"));
}

TEST(Transform, RefusesInOneSentence) {
  EXPECT_TRUE(has(refusal("RandomFlip()"), "unknown transform 'RandomFlip'"));
  EXPECT_TRUE(has(refusal("ToTensr()"), "did you mean 'ToTensor'"));
  EXPECT_TRUE(has(refusal("RandomCrop(28,paddin=2)"), "did you mean 'padding'"));
  EXPECT_TRUE(has(refusal("CenterCrop()"), "size is missing"));
  EXPECT_TRUE(has(refusal("Resize(0)"), "whole numbers from 1"));
  EXPECT_TRUE(has(refusal("Resize(1e9)"), "whole numbers from 1"));
  EXPECT_TRUE(has(refusal("RandomHorizontalFlip(2)"), "from 0 to 1, found 2"));
  EXPECT_TRUE(has(refusal("ToTensor(),Normalize(0.5,0)"), "above 0"));
  EXPECT_TRUE(has(refusal("Normalize(0.5,0.5)"), "after ToTensor"));
  EXPECT_TRUE(has(refusal("ToTensor(),ColorJitter(0.5)"), "before ToTensor"));
  EXPECT_TRUE(has(refusal("Resize(8)"), "no ToTensor"));
  EXPECT_TRUE(has(refusal("RandomCrop(64),ToTensor()"), "does not fit a picture of 32x32"));
  EXPECT_TRUE(has(refusal("Resize(8),ToTensor()", {3, {0, 0}, false}), "different sizes"));
  EXPECT_TRUE(has(refusal("ToTensor(),Normalize((0,0),(1,1))"), "2 channels are given"));
  EXPECT_TRUE(has(refusal("MixUp(),ToTensor()"), "come last"));
  EXPECT_TRUE(has(refusal("Resize(8"), "expected a comma or ')', found the end"));
  EXPECT_TRUE(has(refusal("Resize(8)) "), "expected a comma or the end"));
  EXPECT_TRUE(has(refusal(""), "found nothing"));
  EXPECT_TRUE(has(refusal("Resize(8,interpolation=bicubic)"), "'bicubic'"));
  EXPECT_TRUE(has(refusal("Resize(8,interpolation=3)"), "interpolation cannot be a number"));
  EXPECT_TRUE(has(refusal("Pad(1,fill=(1,2)),ToTensor()"), "2 numbers, the picture has 3"));
  EXPECT_TRUE(has(refusal("RandomRotation(3,fill=300),ToTensor()"), "from 0 to 255, found 300"));
  EXPECT_TRUE(has(refusal("ToImage(),ToDtype(torch.float32)"), "scale should be True"));
  EXPECT_TRUE(has(refusal("ToDtype(torch.int64,scale=True)"), "dtype cannot be"));
  EXPECT_TRUE(has(refusal("GaussianBlur(4)"), "odd"));
  EXPECT_TRUE(has(refusal("Pad(40,padding_mode=reflect),ToTensor()"), "too small to be mirrored"));
  EXPECT_TRUE(has(refusal("ColorJitter(hue=0.7)"), "[-0.5, 0.5]"));
  EXPECT_TRUE(has(refusal("RandomRotation()"), "degrees is missing"));
  EXPECT_EQ(refusal("Resize(8),CenterCrop(8),ToTensor()", {3, {0, 0}, false}), "accepted");
}

} // namespace
} // namespace ntc::rt::data
