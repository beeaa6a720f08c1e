// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Views over the loader's buffers.
#include "runtime/train/Feed.h"

namespace ntc::rt::train {

Result<std::unique_ptr<Feed>> Feed::create(const exec::Session &session, artifact::EntryKind kind,
                                           std::shared_ptr<const data::Dataset> dataset,
                                           const std::string &name,
                                           const data::LoaderOptions &options) {
  const artifact::EntrySpec *entry = session.entry(kind, options.batchSize);
  if (!entry) {
    // A set smaller than a batch consists of its last batch.
    entry = session.entry(kind, dataset->size());
  }
  if (!entry) {
    return error(Code::NotFound, "the artifact has no entry '", exec::nameOf(kind), ".b",
                 options.batchSize, "'");
  }
  const bool isWithoutTargets =
      kind == artifact::EntryKind::Predict || kind == artifact::EntryKind::UpdateBn;
  auto bindings = isWithoutTargets ? data::bindModelInputs(*dataset, entry->inputs, name)
                                   : data::bindInputs(*dataset, entry->inputs, name);
  if (!bindings) {
    return bindings.status();
  }
  auto loader = data::Loader::create(std::move(dataset), bindings.take(), options);
  if (!loader) {
    return loader.status();
  }
  std::unique_ptr<Feed> feed(new Feed);
  feed->loader_ = loader.take();
  for (const artifact::InputSpec &input : entry->inputs) {
    feed->shapes_.push_back(input.shape);
  }
  for (size_t i = 0; i < entry->inputs.size(); ++i) {
    feed->views_.push_back({{}, nullptr, entry->inputs[i].dtype, feed->shapes_[i]});
  }
  return feed;
}

std::span<const exec::TensorView> Feed::views(const data::Batch &batch) {
  for (size_t i = 0; i < views_.size(); ++i) {
    shapes_[i][0] = batch.rows;
    views_[i].data = batch.arrays[i];
  }
  return views_;
}

} // namespace ntc::rt::train
