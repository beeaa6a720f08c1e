// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batches of a data set in a reproducible order, made ahead of time by threads of the loader where
// that pays.
#pragma once

#include "runtime/base/Status.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/data/Sampler.h"

#include <memory>
#include <optional>
#include <span>

namespace ntc::rt::data {

struct LoaderOptions {
  int64_t batchSize = 1; ///< at least 1
  bool shuffle = true; ///< by the permutation of (seed, "shuffle", epoch); else in the set's order
  bool dropLast = false; ///< leave out the last batch of an epoch if it is smaller
  bool padLast = false;  ///< fill the last batch up by repeating its last sample
  uint64_t seed = 0;
  /// Which samples an epoch visits, instead of `shuffle`.
  std::shared_ptr<const Sampler> sampler{};
  /// Threads that make batches, up to 256; 0: the caller's. Nothing: for a costly set one for each
  /// core that the process may use, at most four; else one, if a batch has at least
  /// `prefetchAboveBytes`: a hand-over to another thread costs more than copying fewer.
  std::optional<int64_t> workers{};
  size_t prefetchAboveBytes = 16 * 1024;
  /// Batches that each worker makes ahead of the caller's, from 1; nothing: two, or more of small
  /// ones.
  std::optional<int64_t> prefetchFactor{};
};

/// One batch. Valid until the loader's next call.
struct Batch {
  std::span<void *const> arrays; ///< one per binding, 64-byte aligned, row-major, `size` samples
  int64_t size = 0;              ///< samples; smaller than the batch size only at an epoch's end
  int64_t rows = 0;              ///< samples in the arrays: `size`, or the batch size with padLast
  int64_t length = 0; ///< with buckets: of the longest sequence; what is behind it is padding
  int64_t cursor = 0; ///< samples of the epoch up to and including this batch
};

/// What the loader's caller waited for, since its creation.
struct LoaderTimes {
  int64_t batches = 0;      ///< handed out
  double waitSeconds = 0.0; ///< that `start` and `next` took
};

/// Which samples make up an epoch's batches, and what random transforms make of them, depends on
/// (seed, epoch) alone, not on threads: sample p of epoch e is permutation(p) of (size, seed,
/// "shuffle", e). Not thread-safe; the loader's own threads are an inner matter.
class Loader {
public:
  /// Allocates one batch, or with workers two for each and more while they are small (4 MiB, 32
  /// batches), and starts the workers. Errors: OutOfMemory, InvalidArgument for a batch size below
  /// 1 or, with dropLast, above the set's size.
  static Result<std::unique_ptr<Loader>> create(std::shared_ptr<const Dataset> dataset,
                                                std::vector<Binding> bindings,
                                                const LoaderOptions &options);
  Loader(const Loader &) = delete;
  ~Loader();

  /// Samples that an epoch visits: the sampler's, less the dropped rest.
  int64_t samplesPerEpoch() const;
  int64_t batchSize() const;
  /// Batches in an epoch.
  int64_t batchesPerEpoch() const;
  /// Samples of the last batch of an epoch.
  int64_t lastBatchSize() const;
  /// Threads that make batches.
  int64_t workers() const;

  /// Goes to epoch `epoch` after `cursor` of its samples, 0 <= cursor <= samplesPerEpoch(). Workers
  /// that have begun its last batch go on with the first ones of epoch `then`, which are there when
  /// it is started from its beginning after this one's end; any other start forgets them.
  void start(uint64_t epoch, int64_t cursor, std::optional<uint64_t> then = {});
  /// The next batch of the epoch; null after its last one, and where it could not be read: see
  /// `status`.
  const Batch *next();
  /// Why `next` returned null: ok at the end of an epoch.
  const Status &status() const;

  LoaderTimes times() const;

private:
  class Impl;
  explicit Loader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace ntc::rt::data
