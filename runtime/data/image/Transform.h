// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Preparing pictures for a model: torchvision's transforms by their names, composed in order.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/image/Draws.h"
#include "runtime/data/image/Image.h"
#include "runtime/data/image/TransformText.h"

#include <memory>

namespace ntc::rt::data {

/// What is known of a picture before it is read. A side of 0 differs from picture to picture.
struct ImageShape {
  int64_t channels = 0;
  Size size;
  bool isFloat = false; ///< after ToTensor
};

/// One step of a list. Immutable: `apply` may run on several threads.
class Transform {
public:
  virtual ~Transform() = default;

  /// The shape of what comes out. Errors (InvalidArgument): the picture does not fit the transform.
  virtual Result<ImageShape> shapeOf(ImageShape in) const = 0;
  /// Changes one picture, of a shape that `shapeOf` accepted except for sides that were not known.
  /// Errors: such a side does not fit.
  virtual Status apply(Image &image, Draws &draws) const = 0;
};

/// Mixing the samples of a batch, after their transforms.
struct BatchMix {
  enum class Kind : uint8_t { MixUp, CutMix };
  Kind kind = Kind::MixUp;
  double alpha = 1.0; ///< of Beta(alpha, alpha), from which each batch draws
};

/// A list of transforms.
class TransformList {
public:
  /// Parses calls of torchvision's names and arguments; see docs/data.md for which. Errors
  /// (InvalidArgument): unknown names and arguments, with the nearest; values out of range.
  static Result<TransformList> parse(std::string_view text);

  /// The list as text, from which `parse` makes it again.
  const std::string &text() const { return text_; }
  /// The list for validation and prediction: random steps are left out, except that those which cut
  /// a picture to a size are replaced by the same cut in the middle (RandomCrop → CenterCrop,
  /// RandomResizedCrop → Resize and CenterCrop).
  const std::string &evaluationText() const { return evaluationText_; }
  /// Mixings of whole batches, one of which each batch takes.
  const std::vector<BatchMix> &mixes() const { return mixes_; }
  bool isRandom() const { return isRandom_; }

  /// What a picture of shape `in` becomes: f32 with known sides. Errors (InvalidArgument): a
  /// transform that does not fit its picture, no ToTensor, sides that are not known at the end.
  Result<ImageShape> shapeOf(ImageShape in) const;
  /// Whether a picture of shape `in` fits the steps, which need not end in numbers of one size.
  /// Errors: as Transform::shapeOf.
  Status check(ImageShape in) const { return stepsShape(in).status(); }
  /// Transforms sample `sample`, of a shape that `shapeOf` or `check` accepted. Errors: as
  /// Transform::apply.
  Status apply(Image &image, uint64_t seed, uint64_t epoch, uint64_t sample) const;

private:
  Result<ImageShape> stepsShape(ImageShape in) const;

  std::string text_, evaluationText_;
  std::vector<std::shared_ptr<const Transform>> steps_;
  std::vector<BatchMix> mixes_;
  bool isRandom_ = false;
};

/// A transform that was made from a call.
struct MadeTransform {
  std::shared_ptr<const Transform> transform;
  bool isRandom = false;
  std::string evaluation; ///< the call in its place when evaluating; empty: none
};

/// Makers by name; null where the name is none of theirs. Each file of transforms has one.
using TransformMaker = MadeTransform (*)(Arguments &arguments);
TransformMaker findShapeTransform(std::string_view name);
TransformMaker findColorTransform(std::string_view name);
TransformMaker findTensorTransform(std::string_view name);

/// (x - mean) / deviation by channel; one number is for all of them.
struct Normalization {
  std::vector<double> mean, deviation;
};

/// The arguments of Normalize. Each list is empty only where `arguments` has a problem.
Normalization normalizationOf(Arguments &arguments);

/// A list of transforms without the Normalize calls at its end.
struct NormalizedEnd {
  std::string before; ///< what is left; empty: nothing
  std::string text;   ///< the calls at the end
  std::vector<Normalization> steps;
};

/// Divides a list, of what is done to pictures and of arithmetic on the tensors that come of it.
/// Errors: as TransformList::parse.
Result<NormalizedEnd> splitNormalizedEnd(std::string_view transforms);

} // namespace ntc::rt::data
