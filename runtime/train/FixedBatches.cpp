// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One feed per batch, each stopped behind its first.
#include "runtime/train/FixedBatches.h"

#include "runtime/data/OpenDataset.h"
#include "runtime/data/SyntheticDataset.h"
#include "runtime/train/BatchSizes.h"
#include "runtime/train/Recipe.h"

#include <chrono>

namespace ntc::rt::train {

static constexpr int64_t kBatches = 8;

Result<FixedBatches> FixedBatches::create(const exec::Session &session, int64_t batchSize) {
  const artifact::EntrySpec &entry = *session.entry(artifact::EntryKind::TrainStep, batchSize);
  Result<data::DataSource> source =
      data::DataSource::parse(concat("synthetic?samples=", batchSize * kBatches));
  auto dataset = data::openDataset(*source, data::Split::Train, entry.inputs);
  if (!dataset) {
    return dataset.status();
  }
  FixedBatches out;
  for (int64_t i = 0; i < kBatches; ++i) {
    auto feed =
        Feed::create(session, artifact::EntryKind::TrainStep, *dataset, "synthetic",
                     {.batchSize = batchSize, .shuffle = false, .prefetchAboveBytes = SIZE_MAX});
    if (!feed) {
      return feed.status();
    }
    (*feed)->loader().start(0, i * batchSize);
    out.views_.push_back((*feed)->views(*(*feed)->loader().next()));
    out.feeds_.push_back(feed.take());
  }
  return out;
}

std::span<const exec::TensorView> FixedBatches::operator[](int64_t step) const {
  return views_[static_cast<size_t>(step % kBatches)];
}

Result<MeasuredSession> openMeasured(std::shared_ptr<const artifact::Artifact> artifact,
                                     const exec::SessionOptions &options,
                                     std::optional<int64_t> batchSize, const std::string &name) {
  const auto begin = std::chrono::steady_clock::now();
  Result<Recipe> recipe = parseRecipe(artifact->manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  auto session = exec::Session::create(std::move(artifact), options);
  if (!session) {
    return session.status();
  }
  MeasuredSession out;
  out.session = session.take();
  out.createSeconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Result<int64_t> size = chooseTrainSize(out.session->batchSizes(artifact::EntryKind::TrainStep),
                                         batchSize, recipe->batchSizes, name);
  if (!size) {
    return size.status();
  }
  out.batchSize = *size;
  Result<FixedBatches> batches = FixedBatches::create(*out.session, *size);
  if (!batches) {
    return batches.status();
  }
  out.batches = batches.take();
  return out;
}

} // namespace ntc::rt::train
