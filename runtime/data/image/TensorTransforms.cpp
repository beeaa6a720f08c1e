// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From bytes to numbers, and transforms of numbers.
#include "runtime/data/image/ShapeArguments.h"
#include "runtime/data/image/Transform.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {
namespace {

/// x / 255 in f32.
class ToTensorTransform : public Transform {
public:
  Result<ImageShape> shapeOf(ImageShape in) const override {
    Result<ImageShape> out = needBytes("a second ToTensor", in);
    if (out) {
      out->isFloat = true;
    }
    return out;
  }
  Status apply(Image &image, Draws &) const override {
    const Bytes &bytes = std::get<Bytes>(image);
    Floats out(bytes.channels, bytes.size);
    for (size_t i = 0; i < bytes.values.size(); ++i) {
      out.values[i] = static_cast<float>(bytes.values[i]) / 255.0f;
    }
    image = std::move(out);
    return Status::ok();
  }
};

/// (x - mean) / std in f32, by channel.
class NormalizeTransform : public Transform {
public:
  NormalizeTransform(std::vector<double> mean, std::vector<double> deviation)
      : mean_(mean.begin(), mean.end()), deviation_(deviation.begin(), deviation.end()) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    const auto count = static_cast<int64_t>(std::max(mean_.size(), deviation_.size()));
    if (count != 1 && count != in.channels) {
      return error(Code::InvalidArgument, "Normalize: ", count,
                   " channels are given, but the picture has ", in.channels);
    }
    return needFloats("Normalize", in);
  }
  Status apply(Image &image, Draws &) const override {
    Floats &planes = std::get<Floats>(image);
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
      const float mean = mean_[mean_.size() > 1 ? static_cast<size_t>(channel) : 0];
      const float deviation = deviation_[deviation_.size() > 1 ? static_cast<size_t>(channel) : 0];
      float *values = planes.plane(channel);
      for (int64_t i = 0; i < planes.pixels(); ++i) {
        values[i] = (values[i] - mean) / deviation;
      }
    }
    return Status::ok();
  }

private:
  std::vector<float> mean_, deviation_;
};

/// Random Erasing (Zhong et al., "Random erasing data augmentation", 2017).
class RandomErasingTransform : public Transform {
public:
  /// Without values, the part gets normal noise.
  RandomErasingTransform(double probability, Range scale, Range ratio, std::vector<float> values)
      : probability_(probability), scale_(scale), ratio_(ratio), values_(std::move(values)) {}

  Result<ImageShape> shapeOf(ImageShape in) const override {
    if (values_.size() > 1 && static_cast<int64_t>(values_.size()) != in.channels) {
      return error(Code::InvalidArgument, "RandomErasing: ", values_.size(),
                   " values are given, but the picture has ", in.channels, " channels");
    }
    return needFloats("RandomErasing", in);
  }

  Status apply(Image &image, Draws &draws) const override {
    Floats &planes = std::get<Floats>(image);
    if (!draws.chance(probability_)) {
      return Status::ok();
    }
    const double area = static_cast<double>(planes.pixels());
    for (int attempt = 0; attempt < 10; ++attempt) {
      const double target = area * draws.uniform(scale_.low, scale_.high);
      const double ratio = std::exp(draws.uniform(std::log(ratio_.low), std::log(ratio_.high)));
      const auto h = static_cast<int64_t>(std::nearbyint(std::sqrt(target * ratio)));
      const auto w = static_cast<int64_t>(std::nearbyint(std::sqrt(target / ratio)));
      if (h < planes.size.height && w < planes.size.width) {
        const int64_t top = draws.below(planes.size.height - h + 1);
        erase(planes, {top, draws.below(planes.size.width - w + 1), {h, w}}, draws);
        return Status::ok();
      }
    }
    return Status::ok();
  }

private:
  void erase(Floats &planes, const Box &box, Draws &draws) const {
    for (int64_t channel = 0; channel < planes.channels; ++channel) {
      for (int64_t y = 0; y < box.size.height; ++y) {
        float *row = planes.row(channel, box.top + y) + box.left;
        for (int64_t x = 0; x < box.size.width; ++x) {
          row[x] = values_.empty() ? static_cast<float>(draws.normal())
                                   : values_[values_.size() > 1 ? static_cast<size_t>(channel) : 0];
        }
      }
    }
  }

  double probability_;
  Range scale_, ratio_;
  std::vector<float> values_;
};

MadeTransform makeToTensor(Arguments &) {
  return {std::make_shared<ToTensorTransform>(), false, ""};
}

