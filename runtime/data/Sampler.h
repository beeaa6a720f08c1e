// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which samples of a set an epoch visits, and in which order: PyTorch's samplers, with random
// access by position, so that a run resumes anywhere without drawing again.
#pragma once

#include "runtime/base/Permutation.h"
#include "runtime/base/Status.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace ntc::rt::data {

/// The order of one epoch. Immutable: several threads may ask.
class Order {
public:
  virtual ~Order() = default;
  /// Writes the samples at positions first, first + 1, …; all are below the sampler's size().
  virtual void rows(int64_t first, std::span<int64_t> out) const = 0;
};

class Sampler {
public:
  virtual ~Sampler() = default;
  /// Samples that an epoch visits.
  virtual int64_t size() const = 0;
  virtual std::unique_ptr<const Order> order(uint64_t epoch) const = 0;
  /// Whether a sample may come more than once in an epoch.
  virtual bool repeats() const { return false; }
};

/// Every sample in the set's order.
std::shared_ptr<const Sampler> sequentialSampler(int64_t size);

/// Every sample once, by the permutation of (seed, "shuffle", epoch).
std::shared_ptr<const Sampler> randomSampler(int64_t size, uint64_t seed);

/// Every sample once, by windows of `window` samples that lie beside each other: the windows come
/// in a random order, each with its samples permuted. Where they begin, their order and the
/// permutations belong to (seed, epoch). Reading an epoch touches one window at a time.
std::shared_ptr<const Sampler> windowSampler(int64_t size, int64_t window, uint64_t seed);

/// `samples` draws with replacement, sample i with probability weights[i] / sum (PyTorch's
/// WeightedRandomSampler). The draw at a position belongs to (seed, epoch, position). Errors
/// (InvalidArgument): no weights, a negative one or one that is not finite, a sum of 0.
Result<std::shared_ptr<const Sampler>> weightedSampler(std::span<const double> weights,
                                                       int64_t samples, uint64_t seed);

/// The same without replacement: each draw is among the samples that are left, in proportion to
/// their weights. An epoch's order is made when it is asked for, in O(n log n). Errors: those, and
/// fewer than `samples` weights above 0.
Result<std::shared_ptr<const Sampler>> distinctWeightedSampler(std::span<const double> weights,
                                                               int64_t samples, uint64_t seed);

/// Every sample once, in batches of about the same length: sample i is in the first bucket whose
/// bound is at least lengths[i] (`bounds` ascending; what is longer than all has a bucket of its
/// own). Each bucket's samples are permuted by (seed, epoch) and divided into batches; the whole
/// batches of all buckets come in a random order, then what is left of each bucket.
std::shared_ptr<const Sampler> bucketSampler(std::span<const int64_t> lengths,
                                             std::span<const int64_t> bounds, int64_t batchSize,
                                             uint64_t seed);

/// Every sample once, so that any stretch of an epoch has nearly the whole set's shares of the
/// classes: class c's samples are permuted by (seed, "stratified", epoch) and take evenly spaced
/// places. `labels` are from 0.
std::shared_ptr<const Sampler> stratifiedSampler(std::span<const int64_t> labels, uint64_t seed);

} // namespace ntc::rt::data
