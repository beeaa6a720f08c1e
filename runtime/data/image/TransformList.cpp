// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Composing transforms.
#include "runtime/data/Suggest.h"
#include "runtime/data/image/Transform.h"

#include <array>

namespace ntc::rt::data {
namespace {

constexpr std::array<std::string_view, 23> kNames = {"ToTensor",
                                                     "ToImage",
                                                     "ToDtype",
                                                     "PILToTensor",
                                                     "ConvertImageDtype",
                                                     "Normalize",
                                                     "Resize",
                                                     "CenterCrop",
                                                     "Pad",
                                                     "RandomCrop",
                                                     "RandomResizedCrop",
                                                     "RandomHorizontalFlip",
                                                     "RandomVerticalFlip",
                                                     "RandomRotation",
                                                     "RandomAffine",
                                                     "ColorJitter",
                                                     "Grayscale",
                                                     "RandomGrayscale",
                                                     "GaussianBlur",
                                                     "RandomErasing",
                                                     "RandAugment",
                                                     "MixUp",
                                                     "CutMix"};

/// MixUp and CutMix; nothing for other names.
std::optional<BatchMix::Kind> mixKind(std::string_view name) {
  if (name == "MixUp") {
    return BatchMix::Kind::MixUp;
  }
  return name == "CutMix" ? std::optional(BatchMix::Kind::CutMix) : std::nullopt;
}

Result<BatchMix> makeMix(BatchMix::Kind kind, const Call &call) {
  Arguments arguments(call);
  BatchMix mix{kind, arguments.number("alpha", 1.0, 1e-3, 1e3)};
  (void)arguments.numbers("num_classes", true, 1, 1); // the data set knows
  Status status = arguments.finish();
  return status ? Result<BatchMix>(mix) : status;
}

Result<MadeTransform> make(const Call &call) {
  TransformMaker maker = findShapeTransform(call.name);
  maker = maker ? maker : findColorTransform(call.name);
  maker = maker ? maker : findTensorTransform(call.name);
  if (!maker) {
    return error(Code::InvalidArgument, "unknown transform ", quoted(call.name),
                 didYouMean(call.name, kNames));
  }
  Arguments arguments(call);
  MadeTransform made = maker(arguments);
  if (Status status = arguments.finish(); !status) {
    return status;
  }
  return made;
}

void append(std::string &list, const std::string &text) {
  if (!text.empty()) {
    list += concat(list.empty() ? "" : ",", text);
  }
}

} // namespace

Result<TransformList> TransformList::parse(std::string_view text) {
  Result<std::vector<Call>> calls = parseCalls(text);
  if (!calls) {
    return calls.status();
  }
  TransformList list;
  for (const Call &call : *calls) {
    append(list.text_, call.text);
    if (auto kind = mixKind(call.name)) {
      Result<BatchMix> mix = makeMix(*kind, call);
      if (!mix) {
        return mix.status();
      }
      list.mixes_.push_back(*mix);
      continue;
    }
    if (call.isChoice) {
      return error(Code::InvalidArgument, "RandomChoice takes MixUp and CutMix, found ", call.name);
    }
    if (!list.mixes_.empty()) {
      return error(Code::InvalidArgument, call.name,
                   " follows MixUp or CutMix, which work on whole batches and come last");
    }
    Result<MadeTransform> made = make(call);
    if (!made) {
      return made.status();
    }
    append(list.evaluationText_, made->isRandom ? made->evaluation : call.text);
    list.isRandom_ = list.isRandom_ || made->isRandom;
    list.steps_.push_back(std::move(made->transform));
  }
  return list;
}

Result<ImageShape> TransformList::stepsShape(ImageShape in) const {
  for (const auto &step : steps_) {
    Result<ImageShape> out = step->shapeOf(in);
    if (!out) {
      return out.status();
    }
    in = *out;
  }
  return in;
}

Result<ImageShape> TransformList::shapeOf(ImageShape picture) const {
  Result<ImageShape> made = stepsShape(picture);
  if (!made) {
    return made.status();
  }
  const ImageShape in = *made;
  if (!in.isFloat) {
    return error(Code::InvalidArgument, "there is no ToTensor() among them, which makes numbers ",
                 "of pictures");
  }
  if (in.size.height == 0 || in.size.width == 0) {
    return error(Code::InvalidArgument, "the pictures have different sizes in the end; add ",
                 "Resize((HEIGHT,WIDTH)) or a crop");
  }
  return in;
}

Status TransformList::apply(Image &image, uint64_t seed, uint64_t epoch, uint64_t sample) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Draws draws(seed, epoch, sample, static_cast<uint32_t>(i));
    if (Status status = steps_[i]->apply(image, draws); !status) {
      return status;
    }
  }
  return Status::ok();
}

} // namespace ntc::rt::data
