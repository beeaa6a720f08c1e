// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batches of samples of about the same length.
#include "runtime/data/Sampler.h"

#include "runtime/base/Permutation.h"

#include <algorithm>

namespace ntc::rt::data {
namespace {

/// A bucket's samples: as many whole batches as it has, the rest behind those of all buckets.
struct Bucket {
  std::vector<int64_t> members;
  int64_t firstBatch = 0; ///< number of its first whole batch
  int64_t batches = 0;
  int64_t firstRest = 0; ///< place of its first left-over sample among those of all buckets
};

struct Buckets {
  std::vector<Bucket> buckets;
  int64_t batchSize = 1;
  int64_t batches = 0; ///< whole ones
  int64_t samples = 0;
};

class BucketOrder : public Order {
public:
  BucketOrder(std::shared_ptr<const Buckets> plan, uint64_t seed, uint64_t epoch)
      : plan_(std::move(plan)),
        batches_(static_cast<uint64_t>(plan_->batches), seed, streamOf("bucket batches"), epoch) {
    for (size_t i = 0; i < plan_->buckets.size(); ++i) {
      members_.emplace_back(plan_->buckets[i].members.size(), seed + i, streamOf("buckets"), epoch);
    }
  }

  void rows(int64_t first, std::span<int64_t> out) const override {
    const int64_t whole = plan_->batches * plan_->batchSize;
    for (int64_t &row : out) {
      const int64_t at = first++;
      if (at < whole) {
        const auto batch =
            static_cast<int64_t>(batches_(static_cast<uint64_t>(at / plan_->batchSize)));
        auto after = std::ranges::upper_bound(plan_->buckets, batch, {}, &Bucket::firstBatch);
        const auto index = static_cast<size_t>(after - plan_->buckets.begin()) - 1;
        row = member(index, (batch - plan_->buckets[index].firstBatch) * plan_->batchSize +
                                at % plan_->batchSize);
      } else {
        auto after = std::ranges::upper_bound(plan_->buckets, at - whole, {}, &Bucket::firstRest);
        const auto index = static_cast<size_t>(after - plan_->buckets.begin()) - 1;
        const Bucket &bucket = plan_->buckets[index];
        row = member(index, bucket.batches * plan_->batchSize + at - whole - bucket.firstRest);
      }
    }
  }

private:
  int64_t member(size_t bucket, int64_t place) const {
    return plan_->buckets[bucket].members[members_[bucket](static_cast<uint64_t>(place))];
  }

  std::shared_ptr<const Buckets> plan_;
  Permutation batches_;
  std::vector<Permutation> members_;
};

class BucketSampler : public Sampler {
public:
  BucketSampler(std::shared_ptr<const Buckets> plan, uint64_t seed)
      : plan_(std::move(plan)), seed_(seed) {}
  int64_t size() const override { return plan_->samples; }
  std::unique_ptr<const Order> order(uint64_t epoch) const override {
    return std::make_unique<BucketOrder>(plan_, seed_, epoch);
  }

private:
  std::shared_ptr<const Buckets> plan_;
  uint64_t seed_;
};

} // namespace

std::shared_ptr<const Sampler> bucketSampler(std::span<const int64_t> lengths,
                                             std::span<const int64_t> bounds, int64_t batchSize,
                                             uint64_t seed) {
  auto plan = std::make_shared<Buckets>();
  plan->batchSize = batchSize;
  plan->samples = std::ssize(lengths);
  plan->buckets.resize(bounds.size() + 1);
  for (size_t i = 0; i < lengths.size(); ++i) {
    const auto bucket = std::ranges::lower_bound(bounds, lengths[i]) - bounds.begin();
    plan->buckets[static_cast<size_t>(bucket)].members.push_back(static_cast<int64_t>(i));
  }
  int64_t rest = 0;
  for (Bucket &bucket : plan->buckets) {
    bucket.firstBatch = plan->batches;
    bucket.firstRest = rest;
    bucket.batches = std::ssize(bucket.members) / batchSize;
    plan->batches += bucket.batches;
    rest += std::ssize(bucket.members) % batchSize;
  }
  return std::make_shared<BucketSampler>(std::move(plan), seed);
}

} // namespace ntc::rt::data