/// ToImage and PILToTensor: pictures are tensors of bytes before ToTensor as they are.
class AsBytesTransform : public Transform {
public:
  Result<ImageShape> shapeOf(ImageShape in) const override { return needBytes("ToImage", in); }
  Status apply(Image &, Draws &) const override { return Status::ok(); }
};

MadeTransform makeAsBytes(Arguments &) { return {std::make_shared<AsBytesTransform>(), false, ""}; }

/// ToDtype(torch.float32, scale=True) and ConvertImageDtype(torch.float32) are ToTensor's division
/// by 255; bytes stay what they are.
MadeTransform makeToDtype(Arguments &arguments, bool scales) {
  constexpr std::array<std::string_view, 3> types = {"float32", "float", "uint8"};
  const bool isBytes = arguments.choice("dtype", types, 0) == 2;
  if (!scales && !arguments.truth("scale", false) && !isBytes) {
    arguments.refuse("scale", "should be True, which makes numbers from 0 to 1 of bytes");
  }
  return isBytes ? makeAsBytes(arguments) : makeToTensor(arguments);
}

MadeTransform makeNormalize(Arguments &arguments) {
  Normalization made = normalizationOf(arguments);
  if (made.mean.empty() || made.deviation.empty()) {
    return {nullptr, false, ""};
  }
  return {std::make_shared<NormalizeTransform>(std::move(made.mean), std::move(made.deviation)),
          false, ""};
}

/// "value": a number, one for each channel, or "random".
std::vector<float> erasingValues(Arguments &arguments) {
  const std::optional<std::string> word = arguments.word("value");
  if (word) {
    if (*word != "random") {
      arguments.refuse("value", concat("should be numbers or 'random', found ", quoted(*word)));
    }
    return {};
  }
  const std::vector<double> numbers = arguments.numbers("value", true, 1, 64);
  return numbers.empty() ? std::vector<float>{0.0f}
                         : std::vector<float>(numbers.begin(), numbers.end());
}

MadeTransform makeRandomErasing(Arguments &arguments) {
  const double probability = arguments.number("p", 0.5, 0.0, 1.0);
  const Range scale = rangeOf(arguments, "scale", {0.02, 0.33}, 0.0, 1.0);
  const Range ratio = rangeOf(arguments, "ratio", {0.3, 3.3}, 1e-3, 1e3);
  std::vector<float> values = erasingValues(arguments);
  (void)arguments.truth("inplace", false);
  return {std::make_shared<RandomErasingTransform>(probability, scale, ratio, std::move(values)),
          true, ""};
}

} // namespace

TransformMaker findTensorTransform(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, TransformMaker>, 7> makers = {{
      {"ToTensor", makeToTensor},
      {"ToImage", makeAsBytes},
      {"PILToTensor", makeAsBytes},
      {"ToDtype", [](Arguments &arguments) { return makeToDtype(arguments, false); }},
      {"ConvertImageDtype", [](Arguments &arguments) { return makeToDtype(arguments, true); }},
      {"Normalize", makeNormalize},
      {"RandomErasing", makeRandomErasing},
  }};
  auto found = std::ranges::find(makers, name, &std::pair<std::string_view, TransformMaker>::first);
  return found == makers.end() ? nullptr : found->second;
}

Normalization normalizationOf(Arguments &arguments) {
  std::vector<double> mean = arguments.numbers("mean", false, 1, 64);
  std::vector<double> deviation = arguments.numbers("std", false, 1, 64);
  if (mean.size() != deviation.size() && std::min(mean.size(), deviation.size()) > 1) {
    arguments.refuse("std", concat("should have as many numbers as mean, ", mean.size(), ", found ",
                                   deviation.size()));
  }
  for (double value : deviation) {
    if (!(static_cast<float>(value) > 0.0f)) {
      arguments.refuse("std", concat("should be above 0, found ", value));
    }
  }
  (void)arguments.truth("inplace", false);
  return {std::move(mean), std::move(deviation)};
}

Result<NormalizedEnd> splitNormalizedEnd(std::string_view transforms) {
  Result<std::vector<Call>> calls = parseCalls(transforms);
  if (!calls) {
    return calls.status();
  }
  size_t kept = calls->size();
  while (kept > 0 && (*calls)[kept - 1].name == "Normalize") {
    --kept;
  }
  NormalizedEnd out;
  for (size_t i = 0; i < calls->size(); ++i) {
    const Call &call = (*calls)[i];
    std::string &text = i < kept ? out.before : out.text;
    text += concat(text.empty() ? "" : ", ", call.text);
    if (i < kept) {
      continue;
    }
    Arguments arguments(call);
    out.steps.push_back(normalizationOf(arguments));
    if (Status status = arguments.finish(); !status) {
      return status;
    }
  }
  return out;
}

} // namespace ntc::rt::data
