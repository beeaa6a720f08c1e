// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batches of a data set as the views that a session takes.
#pragma once

#include "runtime/data/Loader.h"
#include "runtime/exec/Session.h"

namespace ntc::rt::train {

/// Joins a loader to the inputs of an entry. Not thread-safe.
class Feed {
public:
  /// Binds `dataset` to the inputs of the entries of `kind`. `name` is the data's text for
  /// messages. Errors: as bindInputs and Loader::create; NotFound without an entry of the batch
  /// size.
  static Result<std::unique_ptr<Feed>> create(const exec::Session &session,
                                              artifact::EntryKind kind,
                                              std::shared_ptr<const data::Dataset> dataset,
                                              const std::string &name,
                                              const data::LoaderOptions &options);

  data::Loader &loader() { return *loader_; }
  /// The batch's arrays with the entry's types and shapes; valid as long as the batch.
  std::span<const exec::TensorView> views(const data::Batch &batch);

private:
  Feed() = default;
  std::unique_ptr<data::Loader> loader_;
  std::vector<std::vector<int64_t>> shapes_;
  std::vector<exec::TensorView> views_;
};

} // namespace ntc::rt::train
