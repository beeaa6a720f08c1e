// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batches of a data set in a reproducible order, copied ahead of time by a thread of the loader
// where that pays.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/OpenDataset.h"

#include <memory>
#include <span>

namespace ntc::rt::data {

struct LoaderOptions {
  int64_t batchSize = 1; ///< at least 1
  bool shuffle = true; ///< by the permutation of (seed, "shuffle", epoch); else in the set's order
  bool dropLast = false; ///< leave out the last batch of an epoch if it is smaller
  bool padLast = false;  ///< fill the last batch up by repeating its last sample
  uint64_t seed = 0;
  /// Batches of fewer bytes are copied by the caller's thread: a hand-over to another thread costs
  /// more.
  size_t prefetchAboveBytes = 16 * 1024;
};

/// One batch. Valid until the loader's next call.
struct Batch {
  std::span<void *const> arrays; ///< one per binding, 64-byte aligned, row-major, `size` samples
  int64_t size = 0;              ///< samples; smaller than the batch size only at an epoch's end
  int64_t rows = 0;              ///< samples in the arrays: `size`, or the batch size with padLast
  int64_t cursor = 0;            ///< samples of the epoch up to and including this batch
};

/// Which samples make up an epoch's batches does not depend on threads: sample p of epoch e is
/// permutation(p) of (size, seed, "shuffle", e). Not thread-safe; the loader's own thread is an
/// inner matter.
class Loader {
public:
  /// Allocates two batches and, for large ones, starts the thread. Errors: OutOfMemory,
  /// InvalidArgument for a batch size below 1 or, with dropLast, above the set's size.
  static Result<std::unique_ptr<Loader>> create(std::shared_ptr<const Dataset> dataset,
                                                std::vector<Binding> bindings,
                                                const LoaderOptions &options);
  Loader(const Loader &) = delete;
  ~Loader();

  /// Samples that an epoch visits: the set's size, less the dropped rest.
  int64_t samplesPerEpoch() const;
  int64_t batchSize() const;
  /// Batches in an epoch.
  int64_t batchesPerEpoch() const;
  /// Samples of the last batch of an epoch.
  int64_t lastBatchSize() const;

  /// Goes to epoch `epoch` after `cursor` of its samples, 0 <= cursor <= samplesPerEpoch().
  void start(uint64_t epoch, int64_t cursor);
  /// The next batch of the epoch, or null after its last one.
  const Batch *next();

private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace ntc::rt::data
