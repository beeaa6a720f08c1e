// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sets of pictures as a model sees them: transformed sample by sample, mixed batch by batch.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/Dataset.h"
#include "runtime/data/image/Transform.h"

namespace ntc::rt::data {

/// `pictures` with the transforms applied to each picture as it is read, random ones by (seed,
/// epoch, sample), or by the place in the epoch where samples repeat; the other fields stay. The
/// picture's field becomes f32 of shape (C, H, W). `name` is the data's text for messages. Errors
/// (InvalidArgument): a set without pictures, transforms that do not fit them.
Result<std::shared_ptr<const Dataset>> transformPictures(std::shared_ptr<const Dataset> pictures,
                                                         const TransformList &transforms,
                                                         const std::string &name);

/// `samples` with its only label as probabilities: f32 of shape (classes), 1 for the label. With
/// `mixes`, every batch mixes each sample with the one before it (the first with the last) by
/// weights L and 1 - L for L drawn from Beta(alpha, alpha) by (seed, epoch, batch):
///   MixUp (Zhang et al., "mixup: beyond empirical risk minimization", 2017): whole pictures;
///   CutMix (Yun et al., 2019): a rectangle of 1 - L of the picture's area is the other's, and the
///   weights of the labels follow the area that remains after cutting it to the picture.
/// Several mixes take turns at random. `classes` 0: as many as the data has. Errors
/// (InvalidArgument): no label or several, labels beyond `classes`, pictures that are not f32.
Result<std::shared_ptr<const Dataset>> mixBatches(std::shared_ptr<const Dataset> samples,
                                                  std::vector<BatchMix> mixes, int64_t classes,
                                                  const std::string &name);

} // namespace ntc::rt::data
